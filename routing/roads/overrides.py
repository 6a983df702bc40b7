"""Our own rules, left of what the map says: closed today, one way for the market, too narrow for 19 t, slower.

A rule names a street, or the line along a stretch of one; a one-way rule runs in the order of its line. It holds on
some weekdays, from and until days, within hours; a shift that any of its hours touch keeps it all along.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Literal, Self, cast, get_args

import numpy as np

from routing.errors import RoadsError
from routing.roads.arrays import F64, I64, Flags
from routing.roads.geodesy import degree_metres
from routing.roads.network import Network
from routing.roads.vehicles import Profile, VehicleClass, span_of

if TYPE_CHECKING:
    from fleet.tables import RoadOverride

OverrideKind = Literal["closed", "one_way", "max_t", "max_height", "max_width", "speed"]
OVERRIDE_KINDS: Final[tuple[OverrideKind, ...]] = get_args(OverrideKind)
UNITS: Final = {"max_t": "t", "max_height": "m", "max_width": "m", "speed": "km/h"}
"""Of the value of the kinds that have one."""
_BOUNDS: Final = {"max_t": (0.5, 100.0), "max_height": (1.0, 10.0), "max_width": (1.0, 6.0), "speed": (2.0, 130.0)}
_NEAR_M: Final = 6.0  # a link lies along a line that comes this near to all of it
_SAMPLES: Final = np.array([0.02, 0.25, 0.5, 0.75, 0.98])
_EVERY_DAY: Final = tuple(range(7))
_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Override:
    """One rule. `value`: tonnes, metres, km/h by kind; `line`: (latitude, longitude) along it, () the whole street."""

    kind: OverrideKind
    street: str = ""
    line: tuple[tuple[float, float], ...] = ()
    value: float | None = None
    from_time: str | None = None
    until_time: str | None = None
    weekdays: tuple[int, ...] = _EVERY_DAY
    starts_on: date | None = None
    ends_on: date | None = None
    why: str = ""
    number: int = 0

    def __post_init__(self) -> None:
        here = f"street rule {self.number or self.kind}"
        if self.kind not in OVERRIDE_KINDS:
            raise RoadsError(f"{here}: {self.kind!r} is no rule; known: {', '.join(OVERRIDE_KINDS)}")
        if not self.street and len(self.line) < 2:
            raise RoadsError(f"{here}: says not where; name a street or give a line along it")
        if self.kind == "one_way" and len(self.line) < 2:
            raise RoadsError(f"{here}: a one-way rule needs a line in the direction that stays open")
        if (bounds := _BOUNDS.get(self.kind)) and not (self.value is not None and bounds[0] <= self.value <= bounds[1]):
            unit = UNITS[self.kind]
            raise RoadsError(f"{here}: {self.kind} is {self.value}; give {bounds[0]:g} to {bounds[1]:g} {unit}")
        if not set(self.weekdays) <= set(_EVERY_DAY) or not self.weekdays:
            raise RoadsError(f"{here}: weekdays {list(self.weekdays)}: give some of 0 (Monday) to 6 (Sunday)")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise RoadsError(f"{here}: ends on {self.ends_on}, before it starts on {self.starts_on}")
        _ = self._hours

    @classmethod
    def from_row(cls, row: "RoadOverride") -> Self:
        """The rule a row of the store holds."""
        return cls(
            kind=cast("OverrideKind", row.kind),  # what the store holds is checked in __post_init__
            street=row.street,
            line=tuple((lat, lon) for lat, lon in row.line),
            value=row.value,
            from_time=row.from_time,
            until_time=row.until_time,
            weekdays=tuple(row.weekdays),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            why=row.why,
            number=row.override_id or 0,
        )

    @property
    def _hours(self) -> tuple[int, int]:
        return span_of(self.from_time or "00:00", self.until_time or "24:00")

    def holds(self, profile: Profile, day: date) -> bool:
        """Whether any of its hours fall into the profile's shift on `day`."""
        since, until = profile.span
        starts, ends = self._hours
        for shift in (-1, 0, 1):  # yesterday's hours may pass midnight, and so may the shift
            on = day + timedelta(days=shift)
            dated = (self.starts_on is None or self.starts_on <= on) and (self.ends_on is None or on <= self.ends_on)
            if dated and on.weekday() in self.weekdays:
                offset = shift * _DAY
                if starts + offset < until and since < ends + offset:
                    return True
        return False

    def forbids(self, vehicle: VehicleClass) -> bool:
        """Whether it closes its street, both ways, to this class."""
        most = self.value or 0.0
        match self.kind:
            case "closed":
                return True
            case "max_t":
                return vehicle.gross_t > most
            case "max_height":
                return vehicle.height_m > most
            case "max_width":
                return vehicle.width_m > most
            case _:
                return False

    def tell(self) -> str:
        """One line for a report."""
        value = f" {self.value:g} {UNITS[self.kind]}" if self.value is not None and self.kind in UNITS else ""
        where = self.street or "a stretch at {:.5f}, {:.5f}".format(*self.line[0])
        hours = (
            f" {self.from_time or '00:00'}-{self.until_time or '24:00'}" if self.from_time or self.until_time else ""
        )
        return f"{where}: {self.kind.replace('_', ' ')}{value}{hours}" + (f" ({self.why})" if self.why else "")


def find_links(network: Network, override: Override) -> tuple[I64, Flags]:
    """The links a rule is about, and for each whether the rule's line runs against the order of the link's points."""
    if not override.line:
        name = override.street.casefold()
        named = [number for number, known in enumerate(network.names) if known and known.casefold() == name]
        links = np.flatnonzero(np.isin(network.link_name, named))
        return links, np.zeros(len(links), bool)
    return links_along(network, override.line)


def links_along(network: Network, line: Sequence[tuple[float, float]]) -> tuple[I64, Flags]:
    """Links that lie along a line all the way, and whether the line runs against the order of their points."""
    table = np.array(line, float)
    north, east = (float(scale[0]) for scale in degree_metres(table[:1, 0]))
    scale = np.array([north, east])
    path = (table - table[0]) * scale
    shape = (np.column_stack((network.shape_lat, network.shape_lon)) - table[0]) * scale
    low, high = path.min(axis=0) - _NEAR_M, path.max(axis=0) + _NEAR_M
    inside = ((shape >= low) & (shape <= high)).all(axis=1)
    whole = np.flatnonzero(np.logical_and.reduceat(inside, network.shape_start[:-1]))
    found, against = [], []
    for link in whole.tolist():
        points = shape[network.shape_start[link] : network.shape_start[link + 1]]
        away, along = _away(path, _sample(points))
        if away.max() <= _NEAR_M and abs(along[-1] - along[0]) > np.hypot(*(points[-1] - points[0])) / 2:
            found.append(link)
            against.append(bool(along[-1] < along[0]))
    return np.array(found, np.int64), np.array(against, bool)


def _sample(points: F64) -> F64:
    along = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))))
    at = _SAMPLES * along[-1]
    return np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)])


def _away(path: F64, points: F64) -> tuple[F64, F64]:
    """Metres of each point from the path, and how far along it the nearest spot lies."""
    start, step = path[:-1], np.diff(path, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    reach = points[:, None, :] - start
    share = np.clip((reach * step).sum(axis=2) / np.maximum(length**2, 1e-12), 0, 1)
    away = np.hypot(*np.moveaxis(reach - share[:, :, None] * step, 2, 0))
    nearest = away.argmin(axis=1)
    row = np.arange(len(points))
    run = np.concatenate(([0.0], np.cumsum(length)))
    return away[row, nearest], run[nearest] + share[row, nearest] * length[nearest]
