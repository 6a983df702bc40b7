"""One route driven again, stop by stop, on the checker's own figures.

The formulas of `routing.energy` and the readings of hours, queues and paces in `routing.problem` are restated here on
purpose: a mistake made once must not hide behind itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.plan import Route, Stop
    from routing.problem import Problem, Site, Truck, Visit

Rule = Literal[
    "bins", "fleet", "lock", "way", "times", "window", "service", "unloading", "hours", "shift", "break", "charge",
    "release", "stream", "narrow", "capacity", "load", "empty", "tips", "energy", "battery", "totals", "shape",
]  # fmt: skip

Z90 = 1.2815515655446004
MONEY, ENERGY = 0.01, 1e-3
"""How far stated money and kWh may lie from ours: rounding only."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: which, of what truck ("" for the whole plan), at which of its stops, and in words."""

    rule: Rule
    truck: str
    stop: int | None
    text: str


class Walk:
    """One route driven again, stop by stop, on our own figures."""

    def __init__(self, problem: Problem, truck: Truck, route: Route) -> None:
        self.problem = problem
        self.truck = truck
        self.route = route
        self.visits = {visit.bin: visit for visit in problem.visits}
        self.sites = {site.place: site for site in problem.sites}
        self.depots = {depot.place: depot for depot in problem.depots}
        self.starts_at = self.depots[truck.depot].location
        self.ends_at = self.depots[truck.ends_at or truck.depot].location
        own = problem.ways.get(truck.profile)
        self.seconds = problem.seconds if own is None else own.seconds
        self.metres_of = problem.metres if own is None else own.metres
        self.climb = problem.climb if own is None else own.climb
        self.litres = self.kg = self.metres = self.tips = self.rests = 0
        self.collected_litres = self.collected_kg = 0
        self.kwh = self.charged = 0.0
        self.stream: str | None = None
        self.trip_began = route.departs

    def violations(self) -> Iterator[Violation]:
        route, truck = self.route, self.truck
        stops = route.stops
        if len(stops) < 2 or stops[0].kind != "depart" or stops[-1].kind != "return":
            yield self._broken("shape", None, "does not lead from a departure to a return")
            return
        if stops[0].leave != route.departs or stops[-1].arrive != route.returns:
            yield self._broken("times", None, "states a departure or return its stops do not have")
        if route.departs < truck.starts:
            yield self._broken("shift", 0, f"departs at {route.departs} s, its shift starts at {truck.starts} s")
        if route.returns > truck.ends + truck.overtime_seconds:
            text = (
                f"returns at {route.returns} s, its shift ends at {truck.ends} s, overtime {truck.overtime_seconds} s"
            )
            yield self._broken("shift", None, text)
        if stops[0].location != self.starts_at:
            yield self._broken("shape", 0, f"does not start at its depot {truck.depot}")
        if stops[-1].location != self.ends_at:
            yield self._broken("shape", None, f"does not end at its depot {truck.ends_at or truck.depot}")
        for at, stop in enumerate(stops):
            if at:
                yield from self._drive(at, stops[at - 1], stop)
            yield from self._halt(at, stop)
            yield from self._compare(at, stop)
        yield from self._finish()

    def _drive(self, at: int, before: Stop, stop: Stop) -> Iterator[Violation]:
        seconds = int(self.seconds[before.location, stop.location])
        metres = int(self.metres_of[before.location, stop.location])
        if before.location == stop.location:
            seconds = metres = 0
        elif seconds < 0 or metres < 0:
            yield self._broken("way", at, f"no way leads from location {before.location} to {stop.location}")
            return
        if stop.arrive != before.leave + seconds:
            yield self._broken("times", at, f"arrives at {stop.arrive} s, the roads say {before.leave + seconds} s")
        if stop.metres != metres:
            yield self._broken("totals", at, f"states {stop.metres} m from the stop before, the roads say {metres} m")
        self.metres += metres
        energy = self.truck.energy
        self.kwh += metres / 1000 * (energy.kwh_per_km + energy.kwh_per_t_km * self.kg / 1000)
        if self.climb is not None and energy.tare_t > 0 and before.location != stop.location:
            tonnes = energy.tare_t + self.kg / 1000
            self.kwh += energy.kwh_per_t_climbed * tonnes * max(0, int(self.climb[before.location, stop.location]))

    def _halt(self, at: int, stop: Stop) -> Iterator[Violation]:
        yield from self._form(at, stop)
        if stop.kind == "bin":
            visit = self.visits.get(stop.bin or "")
            if visit is not None:
                yield from self._collect(at, stop, visit)
        elif stop.kind == "tip":
            site = self.sites.get(stop.place or "")
            if site is None:
                yield self._broken("unloading", at, f"{stop.place} is not a disposal site of this problem")
            else:
                yield from self._tip(at, stop, site)
        elif stop.kind == "break":
            yield from self._rest(at, stop)
        elif stop.kind == "charge":
            yield from self._charge(at, stop)
        elif (stop.kind == "depart") != (at == 0) or (stop.kind == "return") != (at == len(self.route.stops) - 1):
            yield self._broken("shape", at, f"a {stop.kind} in the middle of a route")

    def _form(self, at: int, stop: Stop) -> Iterator[Violation]:
        """What a halt states of itself that cannot be, wherever it lies."""
        if stop.leave < stop.arrive:
            yield self._broken("times", at, "leaves before it arrives")
        if (stop.kind == "bin") != (stop.bin is not None):
            yield self._broken("shape", at, f"a {stop.kind} that names bin {stop.bin}")
        if stop.kind in {"depart", "return"} and stop.leave != stop.arrive:
            yield self._broken("times", at, f"lasts {stop.leave - stop.arrive} s at a {stop.kind}")
        if stop.kind == "depart" and stop.metres != 0:
            yield self._broken("totals", at, f"states {stop.metres} m before its departure")
        if stop.kind != "charge" and stop.charged_kwh != 0:
            yield self._broken("charge", at, f"charges {stop.charged_kwh} kWh at a {stop.kind}")

    def _collect(self, at: int, stop: Stop, visit: Visit) -> Iterator[Violation]:
        truck, energy = self.truck, self.truck.energy
        needs = math.ceil(visit.service_seconds * truck.service_pace)
        begins = stop.leave - needs
        if stop.location != visit.location:
            yield self._broken("way", at, f"bin {visit.bin} stands at {visit.location}, not at {stop.location}")
        if begins < stop.arrive:
            yield self._broken("service", at, f"bin {visit.bin} needs {needs} s of service")
        if not visit.opens <= begins <= visit.closes or any(since <= begins < until for since, until in visit.shut):
            yield self._broken("window", at, f"bin {visit.bin} is served from {begins} s, outside its hours")
        if self.trip_began < visit.release:
            text = f"bin {visit.bin} is on a trip from {self.trip_began} s, released at {visit.release} s"
            yield self._broken("release", at, text)
        yield from self._suit(at, visit)
        self.stream = visit.stream
        self.litres += visit.litres
        self.kg += visit.kg
        self.collected_litres += visit.litres
        self.collected_kg += visit.kg
        self.kwh += energy.kwh_per_lift + energy.kwh_per_t * visit.kg / 1000
        if self.litres > truck.litres:
            yield self._broken("capacity", at, f"holds {self.litres} l of {truck.litres} l")
        if self.kg > truck.kg:
            yield self._broken("capacity", at, f"holds {self.kg} kg of {truck.kg} kg")

    def _suit(self, at: int, visit: Visit) -> Iterator[Violation]:
        truck = self.truck
        if visit.stream not in truck.streams:
            yield self._broken("stream", at, f"bin {visit.bin} holds {visit.stream}, which this truck does not collect")
        if self.stream not in {None, visit.stream}:
            yield self._broken("stream", at, f"{visit.stream} of bin {visit.bin} would lie on {self.stream}")
        if visit.narrow and not truck.narrow:
            yield self._broken("narrow", at, f"bin {visit.bin} stands in a street too narrow for this truck")

    def _tip(self, at: int, stop: Stop, site: Site) -> Iterator[Violation]:
        begins = stop.leave - site.unload_seconds
        if stop.location != site.location:
            yield self._broken("way", at, f"{site.place} lies at {site.location}, not at {stop.location}")
        if begins < stop.arrive:
            yield self._broken("unloading", at, f"{site.place} needs {site.unload_seconds} s to unload")
        waits = 0
        for since, seconds in site.queue:
            if since <= stop.arrive:
                waits = seconds
        if begins < stop.arrive + waits:
            yield self._broken(
                "unloading", at, f"waits {begins - stop.arrive} s, the queue at {site.place} is {waits} s"
            )
        if begins < site.opens or stop.leave > site.closes:
            yield self._broken("hours", at, f"{site.place} is closed for a tip from {begins} s to {stop.leave} s")
        if self.stream is not None and not site.takes(self.stream):
            yield self._broken("stream", at, f"{site.place} does not take {self.stream}")
        self.tips += 1
        if self.tips > self.truck.max_tips:
            yield self._broken("tips", at, f"tip {self.tips} of at most {self.truck.max_tips}")
        self.litres = self.kg = 0
        self.stream = None
        self.trip_began = stop.leave
        self.kwh += self.truck.energy.kwh_per_tip

    def _rest(self, at: int, stop: Stop) -> Iterator[Violation]:
        rest = self.truck.rest
        if rest is None or at == 0:
            yield self._broken("break", at, "takes a break this truck does not have")
            return
        self.rests += 1
        if stop.location != self.route.stops[at - 1].location:
            yield self._broken("break", at, "drives during its break")
        begins = stop.leave - rest.seconds
        if begins < stop.arrive:
            yield self._broken("break", at, f"rests less than {rest.seconds} s")
        if begins < rest.opens or stop.leave > rest.closes:
            yield self._broken("break", at, f"rests from {begins} s to {stop.leave} s, outside the hours of its break")

    def _charge(self, at: int, stop: Stop) -> Iterator[Violation]:
        truck = self.truck
        power = [each.charge_kw for each in (self.depots.get(stop.place or ""), self.sites.get(stop.place or ""))
                 if each is not None and each.location == stop.location]  # fmt: skip
        kw = min(truck.charge_kw, max(power, default=0.0))
        if kw <= 0 or stop.charged_kwh < 0:
            yield self._broken("charge", at, f"charges {stop.charged_kwh} kWh at {stop.place}, where it cannot")
            return
        yield from self._spare(at, stop.arrive)
        if (stop.leave - stop.arrive) * kw / 3600 < stop.charged_kwh - ENERGY:
            yield self._broken("charge", at, f"charges {stop.charged_kwh:.3f} kWh at {kw} kW in too short a time")
        self.charged += stop.charged_kwh
        if self.charged > self._drawn(stop.leave) * self._caution() + ENERGY:
            yield self._broken("charge", at, f"charges {self.charged:.3f} kWh in all, more than was used by then")

    def _drawn(self, now: int) -> float:
        """Expected kWh used since departure."""
        return self.kwh + self.truck.energy.aux_kw * (now - self.route.departs) / 3600

    def _caution(self) -> float:
        return 1 + Z90 * self.truck.energy.spread

    def _spare(self, at: int, now: int) -> Iterator[Violation]:
        """Whether nine days in ten the battery still holds what was used by `now`."""
        may = self.truck.spendable_kwh
        if may is not None and self._drawn(now) * self._caution() - self.charged > may + ENERGY:
            used = self._drawn(now) * self._caution()
            text = f"may have used {used:.1f} kWh and charged {self.charged:.1f}; it may spend {may:.1f}"
            yield self._broken("battery", at, text)

    def _compare(self, at: int, stop: Stop) -> Iterator[Violation]:
        if (stop.litres, stop.kg) != (self.litres, self.kg):
            yield self._broken("load", at, f"states {stop.litres} l, {stop.kg} kg for {self.litres} l, {self.kg} kg")
        kwh = self._drawn(stop.leave)
        yield from self._spare(at, stop.leave)
        if not abs(stop.kwh - kwh) <= ENERGY:
            yield self._broken("energy", at, f"states {stop.kwh:.3f} kWh since departure, the model says {kwh:.3f}")

    def _finish(self) -> Iterator[Violation]:
        route, truck = self.route, self.truck
        if self.litres or self.kg:
            yield self._broken("empty", None, f"comes home with {self.kg} kg on board")
        rest = truck.rest
        if rest is not None:
            due = route.departs < rest.closes - rest.seconds < route.returns
            if self.rests > 1 or (due and not self.rests):
                yield self._broken("break", None, f"takes {self.rests} breaks where one is due")
        seconds = route.returns - route.departs
        kwh = self._drawn(route.returns)
        overtime = max(0, route.returns - truck.ends)
        cost = truck.fixed_cost + truck.cost_per_km * self.metres / 1000 + truck.cost_per_hour * seconds / 3600
        cost += truck.overtime_per_hour * overtime / 3600
        for name, stated, ours, slack in (
            ("m", route.metres, self.metres, 0),
            ("kg", route.kg, self.collected_kg, 0),
            ("l", route.litres, self.collected_litres, 0),
            ("kWh", route.kwh, kwh, ENERGY),
            ("kWh at P90", route.kwh_p90, kwh * self._caution(), ENERGY),
            ("kWh charged", route.charged_kwh, self.charged, ENERGY),
            ("s of overtime", route.overtime, overtime, 0),
            ("money", route.cost, cost, MONEY),
        ):
            if not abs(stated - ours) <= slack:
                yield self._broken("totals", None, f"states {stated} {name}, its stops give {ours}")

    def _broken(self, rule: Rule, at: int | None, text: str) -> Violation:
        return Violation(rule, self.truck.truck, at, text)
