"""One look at the depot's night: plan the power, keep the schedule, order what may safely be sent now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chargers.central.limits import Limits
from chargers.night.installed import read_pushes
from chargers.night.needs import settle_needs
from chargers.night.scene import Bay, Scene, frame_night, frame_slots, look
from chargers.profile import ChargingProfile, from_schedule, to_v201
from chargers.safety.pushes import next_pushes
from chargers.safety.state import EvseId, Kw, PushState, held_by, slot_kw
from chargers.schedule import Margins, Schedule, plan_power
from fleet.orders import OrderKind, Wanted
from fleet.store import Work
from fleet.tables import ChargingSchedule, Place, PowerShortfall, ScheduledPower

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


def conduct(work: Work, site: Place, policy: Policy, why: str) -> int:
    """Look at a site again; gives how many profiles were ordered. Call it after every event, it does only what is due.

    Power goes down at once and up only when everything that may be drawn together leaves room for it, so calling it
    late, twice or never leaves the site under its limit.
    """
    scene = look(work, site)
    if settle_needs(work, scene):
        scene = look(work, site)
    if not scene.bays or (not scene.needs and not scene.plugged):
        return 0
    start, slots = frame_slots(scene, policy.slot_minutes)
    state = read_pushes(work, scene, start, policy.slot_minutes, slots)
    night = frame_night(
        scene,
        slot_minutes=policy.slot_minutes,
        margins=policy.margins,
        margin_kw=policy.margin_kw,
        price=policy.price,
        held_kw={(name.station, name.evse): held_by(evse, slots) for name, evse in state.evses.items()},
        start=start,
        slots=slots,
    )
    schedule = plan_power(night)
    _keep(work, scene, night.limit_kw, night.base_kw, schedule, why)
    room: Kw = tuple(limit - base - policy.margin_kw for limit, base in zip(night.limit_kw, night.base_kw, strict=True))
    return _push(work, scene, schedule, state, room, why)


def _push(work: Work, scene: Scene, schedule: Schedule, state: PushState, room: Kw, why: str) -> int:
    wanted: dict[EvseId, Kw] = {}
    for truck, outlet in scene.plugged.items():
        if truck not in schedule.kw:
            continue
        profile = _profile(scene, scene.bays[outlet], schedule, schedule.kw[truck], PROFILE_IDS)
        wanted[EvseId(*outlet)] = slot_kw(
            profile.schedule,
            start=schedule.start,
            slot_minutes=schedule.slot_minutes,
            slots=state.slots,
            beyond_kw=scene.bays[outlet].station.fallback_kw,
        )
    first = int((scene.now - schedule.start).total_seconds() // (schedule.slot_minutes * 60))
    _, pushes = next_pushes(state, wanted, room, first=first)
    for push in pushes:
        bay = scene.bays[push.evse.station, push.evse.evse]
        profile = _profile(scene, bay, schedule, push.kw, PROFILE_IDS + push.number % PROFILE_ID_SPAN)
        work.orders.place(
            Wanted(
                OrderKind.SET_PROFILE,
                push.evse.station,
                {"evse": push.evse.evse, "profile": to_v201(profile)},
                who=WHO,
                why=why,
            )
        )
    return len(pushes)


def _profile(scene: Scene, bay: Bay, schedule: Schedule, kw: Kw, profile_id: int) -> ChargingProfile:
    assert bay.transaction is not None
    limits = Limits.of(bay.station)
    return from_schedule(
        kw,
        start=schedule.start,
        slot_minutes=schedule.slot_minutes,
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
        total_kw=_round(schedule.site_kw),
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
    return [round(one, 2) for one in kw]
