"""The figures of a day whose times are known: metres, loads, energy and cost of each halt and of the whole route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routing.energy import drive, lift, p90, run
from routing.plan import Route, Stop, StopKind
from routing.problem import truck_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.edit.index import Index
    from routing.problem import Truck


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt of a day: what for, when, at which bin or place. `charged_kwh`: taken in while it lasts."""

    kind: StopKind
    arrive: int
    leave: int
    bin: str | None = None
    place: str | None = None
    charged_kwh: float = 0.0


def trace(index: Index, truck: Truck, halts: Sequence[Halt]) -> Route:
    """The route of `truck` with these halts, from its departure to its return."""
    ways = index.problem.ways_of(truck)
    energy, departs, returns = truck.energy, halts[0].arrive, halts[-1].arrive
    stops: list[Stop] = []
    way = kg = litres = total_kg = total_litres = 0
    kwh = charged = 0.0
    at = here = _location(index, halts[0], -1)
    for halt in halts:
        here, at = at, _location(index, halt, at)
        leg = 0 if here == at else max(0, int(ways.metres[here, at]))
        climb = 0.0 if ways.climb is None or here == at else float(max(0, int(ways.climb[here, at])))
        way += leg
        kwh += drive(energy, leg, kg, climb)
        charged += halt.charged_kwh
        if halt.kind == "bin" and halt.bin is not None:
            visit = index.visits[halt.bin]
            kg, litres = kg + visit.kg, litres + visit.litres
            total_kg, total_litres = total_kg + visit.kg, total_litres + visit.litres
            kwh += lift(energy, visit.kg)
        elif halt.kind == "tip":
            kg = litres = 0
            kwh += energy.kwh_per_tip
        stops.append(
            Stop(
                kind=halt.kind,
                location=at,
                arrive=halt.arrive,
                leave=halt.leave,
                metres=leg,
                litres=litres,
                kg=kg,
                kwh=kwh + run(energy, halt.leave - departs),
                bin=halt.bin,
                place=halt.place,
                charged_kwh=halt.charged_kwh,
            )
        )
    duty, total = returns - departs, stops[-1].kwh
    overtime = max(0, returns - truck.ends)
    return Route(
        truck=truck.truck,
        departs=departs,
        returns=returns,
        stops=tuple(stops),
        metres=way,
        kg=total_kg,
        litres=total_litres,
        kwh=total,
        kwh_p90=p90(energy, total),
        cost=truck.fixed_cost
        + truck.cost_per_km * way / 1000
        + truck.cost_per_hour * duty / 3600
        + truck.overtime_per_hour * overtime / 3600,
        charged_kwh=charged,
        overtime=overtime,
    )


def halts_of(route: Route) -> tuple[Halt, ...]:
    """The halts of a route, as `trace` takes them."""
    return tuple(
        Halt(stop.kind, stop.arrive, stop.leave, stop.bin, stop.place, stop.charged_kwh) for stop in route.stops
    )


def service_of(index: Index, truck: Truck, name: str) -> int:
    """Seconds `truck` spends at a bin."""
    return truck_service(truck, index.visits[name])


def _location(index: Index, halt: Halt, here: int) -> int:
    if halt.kind == "bin" and halt.bin is not None:
        location = index.visits[halt.bin].location
        return here if location is None else location
    place = halt.place or ""
    if halt.kind == "tip":
        return index.sites[place].location
    if halt.kind == "break":
        return here
    found = index.depots.get(place) or index.sites.get(place)
    return here if found is None else found.location
