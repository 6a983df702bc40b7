"""A station's outlets as time passes: plugs, tokens, charges, faults, and what they say. Nothing waits or sends.

Every method brings the outlets up to `now` first; what happened on the way goes to `say` as notices, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from chargers.errors import ProfileError
from chargers.twin.cards import LocalList
from chargers.twin.limits import Limits
from chargers.twin.notices import (
    Asked,
    Charge,
    ChargingState,
    Ended,
    Metered,
    Notice,
    PlugState,
    RemoteStart,
    Started,
    StartTrigger,
    StateChanged,
    StatusChanged,
    StopReason,
    TokenPresented,
)
from chargers.twin.outlet import Outlet
from chargers.twin.reserving import ended
from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.variables import Variables
from fleet.twin.battery import Plugged

TOKEN_AGAIN = timedelta(seconds=120)
"""After a refusal the driver tries the token again."""
LOOK_AGAIN = timedelta(seconds=60)
"""While power flows the state is looked at this often at least (a battery gets full between readings)."""
AFTER_RESET = timedelta(seconds=90)
UNBRIDLED_AFTER, TRIPS_AFTER = timedelta(minutes=1), timedelta(minutes=3)
STUBBORN = {Misbehaviour.METER_EVERY_15S: 15, Misbehaviour.CHATTERS: 1}
"""Seconds between meter values, whatever it was told."""
ON_ITS_OWN = "LocalAuthorizeOffline"


class Bay:
    """One station's state at the last `advance`, without anybody's orders."""

    def __init__(
        self,
        spec: StationSpec,
        at: datetime,
        say: Callable[[Notice], None],
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """new_id: makes the transaction ids of 2.0.1, never the same twice, not even after a restart."""
        self.spec = spec
        self.variables = Variables(spec)
        self.limits = Limits(spec, self.variables)
        self.outlets = {number: Outlet(number, spec, whole_second(at)) for number in range(1, len(spec.evses) + 1)}
        self.local_list = LocalList()
        self.firmware = spec.firmware
        self.online = False
        self._offline_since: datetime | None = None
        self._known = False
        self._say = say
        self._new_id = new_id
        self._charges = 0
        self._said: dict[int, PlugState | ChargingState] = {}

    @property
    def meter_interval(self) -> timedelta:
        stubborn = next((seconds for manner, seconds in STUBBORN.items() if self.spec.shows(manner)), None)
        return timedelta(seconds=stubborn or self.variables.number("MeterValueSampleInterval"))

    @property
    def charging(self) -> int:
        """Charges that run."""
        return sum(outlet.charge is not None for outlet in self.outlets.values())

    def power_kw(self, now: datetime) -> float:
        """What all EVSEs draw now."""
        self.advance(now)
        return sum(outlet.power_kw(self.limits) for outlet in self.outlets.values())

    def run_firmware(self, version: str) -> None:
        """From the next boot on it says it runs this version."""
        self.firmware = version
        self.variables.assign_place("ChargingStation", "FirmwareVersion", version)

    def advance(self, now: datetime) -> None:
        """Let time pass up to `now`, and tell what changed."""
        for outlet in self.outlets.values():
            self._run(outlet, max(whole_second(now), outlet.at))
            self._end_reservation(outlet)
            if outlet.expects is not None and outlet.expects_until <= outlet.at:
                outlet.expects = None
            if outlet.may_start and outlet.token_at is not None and outlet.token_at <= outlet.at:
                self._present(outlet)
        if self.spec.shows(Misbehaviour.TRIPS_OFFLINE):
            self._mind_the_breaker(whole_second(now))
        self._tell()

    def next_due(self, now: datetime) -> datetime:
        """When `advance` has something to do again; at most a minute ahead."""
        due = now + LOOK_AGAIN
        for outlet in self.outlets.values():
            if outlet.charge is not None:
                due = min(due, self.limits.next_change(outlet.number, outlet.charge, outlet.at))
            held = None if outlet.reservation is None else outlet.reservation.until
            marks = (outlet.next_sample, outlet.token_at, outlet.expects_until, held)
            due = min((due, *(mark for mark in marks if mark is not None and mark > outlet.at)))
        return due

    # the yard -------------------------------------------------------------------------------------------------------

    def plug(self, number: int, vehicle: Vehicle, now: datetime) -> None:
        outlet = self.outlets[number]
        if outlet.plugged is not None:
            raise ValueError(f"station {self.spec.identity}: EVSE {number} has a vehicle on its cable already")
        self.advance(now)
        outlet.plug(vehicle)
        self._tell()
        if outlet.expects is not None:
            self._serve(outlet, outlet.expects)
        self.advance(now)

    def pull(self, number: int, now: datetime) -> Plugged | None:
        self.advance(now)
        outlet = self.outlets[number]
        if outlet.charge is not None:
            self._stop(outlet, StopReason.EV_DISCONNECTED)
        taken = outlet.pull()
        self._tell()
        return taken

    def fail(self, number: int, code: str, now: datetime) -> None:
        """A fault: the transaction ends; the vehicle charges again when the fault is gone."""
        self.advance(now)
        outlet = self.outlets[number]
        if outlet.charge is not None:
            self._stop(outlet, StopReason.FAULT)
            outlet.token_at = outlet.at
        outlet.fault = code
        self._tell()

    def mend(self, number: int, now: datetime) -> None:
        self.advance(now)
        self.outlets[number].fault = None
        self.advance(now)

    # answers of the central system ----------------------------------------------------------------------------------

    def go_online(self, now: datetime) -> None:
        """The central system accepted the station; drivers who wait try their token again.

        Nothing starts before this happened once: a station nobody gave a fall-back yet would draw all it can.
        """
        self.online = self._known = True
        self._offline_since = None
        for outlet in self.outlets.values():
            if outlet.may_start and not outlet.token_asked:
                outlet.token_at = outlet.at
        self.advance(now)

    def go_offline(self, now: datetime) -> None:
        """The line is gone."""
        self.online = False
        self._offline_since = whole_second(now)

    def token_answered(self, number: int, token: str, *, accepted: bool, now: datetime) -> None:
        self.advance(now)
        outlet = self.outlets[number]
        if outlet.vehicle is None or outlet.vehicle.token != token or not outlet.token_asked:
            return  # the vehicle it was asked for has gone
        outlet.token_asked = False
        if accepted and outlet.may_start:
            self._start(outlet, token, "Authorized")
        elif outlet.charge is None:
            outlet.token_at = outlet.at + TOKEN_AGAIN

    def start_answered(self, charge: Charge, *, ref: str | None, accepted: bool, now: datetime) -> None:
        """StartTransaction or TransactionEvent was answered: the id, and whether the token may charge."""
        if ref is not None:
            charge.ref = ref
        outlet = self.outlets[charge.evse]
        if not accepted and outlet.charge is charge and self.variables.flag("StopTransactionOnInvalidId"):
            self.advance(now)
            self._stop(outlet, StopReason.DE_AUTHORIZED)
            outlet.token_at = outlet.at + TOKEN_AGAIN
            self._tell()

    # inside ---------------------------------------------------------------------------------------------------------

    def _run(self, outlet: Outlet, until: datetime) -> None:
        for sample in outlet.samples(until, self.meter_interval, self.limits):
            charge = outlet.charge
            assert charge is not None  # readings are due only while a transaction runs
            state = outlet.charging_state(self.limits)
            self._say(Metered(outlet.number, charge, sample, state, charge.next_seq_no(), not self.online))

    def _present(self, outlet: Outlet) -> None:
        assert outlet.vehicle is not None
        token, outlet.token_at = outlet.vehicle.token, None
        verdict = self.local_list.verdict(token, outlet.at) if self.variables.flag("LocalAuthListEnabled") else None
        held = outlet.reservation
        if held is not None and not held.admits(token, self.local_list.group_of(token)):
            outlet.token_at = outlet.at + TOKEN_AGAIN
        elif verdict == "Accepted" and self.variables.flag("LocalPreAuthorize" if self.online else ON_ITS_OWN):
            self._start(outlet, token, "Authorized")
        elif self.online:
            outlet.token_asked = True
            self._say(TokenPresented(outlet.number, token, outlet.at))
        elif self._known and verdict is None and self.variables.flag("AllowOfflineTxForUnknownId"):
            self._start(outlet, token, "Authorized")
        else:
            outlet.token_at = outlet.at + TOKEN_AGAIN

    def _serve(self, outlet: Outlet, asked: RemoteStart) -> bool:
        """Start what was started remotely; False where the profile it brought is not taken."""
        try:
            self._start(outlet, asked.token, "RemoteStart", asked)
        except ProfileError:
            return False
        return True

    def _start(self, outlet: Outlet, token: str, trigger: StartTrigger, asked: RemoteStart | None = None) -> None:
        """Raises ProfileError, with nothing changed, where the profile of a remote start is not taken."""
        charge = Charge(self._charges + 1, outlet.number, token, outlet.at, outlet.meter_wh, trigger)
        if self.spec.protocol != "ocpp1.6":
            charge.ref = self._new_id()
        if asked is not None:
            charge.remote_start_id = asked.remote_start_id
            if asked.profile is not None:
                self.limits.take(outlet.number, asked.profile, charge)
        self._charges += 1
        if outlet.reservation is not None:
            charge.reservation_id, outlet.reservation = outlet.reservation.number, None
        outlet.charge, outlet.expects, outlet.token_at, outlet.done = charge, None, None, False
        outlet.next_sample = outlet.at + self.meter_interval if self.meter_interval else None
        self.limits.begin()
        self._share()
        sample = outlet.sample("Transaction.Begin", self.limits)
        state = outlet.charging_state(self.limits)
        self._say(Started(charge, sample, state, charge.next_seq_no(), not self.online))
        self._tell()

    def _stop(self, outlet: Outlet, reason: StopReason) -> None:
        charge = outlet.charge
        assert charge is not None
        sample = outlet.sample("Transaction.End", self.limits)
        outlet.charge, outlet.next_sample = None, None
        if outlet.closes_after_charge:
            outlet.operative, outlet.closes_after_charge = False, False
        self.limits.end(outlet.number)
        self._share()
        self._say(Ended(charge, sample, reason, charge.next_seq_no(), not self.online))

    def _end_reservation(self, outlet: Outlet) -> None:
        """2.x tells that a reservation ended by itself; in 1.6 the status says it."""
        gone = ended(outlet)
        if gone is not None and self.spec.protocol != "ocpp1.6":
            body: dict[str, object] = {"reservationId": gone[0], "reservationUpdateStatus": gone[1]}
            self._say(Asked("ReservationStatusUpdate", body))

    def _mind_the_breaker(self, now: datetime) -> None:
        """Without its line it charges at full power, until the breaker trips; once back somebody has reset it."""
        away = timedelta() if self._offline_since is None else now - self._offline_since
        for outlet in self.outlets.values():
            outlet.unbridled = away >= UNBRIDLED_AFTER
            if away >= TRIPS_AFTER and outlet.charge is not None:
                self._stop(outlet, StopReason.FAULT)
                outlet.fault = "OverCurrentFailure"
            elif not away and outlet.fault == "OverCurrentFailure":
                outlet.fault = None
                outlet.token_at = outlet.at if outlet.plugged is not None else None

    def _share(self) -> None:
        self.limits.share(self.charging)

    def _tell(self) -> None:
        """Status of whatever changed since it was told; the station itself (0) once."""
        at = max(outlet.at for outlet in self.outlets.values())
        if 0 not in self._said:
            self._said[0] = PlugState.AVAILABLE
            self._say(StatusChanged(0, PlugState.AVAILABLE, None, at))
        for number, outlet in self.outlets.items():
            state = outlet.state(self.limits)
            before = self._said.get(number)
            if state == before:
                continue
            self._said[number] = state
            self._say(StatusChanged(number, state, outlet.fault, outlet.at))
            if outlet.charge is not None and isinstance(state, ChargingState) and isinstance(before, ChargingState):
                charge = outlet.charge
                self._say(StateChanged(charge, state, outlet.at, charge.next_seq_no(), not self.online))


def whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
