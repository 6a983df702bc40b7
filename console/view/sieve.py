"""Picking stations by what they are: values of a few facets, combined; how many there are of each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Facet = Literal["state", "site", "vendor", "fault", "group"]
FACETS: tuple[Facet, ...] = ("state", "site", "vendor", "fault", "group")
Facets: TypeAlias = Mapping[Facet, tuple[str, ...]]
"""What one place is: the values it has of each facet; "" where it has none and that may be picked too."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """Values wanted of each facet: one of them must fit, of every facet that is picked by."""

    wanted: Mapping[Facet, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.wanted)

    def lets(self, facets: Facets, *, but: Facet | None = None) -> bool:
        """Whether a place is wanted; with `but`, whatever it is of that facet."""
        return all(
            facet == but or not wanted.isdisjoint(facets.get(facet, ())) for facet, wanted in self.wanted.items()
        )

    def toggled(self, facet: Facet, value: str) -> Sieve:
        """With this value wanted too, or no longer."""
        values = self.wanted.get(facet, frozenset()) ^ {value}
        rest = {name: wanted for name, wanted in self.wanted.items() if name != facet}
        return Sieve(rest | {facet: values} if values else rest)

    def count(self, places: Iterable[Facets]) -> dict[Facet, dict[str, int]]:
        """How many places each value would show beside what is picked of the other facets, by value.

        What is picked is counted also where nothing is left of it: it must be seen to be taken back.
        """
        counts: dict[Facet, Counter[str]] = {facet: Counter() for facet in FACETS}
        for facet, wanted in self.wanted.items():
            counts[facet].update(dict.fromkeys(wanted, 0))
        for facets in places:
            for facet, values in facets.items():
                shown = self.lets(facets, but=facet)
                counts[facet].update(dict.fromkeys(values, int(shown)))
        return {facet: dict(sorted(found.items())) for facet, found in counts.items() if found}
