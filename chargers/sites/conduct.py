"""One look at a shared site: divide its room anew, order what may safely be sent now.

Shares go out as transaction profiles and stay for as long as the charge runs, so a central system that dies leaves the
site as it is. What is given only because the site's own meter says that there is room now goes out as a lease: after a
quarter of an hour without a word the station goes on with what the highest base load leaves. What changes goes through
chargers.safety: decreases first, increases when there is room for old and new at once, a silent station keeps its
share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from chargers.central.limits import Limits
from chargers.night.installed import Standing, read_pushes
from chargers.night.scene import Bay, Scene, look
from chargers.profile import ChargingProfile, ChargingSchedule, Kind, Period, Purpose, RateUnit, in_unit, to_v201
from chargers.profile.build import PLAN_STACK_LEVEL
from chargers.profile.wire import round_down
from chargers.safety.pushes import next_pushes
from chargers.safety.state import EvseId, Kw, held_by, slot_kw
from chargers.sites.meter import live_base_kw
from chargers.sites.share import EVENLY, Outlet, Phases, on_phase, share
from fleet.orders import OrderKind, Wanted
from fleet.store import Work
from fleet.tables import Place

WHO = "sites"
SLOT_MINUTES, LEASED, SLOTS = 5, 3, 4
"""A lease is renewed when the first of its slots is over; the last slot stands for all time after it."""
EARLIER = timedelta(minutes=1)
LONG_AGO = timedelta(days=1)
"""How far back a profile begins, for clocks that run behind: a lease's little, as its end counts from there."""
WRONG_CLOCK_SECONDS = 45.0
"""A station whose clock errs by more gets no lease."""
HEADROOM_KW = 1.5
"""A car that draws clearly less than it may keeps what it draws and this; the rest goes to others."""
CLOSE_KW = 1.0
"""Within so much of its limit a car may want more. Less than the headroom, so that it does not go up and down."""
FRESH = timedelta(minutes=3)
PROFILE_IDS, PROFILE_ID_SPAN = 1000, 1_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """kW for charging under the limit: now, and whatever the base load does."""

    now_kw: float
    always_kw: float


def is_shared(work: Work, site: Place) -> bool:
    """Whether a site's stations share its limit by themselves: public ones are there, and it is no depot.

    At a depot the night conducts (chargers.night), public stations counted: one site, one conductor.
    """
    if site.is_depot or site.site_limit_kw is None:
        return False
    return any(row.public and row.place_id == site.place_id for row in work.stations.all())


def share_site(work: Work, site: Place, margin_kw: float, why: str) -> list[Wanted]:
    """The orders that bring a site nearer to fair shares; nothing is placed here.

    Called late, twice or never, the site stays under its limit.
    """
    scene = look(work, site)
    charging = {name: bay for name, bay in scene.bays.items() if bay.transaction is not None}
    if not charging:
        return []
    standing = read_pushes(work, scene, scene.now, SLOT_MINUTES, SLOTS)
    room = _room(work, site, margin_kw)
    wanted = _wanted(scene, standing, room)
    held = (room.now_kw,) * LEASED + (room.always_kw,) * (SLOTS - LEASED)
    goals = {
        name: _as_held(scene, _profile(scene, scene.bays[name], kw, PROFILE_IDS))
        for name, kw in wanted.items()
        if name not in standing.resting
    }
    _, pushes = next_pushes(standing.state, goals, held)
    orders = []
    for push in pushes:
        bay = scene.bays[push.evse]
        profile = _profile(scene, bay, push.kw, PROFILE_IDS + push.number % PROFILE_ID_SPAN)
        args = {"evse": push.evse.evse, "profile": to_v201(profile)}
        orders.append(Wanted(OrderKind.SET_PROFILE, push.evse.station, args, who=WHO, why=why))
    return orders


def _room(work: Work, site: Place, margin_kw: float) -> Room:
    assert site.site_limit_kw is not None
    under = site.site_limit_kw - margin_kw
    base = live_base_kw(work, site)
    if base is None:
        return Room(under - site.base_load_kw, under - site.base_load_kw)
    most = max(base, site.base_load_kw)
    return Room(max(0.0, under - base), max(0.0, under - most))


def _wanted(scene: Scene, standing: Standing, room: Room) -> Mapping[EvseId, Kw]:
    """Per charging EVSE what it should hold in each slot, those who wait longest first."""
    phases = _phases(scene)
    kept = [0.0, 0.0, 0.0]
    outlets: list[tuple[Bay, Outlet]] = []
    for place, bay in sorted(scene.bays.items(), key=_arrival):
        name = EvseId(*place)
        state = standing.state.evses[name]
        if state.charging and not state.silent:
            least = min(max(bay.minimum_kw, _fallback(bay)), bay.evse.max_kw)
            most = max(least, min(bay.evse.max_kw, _use(scene, bay, standing)))
            outlets.append((bay, Outlet(name, least, most, max(bay.station.priority, 0.01), phases[place])))
        else:
            holds = max(held_by(state, SLOTS))
            kept = [before + holds * part for before, part in zip(kept, phases[place], strict=True)]

    def divide(kw: float) -> dict[EvseId, float]:
        free = (kw / 3 - kept[0], kw / 3 - kept[1], kw / 3 - kept[2])
        return share([outlet for _, outlet in outlets], free)

    now, always = divide(room.now_kw), divide(room.always_kw)
    return {
        outlet.name: (now[outlet.name],) * LEASED + (min(now[outlet.name], always[outlet.name]),) * (SLOTS - LEASED)
        if abs(bay.station.clock_error_s or 0.0) <= WRONG_CLOCK_SECONDS
        else (min(now[outlet.name], always[outlet.name]),) * SLOTS
        for bay, outlet in outlets
    }


def _arrival(item: tuple[tuple[str, int], Bay]) -> tuple[bool, object, tuple[str, int]]:
    place, bay = item
    return bay.transaction is None, bay.transaction.started_at if bay.transaction is not None else 0, place


def _phases(scene: Scene) -> dict[tuple[str, int], Phases]:
    """Single-phase stations are taken to be wired in turn to L1, L2 and L3, in the order of their names."""
    single = [
        place for place, bay in sorted(scene.bays.items()) if bay.station.current != "DC" and bay.station.phases == 1
    ]
    return {place: on_phase(single.index(place) % 3) if place in single else EVENLY for place in scene.bays}


def _fallback(bay: Bay) -> float:
    """It may draw this anyway, so there is no use in giving it less."""
    return bay.station.fallback_kw if bay.station.fallback_at is not None else 0.0


def _use(scene: Scene, bay: Bay, standing: Standing) -> float:
    """What the car can use: its outlet's most, or a little more than it draws where it draws clearly less."""
    meter = bay.meter
    if meter is None or meter.power_w is None or scene.now - meter.measured_at > FRESH:
        return bay.evse.max_kw
    state = standing.state.evses[EvseId(*bay.outlet)]
    if state.sent or state.confirmed is None:
        return bay.evse.max_kw
    draws = meter.power_w / 1000
    return bay.evse.max_kw if draws >= state.confirmed[0] - CLOSE_KW else draws + HEADROOM_KW


def _profile(scene: Scene, bay: Bay, kw: Kw, profile_id: int) -> ChargingProfile:
    """Shares as a transaction profile without an end; a lease is its first period."""
    assert bay.transaction is not None
    unit = Limits.of(bay.station).unit_for(bay.station.current)
    phases = bay.station.phases
    limits = [round_down(in_unit(one * 1000.0, RateUnit.W, unit, phases)) for one in kw]
    steps = [0] + [at for at in range(1, len(limits)) if limits[at] != limits[at - 1]]
    earlier = EARLIER if len(steps) > 1 else LONG_AGO
    lead = int(earlier.total_seconds())
    periods = tuple(Period(at * SLOT_MINUTES * 60 + lead if at else 0, limits[at], phases) for at in steps)
    start = scene.now.replace(microsecond=0) - earlier
    return ChargingProfile(
        id=profile_id,
        stack_level=PLAN_STACK_LEVEL,
        purpose=Purpose.TX,
        kind=Kind.ABSOLUTE,
        schedule=ChargingSchedule(unit=unit, periods=periods, start=start),
        transaction_id=bay.transaction.ref or "",
    )


def _as_held(scene: Scene, profile: ChargingProfile) -> Kw:
    """What a station that follows the profile may draw in each slot."""
    whole = replace(profile.schedule, start=scene.now - (EARLIER if len(profile.schedule.periods) > 1 else LONG_AGO))
    return slot_kw(whole, start=scene.now, slot_minutes=SLOT_MINUTES, slots=SLOTS, beyond_kw=0.0)
