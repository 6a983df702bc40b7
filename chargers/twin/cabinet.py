"""A station without its line: its outlets, and what it does when it is told to. Nothing here waits or sends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from chargers.profile import ChargingProfile, ChargingSchedule, Purpose, RateUnit
from chargers.twin.bay import AFTER_RESET, Bay, whole_second
from chargers.twin.cards import Reservation
from chargers.twin.notices import ChargingState, Metered, PlugState, RemoteStart, StopReason
from chargers.twin.outlet import Outlet
from chargers.twin.reserving import Reserved, cancel, reserve
from chargers.twin.spec import Misbehaviour

Availability = Literal["Accepted", "Scheduled"]


class Cabinet(Bay):
    """One station that obeys. Every method brings the outlets up to `now` first."""

    def remote_start(self, number: int | None, asked: RemoteStart, now: datetime) -> bool:
        """Start a transaction, or wait for a cable. number None: wherever a vehicle waits. False: rejected."""
        self.advance(now)
        outlet = self._for_remote_start(number, asked)
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
        return self._serve(outlet, asked)

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

    def reserve(self, number: int, wanted: Reservation, now: datetime) -> Reserved:
        """Hold an EVSE (0: any) for a card."""
        self.advance(now)
        result = reserve(self.outlets, number, wanted, whole_second(now))
        self._tell()
        return result

    def cancel_reservation(self, number: int, now: datetime) -> bool:
        self.advance(now)
        found = cancel(self.outlets, number)
        self._tell()
        return found

    def settings_changed(self) -> None:
        """Limits may hang on a setting."""
        self.limits.forget()

    def speaks_of_nothing(self, number: int) -> bool:
        """Its composite schedule means nothing now: -1."""
        idle = all(outlet.charge is None for outlet in self.outlets.values() if number in {0, outlet.number})
        return idle and self.spec.shows(Misbehaviour.MINUS_ONE)

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
            return self.limits.station_schedule(charges, whole_second(now), seconds, unit)
        return self.limits.schedule(number, self.outlets[number].charge, whole_second(now), seconds, unit)

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

    def _for_remote_start(self, number: int | None, asked: RemoteStart) -> Outlet | None:
        wanted = list(self.outlets.values()) if number is None else [self.outlets[number]]
        free = [
            outlet
            for outlet in wanted
            if outlet.charge is None
            and outlet.fault is None
            and outlet.operative
            and not outlet.closes_after_charge
            and (outlet.reservation is None or outlet.reservation.admits(asked.token, asked.group))
        ]
        return min(free, key=lambda outlet: outlet.plugged is None, default=None)
