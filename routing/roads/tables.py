"""The night's one call: matrices for every profile, with the rules in force, from the shelf where it has them.

`tables = measure_tables(network, points, profiles, day, …)`; then `tables.ways[profile.key]` and `tables.legs(…)`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final, Protocol

import numpy as np

from routing.errors import RouterError
from routing.problem import Ways
from routing.roads.adapt import adapt, turn_round
from routing.roads.arrays import F64, I64, Flags
from routing.roads.legs import Leg, route_geometry
from routing.roads.matrix import UNREACHABLE, Cells, measure_cells
from routing.roads.network import Network
from routing.roads.overrides import Override, find_links
from routing.roads.router import BUILT_IN, Router
from routing.roads.search import Places
from routing.roads.snap import Points, snap_points
from routing.roads.speeds import Speeds
from routing.roads.vehicles import Profile

MOST_KEPT: Final = 2500
"""Points of a matrix that is kept between nights: 50 MB, and a city of this size is measured anew in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A matrix of another night: (n, 3) latitude, longitude, kerb; and its cells."""

    points: F64
    cells: Cells


class Shelf(Protocol):
    """Where matrices lie between nights."""

    def fetch(self, key: str) -> Kept | None:
        """The matrix kept under this key."""

    def keep(self, key: str, engine: str, kept: Kept) -> None:
        """Keep a matrix, in place of the one under this key."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Ways between points for each profile, and how they came about.

    `engine` measured them; `fell_back` says why it was not the one asked. `rules` tells each rule of ours that held, or
    matches no street. `cut_off` names by profile the points near a street that this class cannot come to or leave.
    `computed` counts the points searched from anew, over all profiles.
    """

    ways: dict[str, Ways]
    off_network: tuple[int, ...]
    cut_off: dict[str, tuple[int, ...]]
    engine: str
    fell_back: str | None
    rules: tuple[str, ...]
    computed: int
    points: F64
    kerb: Flags
    networks: dict[str, Network]
    profiles: dict[str, Profile]
    router: Router | None = None

    def legs(self, profile: str, locations: Sequence[int]) -> tuple[Leg, ...]:
        """The streets from each location to the next, along the same ways as the profile's matrix.

        Where the engine that measured does not answer any more, the built-in network draws them. Errors as
        `route_geometry`.
        """
        at = np.array(locations, np.int64)
        if self.router is not None and self.fell_back is None:
            try:
                return self.router.route(self.points[at], self.profiles[profile])
            except RouterError:
                pass
        return route_geometry(self.networks[profile], self.points[at], kerb=self.kerb[at].tolist())


def measure_tables(
    network: Network,
    points: Points,
    profiles: Sequence[Profile],
    day: date,
    overrides: Sequence[Override] = (),
    *,
    speeds: Speeds | None = None,
    kerb: Sequence[bool] | None = None,
    shelf: Shelf | None = None,
    router: Router | None = None,
) -> Tables:
    """Measure the ways between points for every profile.

    Profiles that meet the same streets share one matrix. `router` is asked first where it is given; where it cannot
    answer, or rules of ours hold that it does not know, the built-in network answers and the result says why.

    Raises:
        RoadsError: a point is no place on Earth.
    """
    table = np.array(points, np.float64).reshape(-1, 2)
    flags = np.zeros(len(table), bool) if kerb is None else np.array(kerb, bool)
    snaps = snap_points(network, table)
    networks = {profile.key: adapt(network, profile, day, overrides, speeds) for profile in profiles}
    named = {profile.key: profile for profile in profiles}
    rules, held = _tell_rules(network, named.values(), day, overrides)
    spots = np.column_stack((table, flags))
    fell_back = f"{router.name} does not know the {held} street rules in force" if router and held else None
    found: dict[str, _Found] = {}
    if router is not None and fell_back is None:
        try:
            found = {key: _ask(router, network.key, named[key], spots, snaps.edge >= 0, shelf) for key in networks}
        except RouterError as error:
            fell_back = str(error)
    if not found:
        found = _measure(networks, spots, shelf)
    on = snaps.edge >= 0
    return Tables(
        ways={key: one.ways for key, one in found.items()},
        off_network=snaps.off_network,
        cut_off={key: _cut_off(one.ways, on) for key, one in found.items()},
        engine=router.name if router is not None and fell_back is None else BUILT_IN,
        fell_back=fell_back,
        rules=rules,
        computed=sum(one.computed for one in {id(one): one for one in found.values()}.values()),
        points=table,
        kerb=flags,
        networks=networks,
        profiles=named,
        router=router,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    ways: Ways
    computed: int


def _measure(networks: dict[str, Network], spots: F64, shelf: Shelf | None) -> dict[str, _Found]:
    """By the built-in network; profiles with the same costs and turns are measured once."""
    made: dict[str, _Found] = {}
    marks = {key: _mark(network) for key, network in networks.items()}
    for key, network in networks.items():
        if marks[key] not in made:
            made[marks[key]] = _fill(marks[key], BUILT_IN, partial(_search, network), spots, shelf)
    return {key: made[mark] for key, mark in marks.items()}


def _search(network: Network, points: F64, origins: I64, targets: I64) -> Cells:
    """Cells by searching from the origins, or back from the targets where these are fewer."""
    places = Places.from_snaps(network, snap_points(network, points[:, :2]), points[:, 2] > 0)
    if len(targets) >= len(origins):
        return measure_cells(network, places, origins, targets)
    back = measure_cells(turn_round(network), places.reversed, targets, origins)
    return Cells(*(part.T for part in back.parts()))


def _ask(router: Router, key: str, profile: Profile, spots: F64, on: Flags, shelf: Shelf | None) -> _Found:
    """By an engine elsewhere, which is not asked about points off our own network: it might put them anywhere."""

    def measure(points: F64, origins: I64, targets: I64) -> Cells:
        return router.cells(points[:, :2], origins, targets, profile)

    # the imported network's key stands for the map in use: nothing in an engine's answers tells its own
    mark = hashlib.sha256(f"{router.mark}|{key}|{profile.vehicle.key}".encode()).hexdigest()
    asked = _fill(mark, router.name, measure, spots[on], shelf)
    whole = [np.full((len(spots), len(spots)), -1, np.int32) for _ in range(2)]
    for table, part in zip(whole, (asked.ways.seconds, asked.ways.metres), strict=True):
        table[np.ix_(on, on)] = part
        table.setflags(write=False)
    return _Found(Ways(seconds=whole[0], metres=whole[1]), asked.computed)


class _Measure(Protocol):
    def __call__(self, points: F64, origins: I64, targets: I64, /) -> Cells: ...


def _fill(mark: str, engine: str, measure: _Measure, spots: F64, shelf: Shelf | None) -> _Found:
    """Cells over all spots: what the shelf has is taken, the rest measured and added to it."""
    kept = shelf.fetch(mark) if shelf is not None else None
    row_of: dict[tuple[float, ...], int] = {}
    for spot in [] if kept is None else kept.points.tolist():
        row_of[tuple(spot)] = len(row_of)
    before = len(row_of)
    places = [row_of.setdefault(tuple(spot), len(row_of)) for spot in spots.tolist()]
    if len(row_of) > MOST_KEPT:  # too many for the shelf: tonight's alone
        kept, before, row_of = None, 0, {}
        places = [row_of.setdefault(tuple(spot), len(row_of)) for spot in spots.tolist()]
    row = np.array(places, np.int64)
    points = np.array(list(row_of), float).reshape(-1, 3)
    if kept is not None and before == len(points):
        return _Found(_as_ways(kept.cells, row), 0)
    every, new = np.arange(len(points)), np.arange(before, len(points))
    if kept is None or 2 * len(new) >= len(points):
        cells, new = measure(points, every, every), every
    else:
        cells = Cells.unknown(len(points), len(points), climbs=kept.cells.climb is not None)
        old = np.arange(before)
        _lay(cells, old, old, kept.cells)
        _lay(cells, new, every, measure(points, new, every))
        _lay(cells, old, new, measure(points, old, new))
    if shelf is not None and 0 < len(points) <= MOST_KEPT:
        shelf.keep(mark, engine, Kept(points, cells))
    return _Found(_as_ways(cells, row), len(new))


def _lay(cells: Cells, rows: I64, columns: I64, part: Cells) -> None:
    for whole, block in zip(cells.parts(), part.parts(), strict=True):
        whole[np.ix_(rows, columns)] = block


def _as_ways(cells: Cells, row: I64) -> Ways:
    block = np.ix_(row, row)
    parts = (part[block] for part in cells.parts())
    seconds, metres, *climb = (np.where(part >= UNREACHABLE, -1, part).astype(np.int32) for part in parts)
    for part in (seconds, metres, *climb):
        part.setflags(write=False)
    return Ways(seconds=seconds, metres=metres, climb=climb[0] if climb else None)


def _tell_rules(
    network: Network, profiles: Iterable[Profile], day: date, overrides: Sequence[Override]
) -> tuple[tuple[str, ...], int]:
    """A line for each rule that holds for any profile, and how many there are."""
    profiles = tuple(profiles)
    held = [override for override in overrides if any(override.holds(profile, day) for profile in profiles)]
    lost = [override for override in held if not len(find_links(network, override)[0])]
    lines = [
        one.tell() + (": no street of the network lies there; mend or end it" if one in lost else "") for one in held
    ]
    return tuple(lines), len(held) - len(lost)


def _cut_off(ways: Ways, on: Flags) -> tuple[int, ...]:
    """Points near a street that no other point of them is reached from."""
    lone = (ways.seconds < 0).sum(axis=1) >= len(on)
    return tuple(np.flatnonzero(on & lone).tolist())


def _mark(network: Network) -> str:
    """Same mark, same matrix: the network and what was patched of it."""
    digest = hashlib.sha256(network.key.encode())
    if network.surveyed is not None:
        for array in (network.edge_seconds, network.turn_start, network.turn_to):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
