"""What truly lies in the bins, as trucks empty them."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable
from datetime import datetime

from fleet.twin.city import City
from fleet.twin.containers import Bin
from fleet.twin.filling import level

HEAPED = 1.3
"""Fill above which bags lie beside the bin, and no crew can say how many."""


class Contents:
    """Bins by name, and when each was emptied."""

    def __init__(self, city: City, emptied_at: Iterable[tuple[str, datetime]]) -> None:
        """emptied_at: every bin at least once before it is asked for."""
        self._city = city
        self._bins = {one.bin_id: one for one in city.bins}
        self._emptied: dict[str, list[datetime]] = {one.bin_id: [] for one in city.bins}
        for bin_id, at in emptied_at:
            self.empty(bin_id, at)

    def __contains__(self, bin_id: object) -> bool:
        return bin_id in self._bins

    def get(self, bin_id: str) -> Bin:
        """One bin."""
        return self._bins[bin_id]

    def emptied_before(self, bin_id: str, at: datetime) -> datetime:
        """When a bin was last emptied, as seen at a time: what happens is not always told in order."""
        emptied = self._emptied[bin_id]
        return emptied[max(0, bisect_right(emptied, at) - 1)]

    def fill(self, bin_id: str, at: datetime) -> float:
        """How full a bin is; may be above 1."""
        return level(self._city.seed, self._bins[bin_id], at, self.emptied_before(bin_id, at))

    def kg(self, bin_id: str, at: datetime) -> float:
        """What lies in a bin and beside it; 0 for one that is not of this city."""
        if bin_id not in self._bins:
            return 0.0
        one = self._bins[bin_id]
        return min(HEAPED, self.fill(bin_id, at)) * one.capacity_l * one.density_kg_l

    def empty(self, bin_id: str, at: datetime) -> None:
        """A truck emptied a bin."""
        if bin_id in self._emptied:
            insort(self._emptied[bin_id], at)
