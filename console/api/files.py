"""Files of stations under one-time names: firmware they fetch (UpdateFirmware), logs they leave (GetLog).

GET  /files/{name}              a firmware; ranges, so that a broken download goes on where it ended
PUT  /files/{name}[/{anything}] a log, as it is or as a form's file; POST will do too
404 was never a name · 405 it is for the other direction · 409 somebody is at it · 410 used, or past its time ·
400 nothing came, or it broke off · 413 too large · 507 the disk is full

A name is a secret and a permission for one file; nothing else of the request becomes part of a path.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from console.api.multipart import MultipartBroken, file_of, read_boundary
from fleet.events import Kind
from fleet.store import Work, Writer
from fleet.tables import StationFile

AGAIN = timedelta(hours=1)
"""A download that is complete may be repeated for so long: the station checks the file and may want it again."""
FOLDER = "files"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def make_files(writer: Writer, folder: Path) -> APIRouter:
    """The routes under /files; `folder` is where files lie, beside nothing else."""
    router = APIRouter(prefix="/files", include_in_schema=False)
    busy: set[str] = set()

    @router.api_route("/{name}", methods=["GET", "HEAD"])
    async def fetch(name: str, request: Request) -> Response:
        """Give a firmware, or a range of it."""
        row = await _look_up(writer, name, "down")
        path = _inside(folder, row.path)
        if path is None or not path.is_file():
            raise HTTPException(404, "the file is not there any more")
        size = path.stat().st_size
        wanted = request.headers.get("range", "")
        done = None
        if request.method == "GET" and row.used_at is None and _reaches_end(wanted, size):
            done = BackgroundTask(_note_fetched, writer, name, size)
        return FileResponse(path, media_type="application/octet-stream", background=done)

    @router.api_route("/{name}", methods=["PUT", "POST"])
    @router.api_route("/{name}/{_as_it_says:path}", methods=["PUT", "POST"])
    async def leave(name: str, request: Request) -> JSONResponse:
        """Take a log; 201 once it is on disk."""
        row = await _look_up(writer, name, "up")
        path = _inside(folder, row.path)
        if path is None:
            raise HTTPException(404, "there is no such file")
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > row.most_bytes + 4096:
            raise HTTPException(413, f"at most {row.most_bytes} bytes")
        if name in busy:
            raise HTTPException(409, "this file is just being left")
        busy.add(name)
        try:
            size = await _receive(request, path, row.most_bytes)
            await writer.do(lambda work: note_left(work, name, size))
        finally:
            busy.discard(name)
        return JSONResponse({"bytes": size}, status_code=201)

    return router


def note_left(work: Work, name: str, size: int) -> None:
    """A station has left its file."""
    row = work.files.find(name)
    if row is None:
        return
    work.files.note_used(name, size)
    work.events.append(
        Kind.LOG_PROGRESSED,
        row.station_id,
        status="Received",
        request_id=row.request_id,
        campaign_id=None,
        file=row.path,
    )


async def _look_up(writer: Writer, name: str, direction: str) -> StationFile:
    row = await writer.read(lambda work: work.files.find(name))
    if row is None:
        raise HTTPException(404, "there is no such file")
    if row.direction != direction:
        raise HTTPException(405, "this name is for the other direction", {"Allow": _allowed(row.direction)})
    now = writer.clock.now()
    if row.expires_at <= now:
        raise HTTPException(410, "this name is past its time")
    if row.used_at is not None and (direction == "up" or row.used_at + AGAIN <= now):
        raise HTTPException(410, "this name was used")
    return row


def _allowed(direction: str) -> str:
    return "GET, HEAD" if direction == "down" else "PUT, POST"


def _inside(folder: Path, relative: str) -> Path | None:
    """A file of the folder; None for one that would lie outside."""
    root = folder.resolve()
    path = (root / relative).resolve()
    return path if path.is_relative_to(root) and path != root else None


async def _receive(request: Request, path: Path, most_bytes: int) -> int:
    """Stream a body to disk beside its place, then put it there whole; how many bytes it had."""
    part = path.with_name(f".{path.name}.part")
    try:
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        with part.open("wb") as file:
            size = await _pour(_content(request), file, most_bytes)
            await asyncio.to_thread(_settle, file)
        if size == 0:
            raise HTTPException(400, "nothing came")
        part.replace(path)
    except MultipartBroken as broken:
        raise HTTPException(400, str(broken)) from None
    except ClientDisconnect:
        raise HTTPException(400, "the connection broke off") from None
    except OSError as error:
        full = error.errno in FULL
        raise HTTPException(507 if full else 500, "the disk is full" if full else "the file cannot be kept") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return size


def _content(request: Request) -> AsyncIterator[bytes]:
    boundary = read_boundary(request.headers.get("content-type", ""))
    return request.stream() if boundary is None else file_of(request.stream(), boundary)


async def _pour(chunks: AsyncIterator[bytes], file: BinaryIO, most_bytes: int) -> int:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise HTTPException(413, f"at most {most_bytes} bytes")
        await asyncio.to_thread(file.write, chunk)
    return size


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _note_fetched(writer: Writer, name: str, size: int) -> None:
    await writer.do(lambda work: work.files.note_used(name, size))


def _reaches_end(wanted: str, size: int) -> bool:
    """Whether a request's range (RFC 9110, section 14.1.2) holds the last byte: the download is then complete."""
    if not wanted.startswith("bytes="):
        return True
    first, _, last = wanted[6:].rpartition(",")[2].strip().partition("-")
    return not first or not last or (last.isdecimal() and int(last) >= size - 1)
