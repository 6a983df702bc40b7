"""One look at the depot's night: plan the power, keep the schedule, order what may safely be sent now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

from chargers.central.limits import Limits
from chargers.night.installed import Standing, read_pushes
from chargers.night.needs import settle_needs
from chargers.night.scene import Bay, Scene, frame_night, frame_slots, look
from chargers.profile import ChargingProfile, from_schedule, to_v201
from chargers.safety.pushes import next_pushes
from chargers.safety.state import EvseId, Kw, held_by, slot_kw
from chargers.schedule import Margins, Night, Schedule, plan_power
from fleet.orders import OrderKind, Wanted
from fleet.store import Work
from fleet.tables import ChargingNeed, ChargingSchedule, Place, PowerShortfall, ScheduledPower

WHO = "depot"
PROFILE_IDS = 1000
"""Profile ids of schedules begin here; below are those of fall-backs and of dispatchers' limits."""
PROFILE_ID_SPAN = 1_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """How the depot is run: grid of time, prudence, hard margin under the limit, price per kWh by instant."""

    slot_minutes: int
    margins: Margins
    margin_kw: float
    price: Callable[[datetime], float]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a schedule wants: the site's limit less base load, and every truck's ceiling, per slot from `start`."""

    start: datetime
    slot_minutes: int
    room_kw: Kw
    kw: Mapping[str, Kw]

    @property
    def slots(self) -> int:
        return len(self.room_kw)


def conduct(work: Work, site: Place, policy: Policy, why: str) -> int:
    """Plan a site again after something changed; gives how many profiles were ordered.

    Power goes down at once and up only when everything that may be drawn together leaves room for it, so calling it
    late, twice or never leaves the site under its limit.
    """
    scene = look(work, site)
    if settle_needs(work, scene):
        scene = look(work, site)
    if not scene.bays or (not scene.needs and not scene.plugged):
        return 0
    night, standing = _frame(work, scene, policy)
    schedule = plan_power(night)
    _keep(work, scene, night.limit_kw, night.base_kw, schedule, why)
    kw = {truck: _round(row) for truck, row in schedule.kw.items()}
    return _push(work, scene, _intend(policy, night.start, night.limit_kw, night.base_kw, kw), standing, why)


def foresee(work: Work, site: Place, needs: Sequence[ChargingNeed], policy: Policy) -> Schedule | None:
    """What charging could give if these were the needs: nothing is kept or sent. None where nobody could charge."""
    scene = look(work, site, needs)
    if not scene.bays or not {**scene.expected, **scene.plugged}.keys() & scene.needs.keys():
        return None
    return plan_power(_frame(work, scene, policy)[0])


def pursue(work: Work, site: Place, policy: Policy, why: str) -> int:
    """Go on towards the schedule in force: send what a station's answer has made room for. Plans nothing anew."""
    kept = work.charging.schedule(site.place_id)
    if kept is None:
        return 0
    row, powers, _ = kept
    scene = look(work, site)
    kw = {power.truck_id: power.kw for power in powers}
    intent = _intend(policy, row.starts_at, row.limit_kw, row.base_kw, kw)
    if scene.now >= intent.start + timedelta(minutes=intent.slot_minutes * intent.slots):
        return 0
    standing = read_pushes(work, scene, intent.start, intent.slot_minutes, intent.slots)
    return _push(work, scene, intent, standing, why)


def _frame(work: Work, scene: Scene, policy: Policy) -> tuple[Night, Standing]:
    start, slots = frame_slots(scene, policy.slot_minutes)
    standing = read_pushes(work, scene, start, policy.slot_minutes, slots)
    night = frame_night(
        scene,
        slot_minutes=policy.slot_minutes,
        margins=policy.margins,
        margin_kw=policy.margin_kw,
        price=policy.price,
        held_kw={(name.station, name.evse): held_by(evse, slots) for name, evse in standing.state.evses.items()},
        start=start,
        slots=slots,
    )
    return night, standing


def _intend(
    policy: Policy,
    start: datetime,
    limit_kw: Sequence[float],
    base_kw: Sequence[float],
    kw: Mapping[str, Sequence[float]],
) -> Intent:
    room = tuple(limit - base - policy.margin_kw for limit, base in zip(limit_kw, base_kw, strict=True))
    return Intent(start, policy.slot_minutes, room, {truck: tuple(row) for truck, row in kw.items()})


def _push(work: Work, scene: Scene, intent: Intent, standing: Standing, why: str) -> int:
    wanted: dict[EvseId, Kw] = {}
    for truck, outlet in scene.plugged.items():
        if truck not in intent.kw or outlet in standing.resting:
            continue
        bay = scene.bays[outlet]
        wanted[EvseId(*outlet)] = slot_kw(
            _profile(scene, bay, intent, intent.kw[truck], PROFILE_IDS).schedule,
            start=intent.start,
            slot_minutes=intent.slot_minutes,
            slots=intent.slots,
            beyond_kw=bay.station.fallback_kw,
        )
    first = int((scene.now - intent.start).total_seconds() // (intent.slot_minutes * 60))
    _, pushes = next_pushes(standing.state, wanted, intent.room_kw, first=first)
    for push in pushes:
        bay = scene.bays[push.evse.station, push.evse.evse]
        profile = _profile(scene, bay, intent, push.kw, PROFILE_IDS + push.number % PROFILE_ID_SPAN)
        args = {"evse": push.evse.evse, "profile": to_v201(profile)}
        work.orders.place(Wanted(OrderKind.SET_PROFILE, push.evse.station, args, who=WHO, why=why))
    return len(pushes)


def _profile(scene: Scene, bay: Bay, intent: Intent, kw: Kw, profile_id: int) -> ChargingProfile:
    assert bay.transaction is not None
    limits = Limits.of(bay.station)
    return from_schedule(
        kw,
        start=intent.start,
        slot_minutes=intent.slot_minutes,
        profile_id=profile_id,
        transaction_id=bay.transaction.ref or "",
        unit=limits.unit_for(bay.station.current),
        phases=bay.station.phases,
        max_periods=limits.max_periods,
        now=scene.now,
    )


def _keep(
    work: Work, scene: Scene, limit_kw: Sequence[float], base_kw: Sequence[float], schedule: Schedule, why: str
) -> None:
    planned: Mapping[str, tuple[str, int]] = {**scene.expected, **scene.plugged}
    row = ChargingSchedule(
        place_id=scene.site.place_id,
        made_at=scene.now,
        why=why,
        starts_at=schedule.start,
        slot_minutes=schedule.slot_minutes,
        limit_kw=_round(limit_kw),
        base_kw=_round(base_kw),
        total_kw=_round([site - base for site, base in zip(schedule.site_kw, base_kw, strict=True)]),
        cost=round(schedule.cost, 2),
        peak_kw=max(_round(schedule.site_kw), default=0.0),
    )
    before = work.charging.schedule(scene.site.place_id)
    powers = [
        ScheduledPower(
            schedule_id=0, truck_id=truck, station_id=planned[truck][0], evse=planned[truck][1], kw=_round(kw)
        )
        for truck, kw in schedule.kw.items()
    ]
    shortfalls = [
        PowerShortfall(
            schedule_id=0, truck_id=one.truck, kwh=round(one.kwh, 1), ready_by=one.ready_by, reason=one.reason
        )
        for one in schedule.shortfalls
    ]
    if before is not None and _same(before, row, powers, shortfalls):
        return
    work.charging.keep_schedule(row, powers, shortfalls)


def _same(
    before: tuple[ChargingSchedule, list[ScheduledPower], list[PowerShortfall]],
    row: ChargingSchedule,
    powers: list[ScheduledPower],
    shortfalls: list[PowerShortfall],
) -> bool:
    old, old_powers, old_shortfalls = before
    return (
        (old.starts_at, old.total_kw) == (row.starts_at, row.total_kw)
        and {one.truck_id: one.kw for one in old_powers} == {one.truck_id: one.kw for one in powers}
        and {one.truck_id: one.kwh for one in old_shortfalls} == {one.truck_id: one.kwh for one in shortfalls}
    )


def _round(kw: Sequence[float]) -> list[float]:
    """In hundredths, never above."""
    return [floor(one * 100 + 1e-6) / 100 for one in kw]
