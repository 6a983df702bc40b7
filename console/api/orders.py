"""Orders over HTTP: whatever the console can order. Nothing is answered 201 before it is in the store.

POST /api/v1/orders        one order or a list, all of them or none; 201 with their numbers
GET  /api/v1/orders/{id}   one order: state, answer, times
GET  /api/v1/orders        the newest, by state, kind and target
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from console.api.bearer import ask_for
from console.ordering import refusal_of
from fleet.orders import LIFETIME, OrderKind, OrderState, Wanted
from fleet.store import Work, Writer
from fleet.tables import Order

BODY_LIMIT = 1024 * 1024
MOST_ORDERS = 2000
LONGEST = timedelta(days=7)
KEY_LENGTH = 120
FIELDS = frozenset({"kind", "target", "args", "why", "key", "who", "expires_in_s"})


class OrderWrong(Exception):
    """An order that cannot be placed; the text is the one line of the answer."""


def make_orders(writer: Writer, *, token: str) -> APIRouter:
    """The routes under /api/v1/orders; without a token they are closed."""
    router = APIRouter(prefix="/api/v1/orders", dependencies=[Depends(ask_for(token, "http.order_token"))])

    @router.post("", status_code=201)
    async def place(request: Request) -> JSONResponse:
        """Place one order, or a list of them: all, or none if one is wrong."""
        body = await _read_json(request)
        try:
            many = [_read(one, at if isinstance(body, list) else None) for at, one in enumerate(_listed(body))]
            numbers = await writer.do(lambda work: _place_all(work, many, isinstance(body, list)))
        except OrderWrong as wrong:
            raise HTTPException(422, str(wrong)) from None
        return JSONResponse({"orders": numbers}, status_code=201)

    @router.get("/{order_id}")
    async def show(order_id: int) -> JSONResponse:
        """One order."""
        row = await writer.read(lambda work: work.orders.get(order_id))
        if row is None:
            raise HTTPException(404, f"there is no order {order_id}")
        return JSONResponse(describe(row))

    @router.get("")
    async def show_many(
        state: OrderState | None = None,
        kind: OrderKind | None = None,
        target: str | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> JSONResponse:
        """The newest orders, newest first."""
        rows = await writer.read(lambda work: work.orders.find(state=state, kind=kind, target=target, count=limit))
        return JSONResponse({"orders": [describe(row) for row in rows]})

    return router


def describe(row: Order) -> dict[str, Any]:
    """An order as JSON; secrets in its arguments are masked."""

    def text(at: Any) -> str | None:
        return None if at is None else at.isoformat().replace("+00:00", "Z")

    return {
        "id": row.order_id,
        "kind": row.kind,
        "target": row.target,
        "args": {name: "***" if "password" in name else value for name, value in row.args.items()},
        "state": row.state,
        "answer": row.answer,
        "who": row.who,
        "why": row.why,
        "ordered_at": text(row.ordered_at),
        "sent_at": text(row.sent_at),
        "done_at": text(row.done_at),
        "expires_at": text(row.expires_at),
    }


async def _read_json(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, f"the body is larger than {BODY_LIMIT // 1024} kB")
    try:
        return msgspec.json.decode(bytes(body))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise HTTPException(400, "the body is no JSON") from None


def _listed(body: Any) -> list[Any]:
    many = body if isinstance(body, list) else [body]
    if not 0 < len(many) <= MOST_ORDERS:
        raise OrderWrong(f"{len(many)} orders; give 1 to {MOST_ORDERS}")
    return many


def _read(one: Any, at: int | None) -> Wanted:
    where = "" if at is None else f"orders[{at}]: "
    if not isinstance(one, dict):
        raise OrderWrong(f"{where}an order is an object with kind, target and args")
    unknown = sorted(set(one) - FIELDS)
    if unknown:
        raise OrderWrong(f"{where}{unknown[0]!r} is not known; there are {', '.join(sorted(FIELDS))}")
    try:
        kind = OrderKind(str(one.get("kind")))
    except ValueError:
        raise OrderWrong(f"{where}kind {one.get('kind')!r} is no kind of order; see docs/api.md") from None
    target, args = one.get("target"), one.get("args", {})
    texts = {name: one.get(name) or "" for name in ("who", "why", "key")}
    if not isinstance(target, str | int) or isinstance(target, bool) or not isinstance(args, dict):
        raise OrderWrong(f"{where}target must be a text and args an object")
    if not all(isinstance(text, str) and len(text) <= KEY_LENGTH for text in texts.values()):
        raise OrderWrong(f"{where}who, why and key are texts of at most {KEY_LENGTH} characters")
    seconds = one.get("expires_in_s", LIFETIME.total_seconds())
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST.total_seconds():
        raise OrderWrong(f"{where}expires_in_s must be a number up to {LONGEST.total_seconds():.0f}")
    who = f"api:{texts['who']}" if texts["who"] else "api"
    return Wanted(kind, str(target), args, who, texts["why"], texts["key"] or None, timedelta(seconds=seconds))


def _place_all(work: Work, many: list[Wanted], listed: bool) -> list[int]:
    for at, wanted in enumerate(many):
        refusal = refusal_of(work, wanted)
        if refusal is not None:
            raise OrderWrong(f"orders[{at}]: {refusal}" if listed else refusal)
    return [work.orders.place(wanted).order_id or 0 for wanted in many]
