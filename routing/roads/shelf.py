"""The shelf of kept matrices in the store. It saves time only: what cannot be read there is measured anew."""

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from fleet.errors import StoreError
from routing.roads.matrix import Cells
from routing.roads.tables import Kept

if TYPE_CHECKING:
    from fleet.store import Store

_LEVEL: Final = 1  # zlib's quickest: a night waits for it


class StoreShelf:
    """Matrices kept in a store."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def fetch(self, key: str) -> Kept | None:
        """The matrix kept under this key; None where there is none or it is damaged."""
        try:
            with self._store.read() as work:
                row = work.roads.table(key)
            if row is None:
                return None
            points = np.array(row.points, float).reshape(-1, 3)
            count = len(points)
            parts = np.frombuffer(zlib.decompress(row.body), np.int32).reshape(-1, count, count)
            return Kept(points, Cells(*parts)) if len(parts) in {2, 3} else None
        except (StoreError, ValueError, zlib.error):
            return None

    def keep(self, key: str, engine: str, kept: Kept) -> None:
        """Keep a matrix; a store that cannot take it now does without."""
        body = zlib.compress(np.stack(kept.cells.parts()).astype(np.int32).tobytes(), _LEVEL)
        with suppress(StoreError), self._store.begin() as work:
            work.roads.keep_table(key, engine, kept.points.tolist(), body)
