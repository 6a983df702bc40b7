"""Profiles the central system sends: a truck's night, and the fall-back under it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from chargers.errors import ProfileError
from chargers.profile.values import (
    PHASES,
    ChargingProfile,
    ChargingSchedule,
    Kind,
    Period,
    Purpose,
    RateUnit,
    in_unit,
)
from chargers.profile.wire import round_down

FALLBACK_STACK_LEVEL = 0
PLAN_STACK_LEVEL = 1


def from_schedule(
    kw_by_slot: Sequence[float],
    *,
    start: datetime,
    slot_minutes: int,
    profile_id: int,
    transaction_id: str,
    unit: RateUnit,
    phases: int = PHASES,
    max_periods: int | None = None,
    stack_level: int = PLAN_STACK_LEVEL,
    now: datetime | None = None,
) -> ChargingProfile:
    """A truck's coming slots as an absolute TxProfile that ends with the last of them.

    The whole night is in it, so a station that hears no more goes on as planned, and after it by its fall-back. Equal
    neighbours are one period. max_periods: the station's ChargingScheduleMaxPeriods (1.6) or PeriodsPerSchedule
    (2.0.1); with fewer than needed the profile is a lower envelope: below the plan here and there, never above. Limits
    are rounded down to 0.1 A or W. Raises ProfileError if nothing of the night is left at `now`.
    """
    slot = timedelta(minutes=slot_minutes)
    first = max(0, (now - start) // slot) if now is not None else 0
    coming = kw_by_slot[first:]
    if not coming:
        raise ProfileError(f"charging profile {profile_id}: the night ended before {now}: plan a new one first")
    steps: list[tuple[int, float]] = []  # slots from `first`, limit
    for index, kw in enumerate(coming):
        limit = round_down(in_unit(kw * 1000.0, RateUnit.W, unit, phases))
        if not steps or steps[-1][1] != limit:
            steps.append((index, limit))
    if max_periods is not None:
        steps = lower_envelope(steps, len(coming), max_periods)
    seconds = slot_minutes * 60
    return ChargingProfile(
        id=profile_id,
        stack_level=stack_level,
        purpose=Purpose.TX,
        kind=Kind.ABSOLUTE,
        schedule=ChargingSchedule(
            unit=unit,
            periods=tuple(Period(index * seconds, limit, phases) for index, limit in steps),
            start=start + first * slot,
            duration_s=len(coming) * seconds,
        ),
        transaction_id=transaction_id,
    )


def lower_envelope(steps: Sequence[tuple[int, float]], end: int, most: int) -> list[tuple[int, float]]:
    """Steps (start, limit) up to `end`, joined until there are at most `most`: nowhere above the original.

    Joins the two neighbours that lose the least energy, again and again, equal ones always; a joint step has the lower
    limit.
    """
    joined = list(steps)
    while len(joined) > 1:
        ends = [*(start for start, _ in joined[1:]), end]
        losses = [
            abs(limit - after) * ((ends[at] - start) if limit > after else (ends[at + 1] - ends[at]))
            for at, ((start, limit), (_, after)) in enumerate(pairwise(joined))
        ]
        least = min(losses)
        if len(joined) <= most and least > 0.0:
            break
        at = losses.index(least)
        joined[at : at + 2] = [(joined[at][0], min(joined[at][1], joined[at + 1][1]))]
    return joined


def fallback_profile(
    *, profile_id: int, kw: float, unit: RateUnit, phases: int = PHASES, start: datetime | None = None
) -> ChargingProfile:
    """What an EVSE may draw when nothing else is said: a TxDefaultProfile at stack level 0 without an end.

    Relative, so that a station with a wrong clock obeys it too; a station that refuses Relative gets it Absolute from a
    `start` in the past. Install it on every EVSE before anything may start there, and never clear it.
    """
    limit = round_down(in_unit(kw * 1000.0, RateUnit.W, unit, phases))
    return ChargingProfile(
        id=profile_id,
        stack_level=FALLBACK_STACK_LEVEL,
        purpose=Purpose.TX_DEFAULT,
        kind=Kind.RELATIVE if start is None else Kind.ABSOLUTE,
        schedule=ChargingSchedule(unit=unit, periods=(Period(0, limit, phases),), start=start),
    )
