"""A QR code as black runs, for whoever draws it as vectors."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`size` modules square, the quiet zone of four included; runs are (row, first, count) of dark modules."""

    size: int
    runs: tuple[tuple[int, int, int], ...]


def encode(payload: str) -> Code:
    """The QR of a text, error correction M: a fold or a stain of 15 % still reads (ISO/IEC 18004)."""
    import segno

    rows = segno.make_qr(payload, error="m").matrix_iter(border=4)
    runs: list[tuple[int, int, int]] = []
    size = 0
    for number, row in enumerate(rows):
        size = number + 1
        start: int | None = None
        for column, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((number, start, column - start))
                start = None
    return Code(size, tuple(runs))
