"""A street network while it is being drawn: junctions and links that still may be cut, dropped and joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .arterials import Highway
    from .plane import Point


class Row(NamedTuple):
    """What makes links one street: its quarter, its axis there, and its number on that axis."""

    quarter: int
    axis: str
    number: int


@dataclass(slots=True)
class Stretch:
    """A link in the making: ends, bends between them (in order from `a`), class, and the street it is part of."""

    a: int
    b: int
    highway: Highway
    row: Row
    bends: list[Point] = field(default_factory=list)
    fixed: bool = False

    def other(self, junction: int) -> int:
        return self.b if junction == self.a else self.a

    def seen_from(self, junction: int) -> list[Point]:
        """The bends in order going away from one end."""
        return self.bends if junction == self.a else self.bends[::-1]


@dataclass(slots=True)
class Draft:
    """Junctions by number (numbers may have gaps after pruning) and links by number."""

    points: list[Point] = field(default_factory=list)
    links: dict[int, Stretch] = field(default_factory=dict)
    at: list[set[int]] = field(default_factory=list)
    made: int = 0

    def place(self, point: Point) -> int:
        self.points.append((float(point[0]), float(point[1])))
        self.at.append(set())
        return len(self.points) - 1

    def join(self, stretch: Stretch) -> int:
        number = self.made
        self.made += 1
        self.links[number] = stretch
        self.at[stretch.a].add(number)
        self.at[stretch.b].add(number)
        return number

    def drop(self, number: int) -> Stretch:
        stretch = self.links.pop(number)
        self.at[stretch.a].discard(number)
        self.at[stretch.b].discard(number)
        return stretch

    def degree(self, junction: int) -> int:
        return len(self.at[junction])

    def straighten(self) -> None:
        """Where two links of one street meet and nothing else does, the junction becomes a bend."""
        for junction in range(len(self.points)):
            if self.degree(junction) != 2:
                continue
            first, second = sorted(self.at[junction])
            one, two = self.links[first], self.links[second]
            ends = one.other(junction), two.other(junction)
            if one.row != two.row or ends[0] == ends[1] or junction in ends:
                continue
            if any(self.links[n].other(ends[0]) == ends[1] for n in self.at[ends[0]]):
                continue
            bends = [*one.seen_from(ends[0]), self.points[junction], *two.seen_from(junction)]
            fixed = one.fixed or two.fixed
            self.drop(first)
            self.drop(second)
            self.join(Stretch(ends[0], ends[1], one.highway, one.row, bends, fixed))

    def keep_largest(self) -> None:
        """Drop every link outside the largest connected part."""
        seen: set[int] = set()
        best: set[int] = set()
        for start in range(len(self.points)):
            if start in seen or not self.at[start]:
                continue
            part, front = {start}, [start]
            while front:
                here = front.pop()
                for number in self.at[here]:
                    there = self.links[number].other(here)
                    if there not in part:
                        part.add(there)
                        front.append(there)
            seen |= part
            if len(part) > len(best):
                best = part
        for number in [n for n, link in self.links.items() if link.a not in best]:
            self.drop(number)
