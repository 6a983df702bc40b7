"""The charging profiles a station holds and what they allow each EVSE, second by second.

Composite schedules are kept for an hour per EVSE and thrown away when a profile, a transaction or the number of
charging EVSEs changes, so that the physics of a fast clock costs a look-up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chargers.errors import ProfileError
from chargers.profile import (
    UNLIMITED,
    ChargingProfile,
    ChargingSchedule,
    Installed,
    Purpose,
    RateUnit,
    clear,
    composite,
    end_transaction,
    in_unit,
    install,
    profiles_for,
    station_composite,
    watts,
)
from chargers.twin.notices import Charge
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec
from chargers.twin.variables import VENDOR_KEY, Variables, rate_units

HORIZON_SECONDS = 3600
STATION_WIDE = (Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS)


@dataclass(frozen=True, slots=True)
class _Hour:
    """Steps of one EVSE over the next hour: from seconds after `start` on, so many kW."""

    start: datetime
    seconds: tuple[int, ...]
    kw: tuple[float, ...]


class Limits:
    """Profiles of one station. Times are whole seconds."""

    def __init__(self, spec: StationSpec, variables: Variables) -> None:
        self._spec = spec
        self._variables = variables
        self.held: tuple[Installed, ...] = ()
        self._waiting: list[Installed] = []
        self._hours: dict[int, _Hour] = {}
        self.sharing = 1

    def take(self, evse: int, profile: ChargingProfile, charge: Charge | None) -> None:
        """Install a profile at an EVSE (0: all). Raises ProfileError where this station rejects it."""
        what = f"charging profile {profile.id}"
        if evse > len(self._spec.evses):
            raise ProfileError(f"{what}: there is no EVSE {evse} here")
        if profile.schedule.unit not in rate_units(self._spec):
            raise ProfileError(f"{what}: limits in {profile.schedule.unit} are not taken here")
        if len(profile.schedule.periods) > self._variables.number("ChargingScheduleMaxPeriods"):
            raise ProfileError(f"{what}: more periods than ChargingScheduleMaxPeriods")
        if profile.stack_level > self._variables.number("ChargeProfileMaxStackLevel"):
            raise ProfileError(f"{what}: stack level above ChargeProfileMaxStackLevel")
        self._refuse_by_manner(what, evse, profile)
        if profile.purpose is Purpose.TX and (
            charge is None or (profile.transaction_id is not None and profile.transaction_id != charge.ref)
        ):
            raise ProfileError(f"{what}: its transaction is not running at EVSE {evse}")
        relative = self._spec.protocol == "ocpp1.6" and not self._spec.shows(Misbehaviour.FUSSY_MAXIMUM)
        held = install(self.held, evse, profile, relative_caps=relative)
        if len(held) > self._variables.number("MaxChargingProfilesInstalled"):
            raise ProfileError(f"{what}: MaxChargingProfilesInstalled are installed already")
        if profile.purpose is Purpose.TX_DEFAULT and self._spec.shows(Misbehaviour.DEFAULT_AT_NEXT_START):
            self._waiting.append(Installed(evse, profile))
            return
        self._change(held)

    def _refuse_by_manner(self, what: str, evse: int, profile: ChargingProfile) -> None:
        """Raise ProfileError for what other stations take."""
        if profile.purpose in STATION_WIDE and self._spec.shows(Misbehaviour.NO_STATION_MAX):
            raise ProfileError(f"{what}: no profiles for the whole station here")
        if evse == 0 and profile.purpose is Purpose.TX_DEFAULT and self._spec.shows(Misbehaviour.NO_CONNECTOR_ZERO):
            raise ProfileError(f"{what}: no default for connector 0 here")
        if self._spec.shows(Misbehaviour.TENTHS_ONLY) and any(
            abs(period.limit * 10 - round(period.limit * 10)) > 1e-6 for period in profile.schedule.periods
        ):
            raise ProfileError(f"{what}: a limit is no multiple of 0.1")

    def drop(
        self,
        profile_id: int | None,
        evse: int | None,
        purpose: Purpose | None,
        stack_level: int | None,
    ) -> bool:
        """ClearChargingProfile; False where nothing matched."""
        left = clear(self.held, profile_id=profile_id, evse=evse, purpose=purpose, stack_level=stack_level)
        found = len(left) < len(self.held)
        self._change(left)
        return found

    def begin(self) -> None:
        """A transaction begins: defaults that waited for it take effect."""
        held = self.held
        for waiting in self._waiting:
            held = install(held, waiting.evse, waiting.profile)
        self._waiting.clear()
        self._change(held)

    def end(self, evse: int) -> None:
        """The transaction of an EVSE ended, and with it its TxProfiles."""
        self._change(end_transaction(self.held, evse))

    def forget(self) -> None:
        """A setting changed: work the limits out anew."""
        self._hours.clear()

    def share(self, charging: int) -> None:
        """Split station-wide limits between so many charging EVSEs."""
        if max(1, charging) != self.sharing:
            self.sharing = max(1, charging)
            self._hours.clear()

    def schedule(
        self, evse: int, charge: Charge | None, start: datetime, seconds: int, unit: RateUnit
    ) -> ChargingSchedule:
        """The composite schedule of an EVSE; where nothing is said it is what the hardware gives."""
        most = self._most(self._spec.evses[evse - 1], unit)
        profiles = profiles_for(self.held, evse, None if charge is None else charge.ref or "")
        since = None if charge is None else charge.started_at
        return composite(profiles, at=start, duration_s=seconds, unit=unit, transaction_start=since, unlimited=most)

    def station_schedule(
        self, charges: Sequence[Charge | None], start: datetime, seconds: int, unit: RateUnit
    ) -> ChargingSchedule:
        """The composite schedule of the whole station; charges: what runs at each EVSE."""
        numbers = range(1, len(self._spec.evses) + 1)
        return station_composite(
            [
                profiles_for(self.held, number, None if charge is None else charge.ref or "")
                for number, charge in zip(numbers, charges, strict=True)
            ],
            at=start,
            duration_s=seconds,
            unit=unit,
            transaction_starts=[None if charge is None else charge.started_at for charge in charges],
            unlimited=sum(self._most(evse, unit) for evse in self._spec.evses),
        )

    def kw_at(self, evse: int, charge: Charge | None, when: datetime) -> float:
        """What an EVSE may give at an instant."""
        hour = self._hour(evse, charge, when)
        seconds = int((when - hour.start).total_seconds())
        return hour.kw[bisect_right(hour.seconds, seconds) - 1]

    def steps(self, evse: int, charge: Charge | None, start: datetime, end: datetime) -> Iterator[tuple[float, float]]:
        """(seconds, kW) pieces from start to end, in order."""
        while start < end:
            until = min(end, self.next_change(evse, charge, start))
            yield (until - start).total_seconds(), self.kw_at(evse, charge, start)
            start = until

    def next_change(self, evse: int, charge: Charge | None, after: datetime) -> datetime:
        """When the limit changes next; at most an hour ahead."""
        hour = self._hour(evse, charge, after)
        index = bisect_right(hour.seconds, int((after - hour.start).total_seconds()))
        seconds = hour.seconds[index] if index < len(hour.seconds) else HORIZON_SECONDS
        return hour.start + timedelta(seconds=seconds)

    def _change(self, held: tuple[Installed, ...]) -> None:
        self.held = held
        self._hours.clear()

    def _hour(self, evse: int, charge: Charge | None, when: datetime) -> _Hour:
        hour = self._hours.get(evse)
        if hour is None or not 0 <= (when - hour.start).total_seconds() < HORIZON_SECONDS:
            hour = self._hours[evse] = self._lay_out(evse, charge, when)
        return hour

    def _lay_out(self, evse: int, charge: Charge | None, start: datetime) -> _Hour:
        most = self._spec.evses[evse - 1].max_kw
        if self._spec.shows(Misbehaviour.VENDOR_KEY):
            place = self._spec.evses[evse - 1]
            most = min(most, watts(self._variables.number(VENDOR_KEY), RateUnit.A, place.phases) / 1000)
        if self._spec.shows(Misbehaviour.UNLIMITED_START) and charge is not None and not self._has_tx_profile(evse):
            return _Hour(start, (0,), (most,))
        own = _kw_steps(self.schedule(evse, charge, start, HORIZON_SECONDS, RateUnit.W))
        caps = [other.profile for other in self.held if other.profile.purpose in STATION_WIDE]
        station = {0: UNLIMITED}
        if caps:
            station = _kw_steps(composite(caps, at=start, duration_s=HORIZON_SECONDS, unit=RateUnit.W))
        seconds = tuple(sorted({*own, *station}))
        return _Hour(
            start,
            seconds,
            tuple(min(most, _in_force(own, at), _in_force(station, at) / self.sharing) for at in seconds),
        )

    def _has_tx_profile(self, evse: int) -> bool:
        return any(other.evse == evse and other.profile.purpose is Purpose.TX for other in self.held)

    @staticmethod
    def _most(evse: EvseSpec, unit: RateUnit) -> float:
        return in_unit(evse.max_kw * 1000, RateUnit.W, unit, evse.phases)


def _kw_steps(schedule: ChargingSchedule) -> dict[int, float]:
    return {period.start_s: period.limit / 1000 for period in schedule.periods}


def _in_force(steps: dict[int, float], at: int) -> float:
    return steps[max(start for start in steps if start <= at)]
