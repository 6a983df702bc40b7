"""A published route as a round that can be driven. Pure: rows in, a `Round` out."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, pairwise

from fleet.tables import Route, Stop
from fleet.twin.driving import Halt, HaltKind, Place, Round
from fleet.twin.vehicles import Truck

KINDS: dict[str, HaltKind] = {"bin": "bin", "tip": "tip", "break": "break", "return": "return"}


def read_round(
    truck: Truck, route: Route, stops: Sequence[Stop], *, departs: datetime, soc: float, odometer_km: float
) -> Round:
    """The round of a route for a truck that leaves like this. `stops` in order, the first is the depot."""
    ways = cut_line([(lat, lon) for lat, lon in route.line], [stop.km for stop in stops[1:]])
    halts = []
    for (before, stop), way in zip(pairwise(stops), ways, strict=True):
        halts.append(
            Halt(
                kind=KINDS[stop.kind],
                line=way or ((before.lat, before.lon), (stop.lat, stop.lon)),
                metres=stop.km * 1000,
                drive_seconds=max(0.0, (stop.arrives_at - before.leaves_at).total_seconds()),
                stop_seconds=max(0.0, (stop.leaves_at - stop.arrives_at).total_seconds()),
                kg=max(0.0, stop.load_kg - before.load_kg) if stop.kind == "bin" else 0.0,
                bin_id=stop.bin_id if stop.kind == "bin" else None,
            )
        )
    return Round(truck, departs, soc, tuple(halts), odometer_km)


def cut_line(line: Sequence[Place], lengths: Sequence[float]) -> list[tuple[Place, ...]]:
    """A line in pieces whose lengths are to each other as `lengths`, end to end; empty ones where there is no line."""
    along = list(accumulate((_apart(a, b) for a, b in pairwise(line)), initial=0.0))
    whole = sum(lengths)
    if len(line) < 2 or along[-1] <= 0 or whole <= 0:
        return [() for _ in lengths]
    marks = [min(1.0, gone / whole) * along[-1] for gone in accumulate(lengths, initial=0.0)]
    return [_between(line, along, a, b) for a, b in pairwise(marks)]


def _between(line: Sequence[Place], along: Sequence[float], start: float, end: float) -> tuple[Place, ...]:
    first, last = bisect_right(along, start), bisect_right(along, end)
    inner = [line[k] for k in range(first, last) if start < along[k] < end]
    edges = (_point(line, along, start), *inner)
    return edges if end <= start else (*edges, _point(line, along, end))


def _point(line: Sequence[Place], along: Sequence[float], at: float) -> Place:
    k = min(bisect_right(along, at), len(line) - 1)
    step = along[k] - along[k - 1]
    part = (at - along[k - 1]) / step if step > 0 else 0.0
    a, b = line[k - 1], line[k]
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _apart(a: Place, b: Place) -> float:
    """Length in degrees of latitude: enough to divide a line, in a plane where the earth is flat."""
    return math.hypot(b[0] - a[0], (b[1] - a[1]) * math.cos(math.radians(a[0])))
