"""What every solver of the benchmark answers, and one neutral measure of it.

A solver's answer is `Rounds`: per truck the names it halts at in order, bins and disposal sites. `drive` times them as
early as can be, and the product's independent checker has the last word on the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from routing.check import check
from routing.plan import Left, Plan, Reason, Route, Stop
from routing.problem import Problem, Truck, Visit

Rounds = Mapping[str, Sequence[str]]

MISSED = 1_000.0
"""Price of a mandatory bin left: far more than any way to serve it costs (money of the benchmark is kilometres)."""


@dataclass(frozen=True, slots=True)
class Score:
    """A plan measured: `cost` is driving plus the prizes left plus `MISSED` for each mandatory bin left."""

    cost: float
    driving: float
    prizes_left: float
    missed: int
    trucks: int
    served: int
    tips: int


class NotAPlan(Exception):
    """What a solver answered breaks a rule of the problem; the text says which."""


def drive(problem: Problem, rounds: Rounds) -> Plan:
    """The plan that halts where `rounds` say, each truck from its earliest start and as early as can be at each halt.

    Holds for trucks that take no break, sites that are always open and energy that runs by the kilometre: what the
    benchmark's problems are made of. `measure` finds out if a problem is not.
    """
    trucks = {truck.truck: truck for truck in problem.trucks}
    routes = tuple(_drive_one(problem, trucks[name], halts) for name, halts in rounds.items() if halts)
    served = {name for route in routes for name in route.bins}
    return Plan(
        zero=problem.zero,
        routes=routes,
        left=tuple(
            Left(
                bin=visit.bin,
                reason=Reason.CAPACITY if visit.mandatory else Reason.NOT_NEEDED,
                mandatory=visit.mandatory,
            )
            for visit in problem.visits
            if visit.bin not in served
        ),
        cost=sum(route.cost for route in routes),
        metres=sum(route.metres for route in routes),
        seconds=sum(route.returns - route.departs for route in routes),
        kwh=sum(route.kwh for route in routes),
    )


def measure(problem: Problem, plan: Plan) -> Score:
    """The score of `plan`. Raises NotAPlan when the independent checker finds a violation."""
    broken = check(problem, plan)
    if broken:
        first = broken[0]
        raise NotAPlan(
            f"{len(broken)} violations; the first: {first.rule} of {first.truck or 'the plan'}: {first.text}"
        )
    served = {name for route in plan.routes for name in route.bins}
    left = [visit for visit in problem.visits if visit.bin not in served]
    missed = sum(visit.mandatory for visit in left)
    prizes = sum(visit.value for visit in left if not visit.mandatory)
    driving = sum(route.cost for route in plan.routes)
    return Score(
        cost=driving + prizes + MISSED * missed,
        driving=driving,
        prizes_left=prizes,
        missed=missed,
        trucks=len(plan.routes),
        served=len(served),
        tips=sum(route.tips for route in plan.routes),
    )


def trim(problem: Problem, rounds: Rounds) -> dict[str, list[str]]:
    """`rounds` without the halts no truck can keep: the last bin before each broken rule goes until none is broken.

    For answers of peers that end before they found a feasible plan: what is left counts, and each bin taken off that
    was mandatory counts as missed.
    """
    kept: dict[str, list[str]] = {}
    visits = {visit.bin: visit for visit in problem.visits}
    trucks = {truck.truck: truck for truck in problem.trucks}
    for name, halts in rounds.items():
        short = list(halts)
        while short:
            broken = [
                violation
                for violation in check(problem, drive(problem, {name: short}))
                if violation.truck == name and violation.rule != "bins"
            ]
            if not broken or not any(halt in visits for halt in short):
                break
            bins = [at for at, halt in enumerate(short) if halt in visits]
            stop = broken[0].stop
            before = [at for at in bins if stop is None or at < stop]
            del short[before[-1] if before else bins[0]]
            short = [
                halt for at, halt in enumerate(short) if halt in visits or (at and short[at - 1] in visits)
            ]  # a tip of nothing goes too
        if any(halt in visits for halt in short) and name in trucks:
            kept[name] = short
    return kept


def shed(problem: Problem, rounds: Rounds) -> dict[str, list[str]]:
    """`rounds` without the optional bins whose detour costs more than they are worth, the worst first."""
    visits = {visit.bin: visit for visit in problem.visits}
    where = {name: visit.location for name, visit in visits.items()} | {
        site.place: site.location for site in problem.sites
    }
    prices = {truck.truck: truck.cost_per_km / 1000 for truck in problem.trucks}
    home = {truck.truck: problem.depot_of(truck).location for truck in problem.trucks}
    kept: dict[str, list[str]] = {}
    for truck, halts in rounds.items():
        short = list(halts)
        while True:
            stops = [home[truck], *(where[halt] for halt in short), home[truck]]
            gains = [
                (
                    prices[truck] * float(problem.metres[a, b] + problem.metres[b, c] - problem.metres[a, c])
                    - visits[halt].value,
                    at,
                )
                for at, (halt, a, b, c) in enumerate(zip(short, stops, stops[1:], stops[2:], strict=False))
                if halt in visits and not visits[halt].mandatory
            ]
            best = max(gains, default=(0.0, 0))
            if best[0] <= 0:
                break
            del short[best[1]]
        kept[truck] = short
    return kept


def _left(visit: Visit) -> Left:
    reason = Reason.CAPACITY if visit.mandatory else Reason.NOT_NEEDED
    return Left(bin=visit.bin, reason=reason, mandatory=visit.mandatory)


def _trip_releases(halts: Sequence[str], visits: Mapping[str, Visit]) -> list[int]:
    """For the start and each halt: when at the earliest a trip that begins there may leave; 0 where none begins."""
    waits, trip = [0] * (len(halts) + 1), 0
    for at, name in enumerate(halts, 1):
        if name in visits:
            waits[trip] = max(waits[trip], visits[name].release)
        else:
            trip = at
    return waits


def _drive_one(problem: Problem, truck: Truck, halts: Sequence[str]) -> Route:
    visits = {visit.bin: visit for visit in problem.visits}
    sites = {site.place: site for site in problem.sites}
    home = problem.depot_of(truck)
    energy = truck.energy
    waits = _trip_releases(halts, visits)
    at, now = home.location, max(truck.starts, waits[0])
    departs = now
    litres = kg = metres = all_litres = all_kg = 0
    kwh = 0.0
    stops = [
        Stop(kind="depart", location=at, arrive=now, leave=now, metres=0, litres=0, kg=0, kwh=0.0, place=home.place)
    ]
    for release, name in zip((*waits[1:], 0), (*halts, home.place), strict=True):
        visit, site = visits.get(name), sites.get(name)
        where = visit.location if visit else site.location if site else home.location
        if where is None:
            raise NotAPlan(f"{truck.truck} halts at {name}, which lies outside the network")
        way = int(problem.metres[at, where]) if where != at else 0
        arrive = now + (int(problem.seconds[at, where]) if where != at else 0)
        kwh += way / 1000 * (energy.kwh_per_km + energy.kwh_per_t_km * kg / 1000)
        metres, at, now = metres + way, where, arrive
        if visit:
            now = max(arrive, visit.opens) + visit.service_seconds
            litres, kg = litres + visit.litres, kg + visit.kg
            all_litres, all_kg = all_litres + visit.litres, all_kg + visit.kg
            kwh += energy.kwh_per_lift + energy.kwh_per_t * visit.kg / 1000
        elif site:
            now = max(max(arrive, site.opens) + site.unload_seconds, release)
            litres = kg = 0
            kwh += energy.kwh_per_tip
        stops.append(
            Stop(
                kind="bin" if visit else "tip" if site else "return",
                location=at,
                arrive=arrive,
                leave=now,
                metres=way,
                litres=litres,
                kg=kg,
                kwh=kwh + energy.aux_kw * (now - departs) / 3600,
                bin=visit.bin if visit else None,
                place=None if visit else name,
            )
        )
    seconds = now - departs
    kwh += energy.aux_kw * seconds / 3600
    return Route(
        truck=truck.truck,
        departs=departs,
        returns=now,
        stops=tuple(stops),
        metres=metres,
        kg=all_kg,
        litres=all_litres,
        kwh=kwh,
        kwh_p90=kwh * (1 + 1.2815515655446004 * energy.spread),
        cost=truck.fixed_cost + truck.cost_per_km * metres / 1000 + truck.cost_per_hour * seconds / 3600,
    )
