"""The HTTP application: every answer is JSON, every error one line {"error": …}."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from console.api.ingest import make_ingest
from fleet.errors import FleetError, StoreError, UplinkRefused, UplinkUnreadable
from fleet.store import Writer


def make_api(
    writer: Writer,
    *,
    token: str | None,
    health: Callable[[], dict[str, Any]],
    allow_simulated: bool = False,
    rooms: Iterable[APIRouter] = (),
) -> FastAPI:
    """The application over a started writer.

    `token`: the secret senders must give as `Authorization: Bearer` or `X-Api-Key`; None asks for none. `health` gives
    what /healthz answers; it may raise a FleetError, and then the answer is 503. `allow_simulated` takes uplinks that
    the network's own simulator made. `rooms` are further routes: orders, public status,
    files. The interactive documentation pages of FastAPI load scripts from the web, so they
    are off; /openapi.json stays.
    """
    api = FastAPI(title="binwatt", docs_url=None, redoc_url=None)
    api.include_router(make_ingest(writer, token=token, allow_simulated=allow_simulated))
    for room in rooms:
        api.include_router(room)

    @api.get("/healthz")
    def answer_health() -> JSONResponse:
        """Whether the store answers, and counts of what is in it."""
        return JSONResponse(health())

    api.add_exception_handler(FleetError, _answer_fleet_error)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(RequestValidationError, _answer_wrong_address)
    return api


def _answer_fleet_error(_request: Request, error: Exception) -> JSONResponse:
    return _answer(_status_of(error), str(error))


def _status_of(error: Exception) -> int:
    if isinstance(error, StoreError):
        return 503
    if isinstance(error, UplinkUnreadable):
        return 400
    return 422 if isinstance(error, UplinkRefused) else 500


def _answer_http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _answer(error.status_code, str(error.detail), error.headers)


def _answer_wrong_address(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _answer(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")


def _answer(status: int, line: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": " ".join(line.split())}, status_code=status, headers=headers)
