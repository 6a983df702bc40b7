"""Webhooks: sensor networks and trucks hand in what was measured. Nothing is answered 2xx before it is on disk.

200: stored, or the same message was stored before. 202: kept, but it gives no reading; "error" says why. It is not a
4xx because networks stop a webhook that fails, and one sensor nobody imported must not silence the others.
400, 401, 413, 422, 503: not kept.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import JSONResponse

from fleet.errors import UplinkRefused
from fleet.sensors import Receipt, TruckReceipt, parse, parse_truck_messages, take_message, take_truck_messages
from fleet.store import Writer

BODY_LIMIT = 64 * 1024
Source = Annotated[str, Path(max_length=64, pattern=r"^[\w.\-]+$")]


def make_ingest(writer: Writer, *, token: str | None, allow_simulated: bool) -> APIRouter:
    """The routes under /ingest."""

    async def check_token(request: Request) -> None:
        if token is not None and not _is_known(request, token):
            raise HTTPException(401, "unauthorized", {"WWW-Authenticate": "Bearer"})

    router = APIRouter(prefix="/ingest", dependencies=[Depends(check_token)])

    async def take(network: str, source: str, request: Request) -> JSONResponse:
        message = parse(network, source, await _read_body(request), writer.clock.now())
        if message is None:
            return _ignored("not an uplink")
        return _answer(await writer.do(lambda work: take_message(work, message, allow_simulated=allow_simulated)))

    @router.post("/ttn/{source}")
    async def take_things_stack(source: Source, request: Request) -> JSONResponse:
        """A webhook of The Things Stack v3; its messages other than uplinks are ignored."""
        return await take("ttn", source, request)

    @router.post("/chirpstack/{source}")
    async def take_chirpstack(source: Source, request: Request, event: str = "up") -> JSONResponse:
        """An HTTP event of ChirpStack v4; events other than `up` are ignored."""
        return await take("chirpstack", source, request) if event == "up" else _ignored(f"event {event[:20]}")

    @router.post("/trucks/{source}")  # noqa: FAST003 - the source is for the reader of access logs
    async def take_trucks(request: Request) -> JSONResponse:
        """Positions of trucks and the bins they emptied, one object or a list."""
        messages = parse_truck_messages(await _read_body(request))
        return _answer_trucks(await writer.do(lambda work: take_truck_messages(work, messages)))

    return router


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"the body is larger than {BODY_LIMIT // 1024} kB")
    if not body:
        raise UplinkRefused("the body is empty; send the network's JSON")
    return bytes(body)


def _is_known(request: Request, token: str) -> bool:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = (bearer.strip() if scheme.lower() == "bearer" else "", request.headers.get("x-api-key", ""))
    return any(hmac.compare_digest(secret.encode(), token.encode()) for secret in given if secret)


def _answer(receipt: Receipt) -> JSONResponse:
    if receipt.outcome in ("refused", "no level", "simulated"):
        return JSONResponse({"outcome": receipt.outcome, "error": receipt.why}, status_code=202)
    told: dict[str, Any] = {"outcome": receipt.outcome, "bin": receipt.bin_id}
    if receipt.outcome == "stored":
        assert receipt.measured_at is not None
        told |= {
            "fill": receipt.fill,
            "quality": receipt.quality,
            "measured_at": receipt.measured_at.isoformat().replace("+00:00", "Z"),
        }
    return JSONResponse(told)


def _answer_trucks(receipt: TruckReceipt) -> JSONResponse:
    told: dict[str, Any] = {
        "positions": receipt.positions,
        "emptyings": receipt.emptyings,
        "known": receipt.known,
    }
    if receipt.refused:
        return JSONResponse({**told, "error": receipt.refused[0], "refused": list(receipt.refused)}, status_code=202)
    return JSONResponse(told)


def _ignored(what: str) -> JSONResponse:
    return JSONResponse({"outcome": "ignored", "why": what})
