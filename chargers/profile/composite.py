"""The composite schedule: what a set of charging profiles comes to, instant by instant.

OCPP 1.6 section 3.13 and 5.7, 2.0.1 part 2 K08. Rules: within a purpose the highest stack level that is valid and has a
period at the instant leads; a TxProfile takes the place of the TxDefaultProfile; the lowest of that, the station's
maximum and external constraints holds. Recurring profiles before today's start go by the last one before; Relative ones
start with the transaction, or with the query where none runs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from chargers.profile.values import (
    PHASES,
    UNLIMITED,
    ChargingProfile,
    ChargingSchedule,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
    in_unit,
)

_RECURS = {Recurrency.DAILY: timedelta(days=1), Recurrency.WEEKLY: timedelta(days=7)}
_CAPS = (Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS)

_LimitAt: TypeAlias = Callable[[datetime], tuple[float, int]]


def composite(
    profiles: Sequence[ChargingProfile],
    *,
    at: datetime,
    duration_s: int,
    unit: RateUnit,
    transaction_start: datetime | None = None,
    unlimited: float = UNLIMITED,
) -> ChargingSchedule:
    """The composite schedule of one EVSE over [at, at + duration_s), equal neighbours merged.

    profiles: those that speak for the EVSE (see profiles_for). unlimited: limit, in `unit`, where no profile says
    anything. Phases are the fewest any profile that holds allows; A and W are converted over those.
    """
    anchor = transaction_start or at
    return _over_time(
        [(profile, anchor) for profile in profiles],
        at,
        duration_s,
        unit,
        lambda when: _least(profiles, when, anchor, unit, unlimited),
    )


def station_composite(
    by_evse: Sequence[Sequence[ChargingProfile]],
    *,
    at: datetime,
    duration_s: int,
    unit: RateUnit,
    transaction_starts: Sequence[datetime | None] = (),
    unlimited: float = UNLIMITED,
) -> ChargingSchedule:
    """The composite schedule of a station: its EVSEs' transaction limits added up, then the station's caps.

    by_evse: profiles that speak for each EVSE, station-wide caps among them in each. unlimited: as in composite, for
    the station.
    """
    starts = [start or at for start in transaction_starts or (None,) * len(by_evse)]
    caps = [profile for profile in (by_evse[0] if by_evse else ()) if profile.purpose in _CAPS]

    def station_limit(when: datetime) -> tuple[float, int]:
        cap, phases = _least(caps, when, at, unit, unlimited)
        total = 0.0
        for profiles, anchor in zip(by_evse, starts, strict=True):
            below = [profile for profile in profiles if profile.purpose not in _CAPS]
            limit, used = _least(below, when, anchor, unit, unlimited)
            total, phases = total + limit, min(phases, used)
        return min(total, cap), phases

    everything = [(profile, anchor) for profiles, anchor in zip(by_evse, starts, strict=True) for profile in profiles]
    return _over_time(everything, at, duration_s, unit, station_limit)


def limit_watts(schedule: ChargingSchedule, seconds: float) -> float:
    """What a composite schedule allows `seconds` after its start, in W over all phases; UNLIMITED outside it."""
    if not 0.0 <= seconds < (schedule.duration_s if schedule.duration_s is not None else UNLIMITED):
        return UNLIMITED
    period = _period_at(schedule.periods, seconds)
    return in_unit(period.limit, schedule.unit, RateUnit.W, period.phases)


def _over_time(
    anchored: Iterable[tuple[ChargingProfile, datetime]],
    at: datetime,
    duration_s: int,
    unit: RateUnit,
    limit_at: _LimitAt,
) -> ChargingSchedule:
    at = at.replace(microsecond=0)
    end = at + timedelta(seconds=duration_s)
    changes = {at}
    for profile, anchor in anchored:
        changes.update(_changes(profile, at, end, anchor))
    periods: list[Period] = []
    for when in sorted(changes):
        limit, phases = limit_at(when)
        if not periods or (periods[-1].limit, periods[-1].phases) != (limit, phases):
            periods.append(Period(round((when - at).total_seconds()), limit, phases))
    return ChargingSchedule(unit, tuple(periods), start=at, duration_s=duration_s)


def _least(
    profiles: Sequence[ChargingProfile], when: datetime, anchor: datetime, unit: RateUnit, unlimited: float
) -> tuple[float, int]:
    transaction = _leading(profiles, Purpose.TX, when, anchor) or _leading(profiles, Purpose.TX_DEFAULT, when, anchor)
    leaders = [transaction, *(_leading(profiles, purpose, when, anchor) for purpose in _CAPS)]
    held = [leader for leader in leaders if leader is not None]
    phases = min((period.phases for _, period in held), default=PHASES)
    limits = (in_unit(period.limit, given, unit, phases) for given, period in held)
    return min(limits, default=unlimited), phases


def _leading(
    profiles: Sequence[ChargingProfile], purpose: Purpose, when: datetime, anchor: datetime
) -> tuple[RateUnit, Period] | None:
    best: tuple[int, RateUnit, Period] | None = None
    for profile in profiles:
        if profile.purpose is purpose and (best is None or profile.stack_level >= best[0]):
            period = _period_of(profile, when, anchor)
            if period is not None:
                best = profile.stack_level, profile.schedule.unit, period
    return best[1:] if best is not None else None


def _period_of(profile: ChargingProfile, when: datetime, anchor: datetime) -> Period | None:
    if profile.valid_from is not None and when < profile.valid_from:
        return None
    if profile.valid_to is not None and when >= profile.valid_to:
        return None
    seconds = (when - next(_starts(profile, when, when, anchor))).total_seconds()
    duration = profile.schedule.duration_s
    if seconds < 0.0 or (duration is not None and seconds >= duration):
        return None
    return _period_at(profile.schedule.periods, seconds)


def _period_at(periods: Sequence[Period], seconds: float) -> Period:
    return next(period for period in reversed(periods) if period.start_s <= seconds)


def _starts(profile: ChargingProfile, since: datetime, until: datetime, anchor: datetime) -> Iterator[datetime]:
    """When the schedule starts: once, or for recurring ones the last time up to `since` and each time up to `until`."""
    start = profile.schedule.start if profile.kind is not Kind.RELATIVE else None
    if profile.kind is not Kind.RECURRING or start is None or profile.recurrency is None:
        yield start or anchor
        return
    step = _RECURS[profile.recurrency]
    again = start + (since - start) // step * step
    while again <= until:
        yield again
        again += step


def _changes(profile: ChargingProfile, at: datetime, end: datetime, anchor: datetime) -> Iterator[datetime]:
    """Instants within [at, end) at which a profile may begin, change or end."""
    instants = [time for time in (profile.valid_from, profile.valid_to) if time is not None]
    for start in _starts(profile, at, end, anchor):
        instants.extend(start + timedelta(seconds=period.start_s) for period in profile.schedule.periods)
        if profile.schedule.duration_s is not None:
            instants.append(start + timedelta(seconds=profile.schedule.duration_s))
    yield from (instant for instant in instants if at <= instant < end)
