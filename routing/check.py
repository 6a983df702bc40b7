"""The independent checker: every rule of the problem, held against a plan, from the matrix and the visits alone.

It shares no code with any solver and believes none of a plan's figures: arrival times, loads, energy, cost and totals
are all worked out again. The energy formula of `routing.energy` is restated here on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routing.plan import Plan, Route, Stop
    from routing.problem import Problem, Site, Truck, Visit

Rule = Literal[
    "bins", "fleet", "way", "times", "window", "service", "unloading", "hours", "shift", "break",
    "stream", "narrow", "capacity", "load", "empty", "tips", "energy", "battery", "totals", "shape",
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


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Every rule `plan` breaks, in the order of its routes; empty when it may be published."""
    return tuple(_check(problem, plan))


def _check(problem: Problem, plan: Plan) -> Iterator[Violation]:
    if plan.zero != problem.zero:
        yield Violation("times", "", None, f"counts from {plan.zero}, the problem from {problem.zero}")
    yield from _check_bins(problem, plan)
    trucks = {truck.truck: truck for truck in problem.trucks}
    used: set[str] = set()
    for route in plan.routes:
        if route.truck in used:
            yield Violation("fleet", route.truck, None, "has two routes in one shift")
        used.add(route.truck)
        if route.truck not in trucks:
            yield Violation("fleet", route.truck, None, "is not a truck of this problem")
            continue
        yield from _Walk(problem, trucks[route.truck], route).violations()
    for name, stated, ours, slack in (
        ("metres", plan.metres, sum(route.metres for route in plan.routes), 0),
        ("seconds", plan.seconds, sum(route.returns - route.departs for route in plan.routes), 0),
        ("kWh", plan.kwh, sum(route.kwh for route in plan.routes), ENERGY),
        ("cost", plan.cost, sum(route.cost for route in plan.routes), MONEY),
    ):
        if not abs(stated - ours) <= slack:
            yield Violation("totals", "", None, f"plan states {stated} {name}, its routes sum to {ours}")


def _check_bins(problem: Problem, plan: Plan) -> Iterator[Violation]:
    visits = {visit.bin: visit for visit in problem.visits}
    times: dict[str, int] = {}
    for route in plan.routes:
        for name in route.bins:
            times[name] = times.get(name, 0) + 1
            if name not in visits:
                yield Violation("bins", route.truck, None, f"bin {name} is not in this problem")
            elif times[name] == 2:
                yield Violation("bins", route.truck, None, f"bin {name} is visited more than once")
    left: set[str] = set()
    for entry in plan.left:
        if entry.bin in left or entry.bin in times:
            yield Violation("bins", "", None, f"bin {entry.bin} is listed as left, and visited or listed before")
        left.add(entry.bin)
        if entry.bin not in visits:
            yield Violation("bins", "", None, f"left bin {entry.bin} is not in this problem")
        elif entry.mandatory != visits[entry.bin].mandatory:
            yield Violation("bins", "", None, f"left bin {entry.bin} is listed with mandatory={entry.mandatory}")
    for name in visits.keys() - times.keys() - left:
        yield Violation("bins", "", None, f"bin {name} is neither visited nor listed as left")


class _Walk:
    """One route driven again, stop by stop, on our own figures."""

    def __init__(self, problem: Problem, truck: Truck, route: Route) -> None:
        self.problem = problem
        self.truck = truck
        self.route = route
        self.visits = {visit.bin: visit for visit in problem.visits}
        self.sites = {site.place: site for site in problem.sites}
        self.home = problem.depot_of(truck).location
        self.litres = self.kg = self.metres = self.tips = self.rests = 0
        self.collected_litres = self.collected_kg = 0
        self.kwh = 0.0
        self.stream: str | None = None

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
        if route.returns > truck.ends:
            yield self._broken("shift", None, f"returns at {route.returns} s, its shift ends at {truck.ends} s")
        if stops[0].location != self.home or stops[-1].location != self.home:
            yield self._broken("shape", None, f"does not start and end at its depot {truck.depot}")
        for at, stop in enumerate(stops):
            if at:
                yield from self._drive(at, stops[at - 1], stop)
            yield from self._halt(at, stop)
            yield from self._compare(at, stop)
        yield from self._finish()

    def _drive(self, at: int, before: Stop, stop: Stop) -> Iterator[Violation]:
        seconds = int(self.problem.seconds[before.location, stop.location])
        metres = int(self.problem.metres[before.location, stop.location])
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

    def _halt(self, at: int, stop: Stop) -> Iterator[Violation]:
        if stop.leave < stop.arrive:
            yield self._broken("times", at, "leaves before it arrives")
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
        elif (stop.kind == "depart") != (at == 0) or (stop.kind == "return") != (at == len(self.route.stops) - 1):
            yield self._broken("shape", at, f"a {stop.kind} in the middle of a route")

    def _collect(self, at: int, stop: Stop, visit: Visit) -> Iterator[Violation]:
        truck, energy = self.truck, self.truck.energy
        begins = stop.leave - visit.service_seconds
        if stop.location != visit.location:
            yield self._broken("way", at, f"bin {visit.bin} stands at {visit.location}, not at {stop.location}")
        if begins < stop.arrive:
            yield self._broken("service", at, f"bin {visit.bin} needs {visit.service_seconds} s of service")
        if not visit.opens <= begins <= visit.closes:
            yield self._broken("window", at, f"bin {visit.bin} is served from {begins} s, outside its hours")
        if visit.stream not in truck.streams:
            yield self._broken("stream", at, f"bin {visit.bin} holds {visit.stream}, which this truck does not collect")
        if self.stream not in {None, visit.stream}:
            yield self._broken("stream", at, f"{visit.stream} of bin {visit.bin} would lie on {self.stream}")
        if visit.narrow and not truck.narrow:
            yield self._broken("narrow", at, f"bin {visit.bin} stands in a street too narrow for this truck")
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

    def _tip(self, at: int, stop: Stop, site: Site) -> Iterator[Violation]:
        begins = stop.leave - site.unload_seconds
        if stop.location != site.location:
            yield self._broken("way", at, f"{site.place} lies at {site.location}, not at {stop.location}")
        if begins < stop.arrive:
            yield self._broken("unloading", at, f"{site.place} needs {site.unload_seconds} s to unload")
        if begins < site.opens or stop.leave > site.closes:
            yield self._broken("hours", at, f"{site.place} is closed for a tip from {begins} s to {stop.leave} s")
        if self.stream is not None and not site.takes(self.stream):
            yield self._broken("stream", at, f"{site.place} does not take {self.stream}")
        self.tips += 1
        if self.tips > self.truck.max_tips:
            yield self._broken("tips", at, f"tip {self.tips} of at most {self.truck.max_tips}")
        self.litres = self.kg = 0
        self.stream = None
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

    def _compare(self, at: int, stop: Stop) -> Iterator[Violation]:
        if (stop.litres, stop.kg) != (self.litres, self.kg):
            yield self._broken("load", at, f"states {stop.litres} l, {stop.kg} kg for {self.litres} l, {self.kg} kg")
        kwh = self.kwh + self.truck.energy.aux_kw * (stop.leave - self.route.departs) / 3600
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
        kwh = self.kwh + truck.energy.aux_kw * seconds / 3600
        kwh_p90 = kwh * (1 + Z90 * truck.energy.spread)
        cost = truck.fixed_cost + truck.cost_per_km * self.metres / 1000 + truck.cost_per_hour * seconds / 3600
        if truck.spendable_kwh is not None and kwh_p90 > truck.spendable_kwh + ENERGY:
            yield self._broken("battery", None, f"may need {kwh_p90:.1f} kWh, may spend {truck.spendable_kwh:.1f}")
        for name, stated, ours, slack in (
            ("m", route.metres, self.metres, 0),
            ("kg", route.kg, self.collected_kg, 0),
            ("l", route.litres, self.collected_litres, 0),
            ("kWh", route.kwh, kwh, ENERGY),
            ("kWh at P90", route.kwh_p90, kwh_p90, ENERGY),
            ("money", route.cost, cost, MONEY),
        ):
            if not abs(stated - ours) <= slack:
                yield self._broken("totals", None, f"states {stated} {name}, its stops give {ours}")

    def _broken(self, rule: Rule, at: int | None, text: str) -> Violation:
        return Violation(rule, self.truck.truck, at, text)
