"""From the city and its judged bins to the problem the solver is given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fleet.tables import Bin, Place, Shift
from fleet.tables import Truck as TruckRow
from routing.errors import ProblemError
from routing.night.crews import man_trucks
from routing.night.due import Due, Judgement
from routing.night.gather import Situation
from routing.night.ways import Lines, Measured, PlainRoads, RoadEngine
from routing.problem import ALWAYS, Depot, Problem, Site, Visit
from routing.roads import Network

MOST_VISITS = 6_000
"""Bins one problem may hold: its matrices then take 300 MB for each class of trucks."""
NAMED = 3


@dataclass(frozen=True, slots=True)
class Roads:
    """The points of a problem: depots, disposal sites, then bins; which bins no street is near; what is left out."""

    points: tuple[tuple[float, float], ...]
    outside: tuple[str, ...]
    without: tuple[str, ...]
    """What was planned without, a sentence each."""
    crews: Mapping[str, tuple[TruckRow, Shift]]
    """Row and shift behind each truck of the problem."""
    profiles: Mapping[str, str]
    """By truck of the problem, whose roads it drives by."""
    lines: Lines
    rules: tuple[str, ...]
    """Street rules of ours that were kept."""
    engine: str
    """Who measured the roads."""


def build_problem(
    situation: Situation, judged: Mapping[str, Judgement], network: Network | RoadEngine, reserve: float
) -> tuple[Problem, Roads]:
    """State the night's problem for every bin that must or may be emptied.

    What is broken by itself (a depot or site off the streets, a truck that cannot be) is planned without, and named.

    Raises:
        ProblemError: no bins, no truck, no open disposal site, or more bins due than one plan can hold.
    """
    _refuse_nothing(situation)
    offered, held_back = _offer(situation, judged)
    opened, shut = _open_sites(situation)
    engine = PlainRoads(network) if isinstance(network, Network) else network
    places = [*situation.depots, *opened]
    points = (*((place.lat, place.lon) for place in places), *((row.lat, row.lon) for row in offered))
    measured = engine.measure(points, (*(None for _ in places), *offered), situation.crews)
    lost = _lost(places, measured, len(situation.depots))
    depots = tuple(
        Depot(place=place.place_id, location=number, charge_kw=place.truck_charger_kw)
        for number, place in enumerate(situation.depots)
        if number not in measured.off
    )
    crews = man_trucks(situation, reserve, [depot.place for depot in depots])
    if not crews.trucks:
        raise ProblemError(f"no truck can be planned with on {situation.day}: {crews.without[0]}")
    profiles = {name: measured.profiles.get(shift.shift_id, "") for name, (_, shift) in crews.rows.items()}
    first = len(situation.depots)
    sites = tuple(
        _site(situation, place, first + number)
        for number, place in enumerate(opened)
        if first + number not in measured.off
    )
    visits = tuple(
        _visit(
            situation, row, judged[row.bin_id], None if len(places) + number in measured.off else len(places) + number
        )
        for number, row in enumerate(offered)
    )
    plain = next(iter(measured.ways.values()))
    problem = Problem(
        zero=situation.zero,
        seconds=plain.seconds,
        metres=plain.metres,
        climb=plain.climb,
        ways=measured.ways if len(measured.ways) > 1 else {},
        visits=visits,
        depots=depots,
        sites=sites,
        trucks=tuple(replace(truck, profile=profiles[truck.truck]) for truck in crews.trucks),
    )
    outside = tuple(visit.bin for visit in visits if visit.location is None)
    without = (*crews.without, *shut, *lost, *held_back, *measured.notes)
    return problem, Roads(
        points, outside, without, crews.rows, profiles, measured.lines, measured.rules, measured.engine
    )


def _refuse_nothing(situation: Situation) -> None:
    if not situation.bins:
        raise ProblemError("no bins: import them with: binwatt import bins FILE")
    if not situation.crews:
        raise ProblemError(f"no truck has a shift on {situation.day}: import trucks, or give one a shift on that day")
    if not situation.disposal:
        raise ProblemError("no disposal site to unload at: import a place with disposal = true")


def _offer(situation: Situation, judged: Mapping[str, Judgement]) -> tuple[list[Bin], tuple[str, ...]]:
    """The bins the solver is given: the due, and of the others as many of the worthiest as there is room for."""
    due = [row for row in situation.bins if judged[row.bin_id].due is Due.MUST]
    if len(due) > MOST_VISITS:
        raise ProblemError(
            f"{len(due)} bins are due and one plan holds at most {MOST_VISITS}: keep each district in a store of its "
            "own, or raise plan.mandatory_p"
        )
    optional = [row for row in situation.bins if judged[row.bin_id].due is Due.MAY]
    if not due and not optional:  # a quiet night is a plan too: of one bin that is worth nothing tonight
        return [max(situation.bins, key=lambda row: judged[row.bin_id].overflow_p)], ()
    room = MOST_VISITS - len(due)
    if len(optional) <= room:
        return [row for row in situation.bins if judged[row.bin_id].due is not Due.CAN_WAIT], ()
    optional.sort(key=lambda row: (-judged[row.bin_id].value, row.bin_id))
    kept = {row.bin_id for row in (*due, *optional[:room])}
    note = f"{len(optional) - room} bins that may wait were not looked at: one plan holds at most {MOST_VISITS}"
    return [row for row in situation.bins if row.bin_id in kept], (note,)


def _open_sites(situation: Situation) -> tuple[list[Place], tuple[str, ...]]:
    opened = [place for place in situation.disposal if situation.day.weekday() in place.weekdays]
    if not opened:
        names = ", ".join(place.place_id for place in situation.disposal[:NAMED])
        raise ProblemError(
            f"no disposal site is open on {situation.day} ({names}): mend its weekdays, or plan that day off"
        )
    shut = [place.place_id for place in situation.disposal if place not in opened]
    return opened, tuple(f"disposal site {name} is shut on {situation.day:%A}" for name in shut)


def _lost(places: Sequence[Place], measured: Measured, depots: int) -> tuple[str, ...]:
    """What is said of depots and sites no street is near.

    Raises:
        ProblemError: no depot, or no site, is left.
    """
    lost = {
        number: f"place {place.place_id}: no street within reach of {place.lat:.5f}, {place.lon:.5f}; "
        "correct its position or import roads that reach it"
        for number, place in enumerate(places)
        if number in measured.off
    }
    for group in (range(depots), range(depots, len(places))):
        if group and all(number in lost for number in group):
            raise ProblemError(lost[group[0]])
    return tuple(lost.values())


def _visit(situation: Situation, row: Bin, judged: Judgement, location: int | None) -> Visit:
    # a bin nobody can see is planned at its upper fill
    fill = judged.upper_fill if judged.health in ("silent", "new") else judged.fill_then
    litres = math.ceil(fill * row.capacity_l)
    return Visit(
        bin=row.bin_id,
        location=location,
        litres=max(1, litres),
        kg=max(1, math.ceil(litres * row.density_kg_l)),
        service_seconds=row.service_seconds,
        stream=row.stream,
        mandatory=judged.due is Due.MUST,
        value=judged.value,
        narrow=row.narrow,
        shut=shut_hours(situation, row),
    )


def shut_hours(situation: Situation, row: Bin) -> tuple[tuple[int, int], ...]:
    """When the bin may not be served, in the plan's seconds: those of this day, the next, and last night's rest.

    Raises:
        ProblemError: hours that are no times of day.
    """
    found = []
    for ahead in (-1, 0, 1):
        weekday = (situation.day.weekday() + ahead) % 7
        for rule in row.shut:
            if weekday not in rule.get("weekdays", range(7)):
                continue
            try:
                since, until = (situation.on_day(str(rule[key]), ahead) for key in ("from", "until"))
                if until <= since:
                    until = situation.on_day(str(rule["until"]), ahead + 1)
            except (KeyError, ValueError):
                raise ProblemError(f"bin {row.bin_id}: its shut hours {rule} are no times; write HH:MM") from None
            if until > 0:
                found.append((max(0, since), until))
    merged: list[tuple[int, int]] = []
    for since, until in sorted(found):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((since, until))
    return tuple(merged)


def _site(situation: Situation, place: Place, location: int) -> Site:
    opens = situation.at(place.opens) if place.opens else 0
    try:
        waits = [(situation.on_day(str(at), ahead), round(float(minutes) * 60))
                 for ahead in (0, 1) for at, minutes in place.queue]  # fmt: skip
    except (TypeError, ValueError):
        raise ProblemError(f"place {place.place_id}: its queue is no list of [HH:MM, minutes]") from None
    return Site(
        place=place.place_id,
        location=location,
        unload_seconds=place.unload_seconds,
        streams=None if place.streams is None else frozenset(place.streams),
        opens=opens,
        closes=ALWAYS if place.closes is None else situation.at(place.closes, after=opens),
        queue=tuple(sorted(waits)),
        charge_kw=place.truck_charger_kw,
    )
