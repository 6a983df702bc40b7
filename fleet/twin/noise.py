"""Randomness without a sequence: the same keys always give the same draw, in whatever order they are asked for.

Keys are whole numbers or arrays of them and broadcast like any numpy arguments; each is mixed in by the finaliser of
SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). So a bin's noise at an hour can be had without that of the hour before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Key = int | NDArray[np.int64]

_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = 0xFFFFFFFFFFFFFFFF


def uniform(*keys: Key) -> Floats:
    """A draw in (0, 1) for each combination of the keys; at least one-dimensional."""
    return np.asarray(((_mix(keys) >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53)


def normal(*keys: Key) -> Floats:
    """A standard normal draw for each combination of the keys (Box and Muller)."""
    radius = np.sqrt(-2 * np.log(uniform(*keys, 1)))
    return np.asarray(radius * np.cos(2 * np.pi * uniform(*keys, 2)))


def poisson(mean: Floats, *keys: Key) -> NDArray[np.int64]:
    """A Poisson draw of each mean (up to about 50), by inversion of one uniform draw."""
    draw = np.broadcast_to(uniform(*keys), mean.shape)
    chance = np.exp(-mean)
    reached = chance.copy()
    count = np.zeros(mean.shape, dtype=np.int64)
    most = int(mean.max(initial=0.0) + 12 * np.sqrt(mean.max(initial=0.0)) + 20)
    for k in range(1, most + 1):
        beyond = draw > reached
        if not beyond.any():
            break
        count += beyond
        chance = chance * mean / k
        reached += chance
    return count


def _mix(keys: tuple[Key, ...]) -> NDArray[np.uint64]:
    """All keys in order, folded into one word. Plain numbers come first in nearly every call and are cheap."""
    state = 0
    for place, key in enumerate(keys):
        if not isinstance(key, int):
            return _mix_arrays(np.full(1, state, dtype=np.uint64), keys[place:])
        state = ((state ^ (key & _WORD)) + _GOLDEN) & _WORD
        state = ((state ^ (state >> 30)) * _FIRST) & _WORD
        state = ((state ^ (state >> 27)) * _SECOND) & _WORD
        state ^= state >> 31
    return np.full(1, state, dtype=np.uint64)


def _mix_arrays(state: NDArray[np.uint64], keys: tuple[Key, ...]) -> NDArray[np.uint64]:
    for key in keys:
        word = np.atleast_1d(np.asarray(key, dtype=np.int64)).astype(np.uint64)
        state = (state ^ word) + np.uint64(_GOLDEN)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(_FIRST)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(_SECOND)
        state = state ^ (state >> np.uint64(31))
    return state
