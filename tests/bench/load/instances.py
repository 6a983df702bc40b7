"""Public routing instances as a `Problem`: VRPLIB (CVRP, VRPTW, MTVRPTWR) and Solomon or Gehring-Homberger text.

A unit of distance is a metre and a second, and a metre costs 1, so the cost of a plan is the instance's objective. What
is counted follows the sets' own rules: plain capacity instances round Euclid to the nearest whole number, those with
time windows take ten times every length and time and cut off the rest (DIMACS).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from routing.energy import TruckEnergy
from routing.plan import Plan
from routing.problem import Depot, Problem, Site, Truck, Visit

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
SPARE = 4
"""Trucks above the fewest that could carry all, where a set does not limit its fleet, as a divisor: a quarter more."""


class InstanceError(Exception):
    """A file that is not an instance these readers know; the text says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as it is written; the first node is the depot. `vehicles` None: as many as are needed."""

    name: str
    kind: str
    xy: list[tuple[float, float]]
    demands: list[int]
    capacity: int
    vehicles: int | None = None
    windows: list[tuple[float, float]] = field(default_factory=list)
    service: list[float] = field(default_factory=list)
    releases: list[float] = field(default_factory=list)

    @property
    def several_trips(self) -> bool:
        """Whether a vehicle may come back to the depot, load again and leave once more."""
        return self.kind.startswith("MT")


def read_instance(path: Path) -> Instance:
    """The instance in `path`, its form told by its text. Raises InstanceError."""
    text = path.read_text()
    return _read_vrplib(text, path) if "NODE_COORD_SECTION" in text else _read_solomon(text, path)


def problem_of(instance: Instance) -> Problem:
    """The instance as a problem of one night: customers are mandatory bins, the depot is the disposal site."""
    apart = np.array(instance.xy)[:, None] - np.array(instance.xy)[None]
    euclid = np.hypot(apart[..., 0], apart[..., 1])
    timed = bool(instance.windows)
    metres = ((10 * euclid) if timed else np.rint(euclid)).astype(np.int32)

    def scaled(values: Sequence[float], node: int) -> int:
        return int(10 * values[node]) if values else 0

    horizon = scaled([late for _, late in instance.windows], 0) if timed else 10**6
    fewest = math.ceil(sum(instance.demands) / instance.capacity)
    customers = len(instance.demands) - 1
    return Problem(
        zero=ZERO,
        seconds=metres if timed else np.zeros_like(metres),
        metres=metres,
        visits=tuple(
            Visit(
                bin=str(node),
                location=node,
                litres=0,
                kg=instance.demands[node],
                service_seconds=scaled(instance.service, node),
                mandatory=True,
                opens=scaled([early for early, _ in instance.windows], node),
                closes=scaled([late for _, late in instance.windows], node) if timed else horizon,
                release=scaled(instance.releases, node),
            )
            for node in range(1, customers + 1)
        ),
        depots=(Depot(place="depot", location=0),),
        sites=(Site(place="tip", location=0, unload_seconds=0),),
        trucks=tuple(
            Truck(
                truck=f"T{number + 1}",
                depot="depot",
                litres=1,
                kg=instance.capacity,
                starts=0,
                ends=horizon,
                max_tips=customers if instance.several_trips else 1,
                energy=TruckEnergy(),
                cost_per_km=1_000.0,
            )
            for number in range(instance.vehicles or fewest + max(2, fewest // SPARE))
        ),
    )


def routes_of(plan: Plan) -> list[list[int]]:
    """Per truck the customers in order, 0 for a return to the depot between two trips."""
    routes = []
    for route in plan.routes:
        halts = [int(stop.bin) if stop.bin else 0 for stop in route.stops if stop.kind in {"bin", "tip"}]
        while halts and halts[-1] == 0:
            halts.pop()
        routes.append(halts)
    return routes


def best_known(path: Path) -> float | None:
    """The reference value of the instance in `path`: from best_known.csv above it, else from the .sol beside it."""
    table = path.parent.parent / "best_known.csv"
    if table.exists():
        with table.open(newline="") as lines:
            for row in csv.DictReader(lines):
                if row["instance"] == path.stem and row["best_known"]:
                    return float(row["best_known"])
    solution = path.with_suffix(".sol")
    if solution.exists():
        for line in solution.read_text().splitlines():
            if line.lower().startswith("cost"):
                return float(line.replace(":", " ").split()[1])
    return None


def _read_vrplib(text: str, path: Path) -> Instance:
    fields: dict[str, str] = {}
    sections: dict[str, list[list[str]]] = {}
    section = ""
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] == "EOF":
            continue
        if words[0].endswith("_SECTION"):
            section = words[0].removesuffix("_SECTION")
            sections[section] = []
        elif section and words[0].lstrip("-").replace(".", "", 1).isdigit():
            sections[section].append(words)
        elif ":" in line:
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
    for needed in ("CAPACITY", "DIMENSION"):
        if needed not in fields:
            raise InstanceError(f"{path.name}: no {needed} in it; is it a capacity instance in VRPLIB form?")
    for needed in ("NODE_COORD", "DEMAND"):
        if len(sections.get(needed, [])) != int(fields["DIMENSION"]):
            raise InstanceError(f"{path.name}: its {needed}_SECTION does not hold {fields['DIMENSION']} nodes")
    size = int(fields["DIMENSION"])
    service = [float(row[1]) for row in sections.get("SERVICE_TIME", [])]
    if "SERVICE_TIME" in fields:
        service = [0.0] + [float(fields["SERVICE_TIME"])] * (size - 1)
    return Instance(
        name=path.stem,
        kind=fields.get("TYPE", "CVRP"),
        xy=[(float(row[1]), float(row[2])) for row in sections["NODE_COORD"]],
        demands=[int(row[1]) for row in sections["DEMAND"]],
        capacity=int(fields["CAPACITY"]),
        vehicles=int(fields["VEHICLES"]) if "VEHICLES" in fields else None,
        windows=[(float(row[1]), float(row[2])) for row in sections.get("TIME_WINDOW", [])],
        service=service,
        releases=[float(row[1]) for row in sections.get("RELEASE_TIME", [])],
    )


def _read_solomon(text: str, path: Path) -> Instance:
    rows = [line.split() for line in text.splitlines() if line.strip()]
    heads = [at for at, row in enumerate(rows) if row[:2] == ["NUMBER", "CAPACITY"]]
    nodes = [[float(word) for word in row] for row in rows if len(row) == 7 and row[0].isdigit()]
    if not heads or not nodes:
        raise InstanceError(f"{path.name}: neither VRPLIB nor Solomon form: no NODE_COORD_SECTION, no NUMBER CAPACITY")
    fleet = rows[heads[0] + 1]
    return Instance(
        name=path.stem,
        kind="VRPTW",
        xy=[(row[1], row[2]) for row in nodes],
        demands=[int(row[3]) for row in nodes],
        capacity=int(fleet[1]),
        vehicles=int(fleet[0]),
        windows=[(row[4], row[5]) for row in nodes],
        service=[row[6] for row in nodes],
    )
