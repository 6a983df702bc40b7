"""The file in a multipart body, as it comes: stations post logs as browsers post forms (RFC 7578; RFC 2046 5.1).

The first part with a file name is given. Memory: one chunk, one boundary, one head.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

HEAD_BYTES = 16 * 1024
"""Of a part's head, and of fields before the file."""
BOUNDARY_LENGTH = 70


class MultipartBroken(Exception):
    """A body that is not what its content type says; the text is the one line of the answer."""


def read_boundary(content_type: str) -> bytes | None:
    """The boundary of a multipart content type; None for any other type.

    Raises:
        MultipartBroken: it is multipart, but without a boundary that could be one.
    """
    kind, _, parameters = content_type.partition(";")
    if not kind.strip().lower().startswith("multipart/"):
        return None
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        boundary = value.strip().strip('"')
        if name.strip().lower() == "boundary" and 0 < len(boundary) <= BOUNDARY_LENGTH and boundary.isascii():
            return boundary.encode()
    raise MultipartBroken("multipart without a boundary")


async def file_of(chunks: AsyncIterator[bytes], boundary: bytes) -> AsyncIterator[bytes]:
    """The content of the file in a multipart body, in pieces.

    Raises:
        MultipartBroken: the body ends early, or there is no file in it.
    """
    delimiter = b"\r\n--" + boundary
    kept = b"\r\n"  # so that the first delimiter is as the others
    inside = False
    async for chunk in chunks:
        kept += chunk
        if not inside:
            begins = _find_file(kept, delimiter)
            if begins is None:
                if len(kept) - len(chunk) > HEAD_BYTES:
                    raise MultipartBroken("no file begins where one should")
                continue
            # the line break before the content may be the one of the delimiter that ends it at once
            kept, inside = b"\r\n" + kept[begins:], True
            skip = 2
        at = kept.find(delimiter)
        whole = at if at >= 0 else max(skip, len(kept) - len(delimiter) + 1)
        if whole > skip:
            yield kept[skip:whole]
        if at >= 0:
            return
        kept, skip = kept[whole:], 0
    raise MultipartBroken("the body ends in the middle of a part")


def _find_file(kept: bytes, delimiter: bytes) -> int | None:
    """Where the content of the first part with a file name begins; None: not yet there.

    Raises:
        MultipartBroken: the body ends before it.
    """
    at = kept.find(delimiter)
    while at >= 0:
        if kept[at + len(delimiter) :].startswith(b"--"):
            raise MultipartBroken("there is no file in the body")
        end = kept.find(b"\r\n\r\n", at + len(delimiter))
        if end < 0:
            return None
        if b"filename" in kept[at:end].lower():
            return end + 4
        at = kept.find(delimiter, end + 2)
    return None
