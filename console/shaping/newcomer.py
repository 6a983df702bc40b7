"""A bin the plan was not offered: measured on the streets and taken into the problem, when a person asks for it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from routing.edit.widen import Legs, widen
from routing.errors import EditError
from routing.problem import Visit
from routing.roads import UNREACHABLE, Network
from routing.roads.matrix import measure_cells
from routing.roads.search import Places
from routing.roads.snap import MAX_SNAP_M, snap_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.shaping.rows import Facts
    from fleet.tables import Bin
    from routing.problem import Problem


def take_in(problem: Problem, row: Bin, facts: Facts, network: Network | None) -> Problem:
    """The problem with this bin, optional and without value, as full as it is expected to be.

    Raises:
        EditError: there are no streets to measure on, none is near the bin, or it has hours of its own.
    """
    if network is None:
        raise EditError(f"bin {row.bin_id} was not offered to this plan, and there are no roads to measure its way on")
    if row.shut:
        raise EditError(f"bin {row.bin_id} was not offered to this plan and has shut hours; make a new plan for it")
    fill = facts.fill.get(row.bin_id)
    litres = max(1, math.ceil((1.0 if fill is None else fill) * row.capacity_l))
    visit = Visit(
        bin=row.bin_id,
        location=0,
        litres=litres,
        kg=max(1, math.ceil(litres * row.density_kg_l)),
        service_seconds=row.service_seconds,
        stream=row.stream,
        narrow=row.narrow,
    )
    return widen(problem, visit, *_measure(network, points_of(problem, facts.where), row, len(problem.seconds)))


def points_of(problem: Problem, where: Mapping[str, tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """Where each row of the road matrix is."""
    standing: list[tuple[int | None, str]] = [(visit.location, visit.bin) for visit in problem.visits]
    standing += [(depot.location, depot.place) for depot in problem.depots]
    standing += [(site.location, site.place) for site in problem.sites]
    return {location: where[name] for location, name in standing if location is not None and name in where}


def _measure(network: Network, points: Mapping[int, tuple[float, float]], row: Bin, size: int) -> tuple[Legs, Legs]:
    """Legs from every point to the bin and back; only its own row and column are searched."""
    here = (row.lat, row.lon)
    snaps = snap_points(network, np.array([*(points.get(at, here) for at in range(size)), here]), MAX_SNAP_M)
    places = Places.from_snaps(network, snaps, None)
    if not (places.edge[size] >= 0).any():
        raise EditError(f"bin {row.bin_id} lies outside the road network; correct its position or import roads")
    others, mine = np.arange(size), np.array([size])
    to, back = measure_cells(network, places, others, mine), measure_cells(network, places, mine, others)
    return (_marked(to.seconds[:, 0]), _marked(to.metres[:, 0])), (_marked(back.seconds[0]), _marked(back.metres[0]))


def _marked(legs: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.where(legs >= UNREACHABLE, -1, legs).astype(np.int32)
