"""The night as the store knows it: who is plugged where, who is still out, what is kept free for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chargers.schedule import Margins, Night, TruckNeed
from fleet.store import Work
from fleet.tables import ChargingNeed, Evse, MeterValue, Place, Station, Transaction, Truck, TruckState

VOLTS, MINIMUM_AMPS = 230.0, 6.0
MINIMUM_DC_KW = 5.0
HOME_AFTER = timedelta(minutes=45)
"""When a truck that is still out is expected at its plug, if nothing better is known."""
SHORTEST = timedelta(hours=2)
"""The schedule looks at least this far ahead."""
SPARE_SLOTS = 2

Outlet = tuple[str, int]
"""A station and the number of one of its EVSEs."""


@dataclass(frozen=True, slots=True)
class Bay:
    """An EVSE of the site, its station, and the charge under way there."""

    station: Station
    evse: Evse
    transaction: Transaction | None
    meter: MeterValue | None
    usable: bool
    """Online and not faulted: a truck still out may be planned here."""

    @property
    def outlet(self) -> Outlet:
        return self.station.station_id, self.evse.number

    @property
    def minimum_kw(self) -> float:
        """The least power that charges at all."""
        if self.station.current == "DC":
            return min(MINIMUM_DC_KW, self.evse.max_kw)
        return MINIMUM_AMPS * VOLTS * self.station.phases / 1000


@dataclass(frozen=True, slots=True)
class Scene:
    """One site now: its bays, the needs in the order of departure, and where each truck is or will be plugged."""

    site: Place
    now: datetime
    bays: Mapping[Outlet, Bay]
    needs: Mapping[str, ChargingNeed]
    trucks: Mapping[str, Truck]
    soc: Mapping[str, float]
    plugged: Mapping[str, Outlet]
    expected: Mapping[str, Outlet]
    """Trucks still out, and the bay kept for them."""


def look(work: Work, site: Place, wanted: Sequence[ChargingNeed] | None = None) -> Scene:
    """What the store knows of a site now; with `wanted`, as if these were the needs and every station answered."""
    now = work.now
    stations = {row.station_id: row for row in work.stations.all() if row.place_id == site.place_id}
    faulted = {
        (row.station_id, row.evse) for row in work.stations.connectors() if row.status in ("Faulted", "Unavailable")
    }
    running = {(row.station_id, row.evse): row for row in work.charging.running()}
    meters = work.charging.newest_meter()
    bays = {}
    for evse in work.stations.evses():
        station = stations.get(evse.station_id)
        if station is not None and station.admission == "accepted":
            outlet = (evse.station_id, evse.number)
            usable = outlet not in faulted if station.online else wanted is not None
            bays[outlet] = Bay(station, evse, running.get(outlet), meters.get(outlet), usable)
    trucks = {row.truck_id: row for row in work.trucks.all() if row.battery_kwh}
    states = work.trucks.states()
    needs: dict[str, ChargingNeed] = {}
    for row in work.charging.needs() if wanted is None else sorted(wanted, key=lambda need: need.ready_by):
        if row.truck_id in trucks and row.ready_by > now:
            needs.setdefault(row.truck_id, row)  # of two rounds the first
    plugged = {
        bay.transaction.truck_id: outlet
        for outlet, bay in bays.items()
        if bay.transaction is not None and bay.transaction.truck_id in trucks
    }
    soc = {name: known for name in trucks if (known := _soc(name, bays, plugged, states)) is not None}
    scene = Scene(site, now, bays, needs, trucks, soc, plugged, {})
    return replace(scene, expected=_expect(scene))


def _soc(
    name: str,
    bays: Mapping[Outlet, Bay],
    plugged: Mapping[str, Outlet],
    states: Mapping[str, TruckState],
) -> float | None:
    """The battery now: what the station reads from it, else what the truck said and the energy metered since."""
    outlet = plugged.get(name)
    state = states.get(name)
    if outlet is not None:
        bay = bays[outlet]
        if bay.meter is not None and bay.meter.soc is not None and (state is None or bay.meter.measured_at >= state.at):
            return bay.meter.soc
    return state.soc if state is not None else None


def _expect(scene: Scene) -> dict[str, Outlet]:
    """Bays for trucks still out: the hungriest gets the strongest bay that is free."""
    free = [bay for bay in scene.bays.values() if bay.usable and bay.transaction is None]
    free.sort(key=lambda bay: (-bay.evse.max_kw, bay.outlet))
    out = [name for name in scene.needs if name not in scene.plugged]
    out.sort(key=lambda name: -missing_kwh(scene, name))
    return {name: bay.outlet for name, bay in zip(out, free, strict=False)}


def missing_kwh(scene: Scene, name: str) -> float:
    """What the truck still has to take in, in its battery."""
    need, truck = scene.needs[name], scene.trucks[name]
    soc = scene.soc.get(name)
    if soc is None or truck.battery_kwh is None:
        return need.kwh
    return max(0.0, need.target_kwh - soc * truck.battery_kwh)


def frame_night(
    scene: Scene,
    *,
    slot_minutes: int,
    margins: Margins,
    margin_kw: float,
    price: Callable[[datetime], float],
    held_kw: Mapping[Outlet, Sequence[float]],
    start: datetime,
    slots: int,
) -> Night:
    """The planning problem of a scene.

    `held_kw`: what each bay outside the plan may draw in each slot whatever we say (its fall-back, or what a silent
    station goes on with). A truck at a silent station is not planned: nobody can tell it anything.
    """
    planned = {**scene.expected, **scene.plugged}
    trucks = tuple(
        _state_need(scene, name, planned[name])
        for name in scene.needs
        if name in planned and planned[name] in scene.bays
    )
    others = [0.0] * slots
    taken = {planned[need.truck] for need in trucks}
    for outlet, held in held_kw.items():
        if outlet not in taken:
            others = [total + kw for total, kw in zip(others, held, strict=True)]
    step = timedelta(minutes=slot_minutes)
    limit = scene.site.site_limit_kw or 0.0
    return Night(
        start=start,
        limit_kw=[limit] * slots,
        base_kw=[scene.site.base_load_kw] * slots,
        price=[price(start + step * slot) for slot in range(slots)],
        trucks=trucks,
        slot_minutes=slot_minutes,
        others_kw=others,
        margin_kw=margin_kw,
        margins=margins,
        now=scene.now,
    )


def _state_need(scene: Scene, name: str, outlet: Outlet) -> TruckNeed:
    need, truck, bay = scene.needs[name], scene.trucks[name], scene.bays[outlet]
    plugged = name in scene.plugged
    arrives = scene.now if plugged else min(scene.now + HOME_AFTER, need.ready_by)
    return TruckNeed(
        truck=name,
        station=outlet[0],
        evse=outlet[1],
        kwh=missing_kwh(scene, name),
        arrives=arrives,
        ready_by=need.ready_by,
        max_kw=max(bay.minimum_kw, min(bay.evse.max_kw, truck.max_charge_kw or bay.evse.max_kw)),
        min_kw=bay.minimum_kw,
        fallback_kw=bay.station.fallback_kw,
        priority=need.priority,
        charging=plugged,
        battery_kwh=truck.battery_kwh,
        soc=scene.soc.get(name),
    )


def frame_slots(scene: Scene, slot_minutes: int) -> tuple[datetime, int]:
    """Start of the slot it is now, and how many slots until the last departure is over."""
    midnight = scene.now.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=slot_minutes)
    start = midnight + ((scene.now - midnight) // step) * step
    end = max((need.ready_by for need in scene.needs.values()), default=scene.now)
    span = max(end, scene.now + SHORTEST) - start
    return start, -(-span // step) + SPARE_SLOTS
