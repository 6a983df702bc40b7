"""A problem as bytes and back, to keep beside the plan that answers it.

The bytes are a mark, four bytes of length (big endian), a JSON document of that length, and a compressed numpy archive
of the matrices the document names. Nothing in them is ever run: no pickle is written, none is read. What was packed is
checked again when it is unpacked, as any problem is when it is made.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from routing.errors import PackingError, ProblemError
from routing.problem import Depot, Locks, Matrix, Problem, Site, Truck, Visit, Ways

MARK = b"binwatt-problem-1\n"
LENGTH = 4

MATRICES = ("seconds", "metres", "climb")


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the document holds; matrices are told by name, those of profile number n with the prefix n."""

    zero: datetime
    visits: tuple[Visit, ...]
    depots: tuple[Depot, ...]
    sites: tuple[Site, ...]
    trucks: tuple[Truck, ...]
    locks: Locks
    profiles: tuple[str, ...]
    matrices: tuple[str, ...]


def pack(problem: Problem) -> bytes:
    """`problem` as bytes that `unpack` reads; about two bytes an entry of each matrix."""
    profiles = tuple(sorted(problem.ways))
    base = Ways(seconds=problem.seconds, metres=problem.metres, climb=problem.climb)
    arrays = _arrays("", base)
    for number, profile in enumerate(profiles):
        arrays |= _arrays(str(number), problem.ways[profile])
    body = _Body(
        problem.zero,
        problem.visits,
        problem.depots,
        problem.sites,
        problem.trucks,
        problem.locks,
        profiles,
        tuple(arrays),
    )
    head = msgspec.json.encode(body)
    archive = io.BytesIO()
    np.savez_compressed(archive, allow_pickle=False, **arrays)
    return MARK + len(head).to_bytes(LENGTH, "big") + head + archive.getvalue()


def unpack(body: bytes) -> Problem:
    """The problem `pack` made these bytes of.

    Raises:
        PackingError: these are not such bytes, or they are damaged.
    """
    if not body.startswith(MARK):
        raise PackingError("these bytes are not a packed problem of this version; make the plan again")
    start = len(MARK) + LENGTH
    length = int.from_bytes(body[len(MARK) : start], "big")
    try:
        held = msgspec.json.decode(body[start : start + length], type=_Body)
        with np.load(io.BytesIO(body[start + length :]), allow_pickle=False) as archive:
            arrays = {name: np.asarray(archive[name]) for name in held.matrices}
        base = _ways("", arrays)
        return Problem(
            zero=held.zero,
            seconds=base.seconds,
            metres=base.metres,
            visits=held.visits,
            depots=held.depots,
            sites=held.sites,
            trucks=held.trucks,
            climb=base.climb,
            ways={profile: _ways(str(number), arrays) for number, profile in enumerate(held.profiles)},
            locks=held.locks,
        )
    except (msgspec.MsgspecError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, OSError, EOFError) as error:
        raise PackingError(f"the packed problem is damaged ({error}); make the plan again") from error
    except ProblemError as error:
        raise PackingError(f"the packed problem does not hold together: {error}") from error


def _arrays(prefix: str, ways: Ways) -> dict[str, Matrix]:
    named: dict[str, Any] = {f"{prefix}{name}": getattr(ways, name) for name in MATRICES}
    return {name: matrix for name, matrix in named.items() if matrix is not None}


def _ways(prefix: str, arrays: dict[str, Matrix]) -> Ways:
    return Ways(
        seconds=arrays[f"{prefix}seconds"],
        metres=arrays[f"{prefix}metres"],
        climb=arrays.get(f"{prefix}climb"),
    )
