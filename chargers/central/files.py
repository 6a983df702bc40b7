"""Addresses at which stations fetch firmware and leave their logs, at `serve`'s own HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from chargers.central.arguments import Arguments
from chargers.central.desk import Desk
from chargers.errors import OrderUnclear
from fleet.settings import HttpSettings
from fleet.store import Work

LIFETIME = timedelta(days=7)
"""An update may be for next week's quiet night; retries count too."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a station gets a firmware from."""

    url: str
    signature: str = ""
    signing_pem: str = ""
    sha256: str = ""


def file_url(settings: HttpSettings, name: str) -> str:
    """The address of a one-time name."""
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    return f"{base}/files/{quote(name)}"


async def firmware_source(desk: Desk, station_id: str, args: dict[str, Any], request_id: int) -> Source:
    """What an order's `firmware_id` or `url` names.

    Raises:
        OrderUnclear: there is no such firmware, or neither was given.
    """
    want = Arguments(args)
    number = want.whole_or_none("firmware_id")
    if number is None:
        return Source(want.text("url"), str(args.get("signature") or ""), str(args.get("signing_pem") or ""))

    def make(work: Work) -> Source | None:
        row = work.files.firmware(number)
        if row is None:
            return None
        name = work.files.make(station_id, "down", "firmware", row.path, row.bytes, LIFETIME, request_id)
        return Source(file_url(desk.http, name), row.signature, row.signing_pem, row.sha256)

    source = await desk.writer.do(make)
    if source is None:
        raise OrderUnclear(f"there is no firmware {number}")
    return source


async def upload_url(desk: Desk, station_id: str, what: str, request_id: int) -> str:
    """An address where a station may leave one file: "diagnostics" or "security log"."""
    most = desk.http.most_upload_mb * 1024 * 1024

    def make(work: Work) -> str:
        stamp = work.now.strftime("%Y%m%dT%H%M%S")
        path = f"{quote(station_id, safe='')}/{what.replace(' ', '-')}-{stamp}-{request_id}"
        return work.files.make(station_id, "up", what, path, most, LIFETIME, request_id)

    return file_url(desk.http, await desk.writer.do(make))
