"""A synthetic Berkane: streets drawn from a seed, strongly connected, with the statistics of its real neighbours.

The town does not exist and its names are fictional; only its place, size and figures are those of Berkane in Morocco.
Through roads come first as smooth curves, lattices of small streets are cut by them, links dropped until most
junctions are T-shaped, and what is left is bent, turned and named.

Off its targets: primary roads are 5 % of the city's length and 18 % of the small town's (neighbours: 2 to 4 %), because
the national road runs on to the landfill; links of the small town are 2 % longer than the crow flies (3 to 7 %); the
way back differs from the way there by 4 % at the median (10 to 15 %), and roads are 1.4 times the crow's line (1.6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .arterials import Extent, Highway, draw_arterials
from .draft import Draft, Row, Stretch
from .lattice import lay_streets, trace
from .names import name_road, name_street
from .plane import Plane, Point, measure_line
from .traffic import Ban, ban_turns, choose_limits, choose_one_ways

if TYPE_CHECKING:
    from .arterials import Arterials, Curve

Size = Literal["small", "city"]
Limit = Literal["arch", "alley"]

BERKANE = Plane(lat=34.92, lon=-2.32)
EXTENTS: dict[Size, Extent] = {
    "small": Extent(width=2300, height=1500, east=3, north=3, grain=0.86),
    "city": Extent(width=5500, height=3700, east=5, north=7, grain=1.0),
}
BEARING = math.radians(9)  # the whole town lies a little askew
LANDFILL_METRES = 7100.0  # east of the centre, by the national road
COUNTRY_STEP_METRES = 650.0


@dataclass(frozen=True, slots=True)
class Street:
    """What the links of one street share."""

    name: str
    name_ar: str
    highway: Highway


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of street between two junctions; `line` runs from `a` to `b`, and so does the traffic of a one-way."""

    a: int
    b: int
    line: tuple[Point, ...]
    street: int
    one_way: bool
    limit: Limit | None

    @property
    def metres(self) -> float:
        return measure_line(self.line)


@dataclass(frozen=True, slots=True)
class Streets:
    """The network: junctions in metres on `plane`, links between them, signals, banned turns, the river's line."""

    plane: Plane
    junctions: tuple[Point, ...]
    streets: tuple[Street, ...]
    links: tuple[Link, ...]
    signals: tuple[int, ...]
    bans: tuple[Ban, ...]
    river: tuple[Point, ...]
    depot: int
    landfill: int


def draw_streets(seed: int, size: Size) -> Streets:
    """The town of this seed and size; equal arguments give equal towns. `small` has a fifth of the city's junctions."""
    extent = EXTENTS[size]
    arterials = draw_arterials(extent, seed)
    rng = np.random.default_rng((seed, 3))
    draft = lay_streets(extent, arterials, seed)
    _thin(draft, rng)
    draft.keep_largest()
    depot = _add_depot(draft, extent)
    landfill = _lead_out(draft, arterials, extent, rng)
    draft.straighten()
    _bend(draft, rng)
    return _finish(draft, arterials, extent, seed, (depot, landfill))


def _thin(draft: Draft, rng: np.random.Generator) -> None:
    """Turn crossings of four into T-junctions, by dropping links and by cutting some into blind alleys."""
    numbers = np.array([n for n, link in draft.links.items() if not link.fixed])
    rng.shuffle(numbers)
    for number, roll, cut in zip(
        numbers.tolist(), rng.random(numbers.size), rng.uniform(0.45, 0.75, numbers.size), strict=True
    ):
        link = draft.links[number]
        degrees = draft.degree(link.a), draft.degree(link.b)
        if (min(degrees) >= 4 and roll < 0.44) or (min(degrees) == 3 and roll > 0.91):
            draft.drop(number)
        elif max(degrees) >= 4 and min(degrees) >= 3 and roll < 0.27:
            draft.drop(number)
            kept, far = (link.a, link.b) if degrees[0] < degrees[1] else (link.b, link.a)
            (x0, y0), (x1, y1) = draft.points[kept], draft.points[far]
            end = draft.place((x0 + (x1 - x0) * cut, y0 + (y1 - y0) * cut))
            draft.join(Stretch(kept, end, link.highway, link.row))


def _add_depot(draft: Draft, extent: Extent) -> int:
    """A yard off a through road in the south-east: the road gets a junction, the yard a short service road."""
    goal = (0.16 * extent.width, -0.3 * extent.height)
    roads = [n for n, link in draft.links.items() if link.fixed and len(link.bends) <= 1]
    nearest = min(roads, key=lambda n: math.dist(draft.points[draft.links[n].a], goal))
    link = draft.drop(nearest)
    (x0, y0), (x1, y1) = draft.points[link.a], draft.points[link.b]
    gate = draft.place(((x0 + x1) / 2, (y0 + y1) / 2))
    draft.join(Stretch(link.a, gate, link.highway, link.row, fixed=True))
    draft.join(Stretch(gate, link.b, link.highway, link.row, fixed=True))
    reach = 32 / math.hypot(x1 - x0, y1 - y0)
    yard = draft.place(((x0 + x1) / 2 + (y1 - y0) * reach, (y0 + y1) / 2 - (x1 - x0) * reach))
    draft.join(Stretch(gate, yard, "service", Row(-2, "depot", 0), fixed=True))
    return yard


def _lead_out(draft: Draft, arterials: Arterials, extent: Extent, rng: np.random.Generator) -> int:
    """The primary roads leave town, with farm tracks beside them; the eastern one ends at the landfill."""
    for c, curve in enumerate(arterials.curves):
        if curve.highway != "primary":
            continue
        row = Row(-1, curve.heading, c)
        ends = {j for link in draft.links.values() if link.row == row for j in (link.a, link.b)}
        axis = 0 if curve.heading == "east" else 1
        first, last = (pick(ends, key=lambda j: draft.points[j][axis]) for pick in (min, max))
        reach = LANDFILL_METRES if axis == 0 else extent.height / 2 + 1900
        _lead(draft, curve, row, (first, -extent.width / 2 - 1500 if axis == 0 else -extent.height / 2 - 900), rng)
        end = _lead(draft, curve, row, (last, reach), rng)
        if axis == 0:
            x, y = draft.points[end]
            landfill = draft.place((x + 160, y - 380))
            draft.join(Stretch(end, landfill, "service", Row(-2, "landfill", 0), [(x + 30, y - 150)], fixed=True))
    return landfill


def _lead(draft: Draft, curve: Curve, row: Row, stretch: tuple[int, float], rng: np.random.Generator) -> int:
    here, goal = stretch
    axis = 0 if curve.heading == "east" else 1
    along = draft.points[here][axis]
    stops = max(1, round(abs(goal - along) / COUNTRY_STEP_METRES))
    for k in range(1, stops + 1):
        ahead = along + (goal - along) / (stops - k + 1)
        there = draft.place(curve.point(ahead))
        draft.join(Stretch(here, there, curve.highway, row, trace(curve, along, ahead), fixed=True))
        if k < stops:
            x, y = draft.points[there]
            length = rng.uniform(140, 330) * rng.choice((-1, 1))
            track = draft.place(
                (x + rng.normal(0, 40), y + length) if axis == 0 else (x + length, y + rng.normal(0, 40))
            )
            draft.join(Stretch(there, track, "unclassified", Row(-3, row.axis, there)))
        here, along = there, ahead
    return here


def _bend(draft: Draft, rng: np.random.Generator) -> None:
    """Most of the straight small streets get a dog-leg."""
    for link in draft.links.values():
        (x0, y0), (x1, y1) = draft.points[link.a], draft.points[link.b]
        roll, where, aside = rng.random(), rng.uniform(0.3, 0.7), rng.uniform(0.13, 0.25) * rng.choice((-1, 1))
        if link.fixed or link.bends or math.hypot(x1 - x0, y1 - y0) < 40 or roll > 0.58:
            continue
        link.bends.append((x0 + (x1 - x0) * where - (y1 - y0) * aside, y0 + (y1 - y0) * where + (x1 - x0) * aside))


def _settle(point: Point) -> Point:
    """From the drawing board to the ground: long swells bend everything alike, then the town is turned."""
    x, y = point
    x, y = x + 38 * math.sin(y / 260 + 0.7), y + 34 * math.sin(x / 300 + 1.9)
    c, s = math.cos(BEARING), math.sin(BEARING)
    return round(x * c - y * s, 2), round(x * s + y * c, 2)


def _finish(draft: Draft, arterials: Arterials, extent: Extent, seed: int, places: tuple[int, int]) -> Streets:
    """Numbers without gaps, names, one-ways, limits and turn bans."""
    number = {old: new for new, old in enumerate(j for j in range(len(draft.points)) if draft.at[j])}
    junctions = tuple(_settle(draft.points[old]) for old in number)
    rows = {row: k for k, row in enumerate(dict.fromkeys(link.row for link in draft.links.values()))}
    classes = {link.row: link.highway for link in draft.links.values()}
    stretches = list(draft.links.values())
    lines = [(junctions[number[s.a]], *(_settle(p) for p in s.bends), junctions[number[s.b]]) for s in stretches]
    ends = np.array([(number[s.a], number[s.b]) for s in stretches])
    flow = choose_one_ways(stretches, lines, ends, extent, np.random.default_rng((seed, 4)))
    limits = choose_limits(stretches, lines, ends, flow, np.random.default_rng((seed, 5)))
    links = tuple(
        Link(int(a), int(b), line, rows[s.row], bool(way), limit)
        if way >= 0
        else Link(int(b), int(a), line[::-1], rows[s.row], one_way=True, limit=limit)
        for s, line, (a, b), way, limit in zip(stretches, lines, ends, flow, limits, strict=True)
    )
    signals, bans = ban_turns(
        [(link.a, link.b, link.line, stretch.row) for link, stretch in zip(links, stretches, strict=True)],
        np.random.default_rng((seed, 6)),
    )
    quarters = {q: k for k, q in enumerate(sorted({row.quarter for row in rows if row.quarter >= 0}))}
    river = arterials.river
    span = np.arange(-0.75 * extent.height, 0.75 * extent.height, 60.0).tolist()
    return Streets(
        plane=BERKANE,
        junctions=junctions,
        streets=tuple(_name(row, k, classes[row], quarters) for row, k in rows.items()),
        links=links,
        signals=signals,
        bans=bans,
        river=tuple(_settle(river.point(along)) for along in span),
        depot=number[places[0]],
        landfill=number[places[1]],
    )


def _name(row: Row, number: int, highway: Highway, quarters: dict[int, int]) -> Street:
    if row.quarter == -1:
        return Street(*name_road(row.number, main=highway == "primary"), highway)
    if row.quarter == -2:
        fr, ar = ("Accès du dépôt", "مدخل المستودع") if row.axis == "depot" else ("Accès de la décharge", "مدخل المطرح")
        return Street(fr, ar, highway)
    if row.quarter == -3:
        return Street(f"Piste {number}", f"مسلك {number}", highway)
    return Street(*name_street(number, quarters[row.quarter]), highway)
