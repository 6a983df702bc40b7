"""A station without its line: outlets, profiles, settings and what they have to say. Nothing here waits or sends.

Every method brings the outlets up to `now` first; what happened on the way goes to `say` as notices, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from chargers.errors import ProfileError
from chargers.profile import ChargingProfile, ChargingSchedule, Purpose, RateUnit
from chargers.twin.limits import Limits
from chargers.twin.notices import (
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
from chargers.twin.spec import Misbehaviour, StationSpec, Vehicle
from chargers.twin.variables import Variables
from fleet.twin.battery import Plugged

TOKEN_AGAIN = timedelta(seconds=120)
"""After a refusal the driver tries the token again."""
LOOK_AGAIN = timedelta(seconds=60)
"""While power flows the state is looked at this often at least (a battery gets full between readings)."""
AFTER_RESET = timedelta(seconds=90)

Availability = Literal["Accepted", "Scheduled"]


class Cabinet:
    """One station's state at the last `advance`."""

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
        self.outlets = {number: Outlet(number, spec, _second(at)) for number in range(1, len(spec.evses) + 1)}
        self.online = False
        self._known = False
        self._say = say
        self._new_id = new_id
        self._charges = 0
        self._said: dict[int, PlugState | ChargingState] = {}

    @property
    def meter_interval(self) -> timedelta:
        every = self.spec.shows(Misbehaviour.METER_EVERY_15S)
        return timedelta(seconds=15 if every else self.variables.number("MeterValueSampleInterval"))

    def advance(self, now: datetime) -> None:
        """Let time pass up to `now`, and tell what changed."""
        for outlet in self.outlets.values():
            self._run(outlet, max(_second(now), outlet.at))
            if outlet.expects is not None and outlet.expects_until <= outlet.at:
                outlet.expects = None
            if outlet.may_start and outlet.token_at is not None and outlet.token_at <= outlet.at:
                self._present(outlet)
        self._tell()

    def next_due(self, now: datetime) -> datetime:
        """When `advance` has something to do again; at most a minute ahead."""
        due = now + LOOK_AGAIN
        for outlet in self.outlets.values():
            if outlet.charge is not None:
                due = min(due, self.limits.next_change(outlet.number, outlet.charge, outlet.at))
            marks = (outlet.next_sample, outlet.token_at, outlet.expects_until)
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
            self._start_remotely(outlet, outlet.expects)
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
        for outlet in self.outlets.values():
            if outlet.may_start and not outlet.token_asked:
                outlet.token_at = outlet.at
        self.advance(now)

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

    # orders of the central system -----------------------------------------------------------------------------------

    def remote_start(self, number: int | None, asked: RemoteStart, now: datetime) -> bool:
        """Start a transaction, or wait for a cable. number None: wherever a vehicle waits. False: rejected."""
        self.advance(now)
        outlet = self._for_remote_start(number)
        if outlet is None:
            return False
        if asked.profile is not None and (
            asked.profile.purpose is not Purpose.TX or self.spec.shows(Misbehaviour.NO_START_PROFILE)
        ):
            return False
        if outlet.plugged is None:
            outlet.expects = asked
            outlet.expects_until = outlet.at + timedelta(seconds=self.variables.number("ConnectionTimeOut"))
            self._tell()
            return True
        return self._start_remotely(outlet, asked)

    def remote_stop(self, ref: str, now: datetime) -> bool:
        self.advance(now)
        for outlet in self.outlets.values():
            if outlet.charge is not None and outlet.charge.ref == ref:
                self._stop(outlet, StopReason.REMOTE)
                outlet.done = True
                self._tell()
                return True
        return False

    def reset(self, reason: StopReason, now: datetime) -> None:
        """End everything; after the restart waiting vehicles charge again."""
        self.advance(now)
        for outlet in self.outlets.values():
            if outlet.charge is not None:
                self._stop(outlet, reason)
                outlet.token_at = outlet.at + AFTER_RESET
            outlet.expects = None
        self._said.clear()

    def unlock(self, number: int, now: datetime) -> None:
        self.advance(now)
        outlet = self.outlets[number]
        if outlet.charge is not None:
            self._stop(outlet, StopReason.UNLOCK)
        outlet.done = outlet.plugged is not None
        self._tell()

    def set_operative(self, number: int, *, operative: bool, now: datetime) -> Availability:
        """Change the availability of one EVSE, or of all (0). A running transaction is let to its end first."""
        self.advance(now)
        result: Availability = "Accepted"
        for outlet in self.outlets.values() if number == 0 else (self.outlets[number],):
            if operative:
                outlet.operative, outlet.closes_after_charge = True, False
                if outlet.may_start:
                    outlet.token_at = outlet.at
            elif outlet.charge is not None:
                outlet.closes_after_charge = True
                result = "Scheduled"
            else:
                outlet.operative = False
        self.advance(now)
        return result

    def take_profile(self, number: int, profile: ChargingProfile, now: datetime) -> None:
        """Raises ProfileError where the station rejects it."""
        self.advance(now)
        self.limits.take(number, profile, self.outlets[number].charge if number in self.outlets else None)
        self._tell()

    def drop_profiles(
        self, profile_id: int | None, evse: int | None, purpose: Purpose | None, stack_level: int | None, now: datetime
    ) -> bool:
        self.advance(now)
        found = self.limits.drop(profile_id, evse, purpose, stack_level)
        self._tell()
        return found

    def schedule(self, number: int, seconds: int, unit: RateUnit, now: datetime) -> ChargingSchedule:
        """The composite schedule of one EVSE, or of the station (0)."""
        self.advance(now)
        if number == 0:
            charges = [outlet.charge for outlet in self.outlets.values()]
            return self.limits.station_schedule(charges, _second(now), seconds, unit)
        return self.limits.schedule(number, self.outlets[number].charge, _second(now), seconds, unit)

    def meter_now(self, number: int, now: datetime) -> None:
        """Read the meter because somebody asked."""
        self.advance(now)
        outlet = self.outlets[number]
        charge = outlet.charge
        self._say(
            Metered(
                number,
                charge,
                outlet.sample("Trigger", self.limits),
                outlet.charging_state(self.limits),
                charge.next_seq_no() if charge else 0,
                not self.online,
            )
        )

    def tell_status(self, number: int | None, now: datetime) -> None:
        """Tell the status of one EVSE, or of all, whether it changed or not."""
        for key in list(self._said) if number is None else [number]:
            self._said.pop(key, None)
        self.advance(now)

    def said(self) -> dict[int, PlugState | ChargingState]:
        """The status last told of each EVSE."""
        return dict(self._said)

    def tell_changes(self, since: dict[int, PlugState | ChargingState], now: datetime) -> None:
        """Tell the status of what differs from what was told then."""
        self.advance(now)
        self._said = dict(since)
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
        outlet.token_at = None
        if self.online:
            outlet.token_asked = True
            self._say(TokenPresented(outlet.number, outlet.vehicle.token, outlet.at))
        elif self._known and self.variables.flag("AllowOfflineTxForUnknownId"):
            self._start(outlet, outlet.vehicle.token, "Authorized")
        else:
            outlet.token_at = outlet.at + TOKEN_AGAIN

    def _start_remotely(self, outlet: Outlet, asked: RemoteStart) -> bool:
        try:
            self._start(outlet, asked.token, "RemoteStart", asked)
        except ProfileError:
            return False
        return True

    def _start(self, outlet: Outlet, token: str, trigger: StartTrigger, asked: RemoteStart | None = None) -> None:
        """Raises ProfileError, with nothing changed, where the profile of a remote start is not taken."""
        charge = Charge(self._charges + 1, outlet.number, token, outlet.at, outlet.meter_wh, trigger)
        if self.spec.protocol == "ocpp2.0.1":
            charge.ref = self._new_id()
        if asked is not None:
            charge.remote_start_id = asked.remote_start_id
            if asked.profile is not None:
                self.limits.take(outlet.number, asked.profile, charge)
        self._charges += 1
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

    def _share(self) -> None:
        self.limits.share(sum(outlet.charge is not None for outlet in self.outlets.values()))

    def _for_remote_start(self, number: int | None) -> Outlet | None:
        wanted = list(self.outlets.values()) if number is None else [self.outlets[number]]
        free = [
            outlet
            for outlet in wanted
            if outlet.charge is None and outlet.fault is None and outlet.operative and not outlet.closes_after_charge
        ]
        return min(free, key=lambda outlet: outlet.plugged is None, default=None)

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


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
