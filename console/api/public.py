"""What anybody may know of the public stations over HTTP: OCPI 2.2.1, read only, and GeoJSON.

GET /ocpi/versions, /ocpi/2.2.1                      where things are (OCPI 2.2.1, versions)
GET /ocpi/cpo/2.2.1/locations                        pages of locations (transport, pagination)
GET /ocpi/cpo/2.2.1/locations/{location}[/{evse}[/{connector}]]
GET /open/stations.geojson                           a point for each public station
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse

from console.api.bearer import knows
from console.api.ocpi import BEGINNING, describe_locations, describe_points, instant_text, look
from fleet.settings import Settings
from fleet.store import Writer

PAGE = 50
MOST_A_PAGE = 200
SUCCESS, UNKNOWN_LOCATION = 1000, 2003
"""OCPI status codes."""
LOCATIONS = "/ocpi/cpo/2.2.1/locations"


def make_open(writer: Writer) -> APIRouter:
    """The routes under /open: for anybody."""
    router = APIRouter(prefix="/open")

    @router.get("/stations.geojson")
    async def geojson() -> JSONResponse:
        """Public stations as points with their status."""
        return JSONResponse(describe_points(await writer.read(look)), media_type="application/geo+json")

    return router


def make_ocpi(writer: Writer, settings: Settings) -> APIRouter:
    """The routes under /ocpi: for whoever shows http.public_token, or for anybody where there is none."""
    router = APIRouter(prefix="/ocpi", dependencies=[Depends(_ask_for(settings.http.public_token))])

    @router.get("/versions")
    async def versions(request: Request) -> JSONResponse:
        """Which versions are spoken."""
        return _answer([{"version": "2.2.1", "url": f"{_base(request, settings)}/ocpi/2.2.1"}])

    @router.get("/2.2.1")
    async def details(request: Request) -> JSONResponse:
        """Where the locations are."""
        endpoint = {"identifier": "locations", "role": "SENDER", "url": _base(request, settings) + LOCATIONS}
        return _answer({"version": "2.2.1", "endpoints": [endpoint]})

    @router.get("/cpo/2.2.1/locations")
    async def locations(
        request: Request,
        date_from: datetime = BEGINNING,
        date_to: datetime | None = None,
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1)] = PAGE,
    ) -> JSONResponse:
        """A page of locations, those changed in a span if asked."""
        every = describe_locations(await writer.read(look), settings)
        found = [one for one in every if _changed_in(one, date_from, date_to)]
        limit = min(limit, MOST_A_PAGE)
        headers = {"X-Total-Count": str(len(found)), "X-Limit": str(limit)}
        if offset + limit < len(found):
            asked = {**request.query_params, "offset": offset + limit, "limit": limit}
            headers["Link"] = f'<{_base(request, settings)}{LOCATIONS}?{urlencode(asked)}>; rel="next"'
        return _answer(found[offset : offset + limit], headers)

    @router.get("/cpo/2.2.1/locations/{location_id}")
    @router.get("/cpo/2.2.1/locations/{location_id}/{evse_uid}")
    @router.get("/cpo/2.2.1/locations/{location_id}/{evse_uid}/{connector_id}")
    async def location(location_id: str, evse_uid: str = "", connector_id: str = "") -> JSONResponse:
        """One location, EVSE or connector."""
        found: Any = {"locations": describe_locations(await writer.read(look), settings)}
        path = (("locations", "id", location_id), ("evses", "uid", evse_uid), ("connectors", "id", connector_id))
        for inside, name, wanted in path:
            found = _inside(found[inside], name, wanted) if wanted else found
            if found is None:
                return _answer(None, status=404, code=UNKNOWN_LOCATION, said=f"{wanted[:50]} is not known")
        return _answer(found)

    return router


def _ask_for(token: str) -> Callable[[Request], Awaitable[None]]:
    async def check(request: Request) -> None:
        if token and not _knows(request, token):
            raise HTTPException(401, "unauthorized", {"WWW-Authenticate": "Token"})

    return check


def _inside(rows: list[dict[str, Any]], name: str, wanted: str) -> dict[str, Any] | None:
    return next((row for row in rows if row[name] == wanted), None)


def _changed_in(location: Mapping[str, Any], since: datetime, until: datetime | None) -> bool:
    changed = datetime.fromisoformat(location["last_updated"])
    return _aware(since) <= changed and (until is None or changed < _aware(until))


def _answer(
    data: Any,
    headers: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    code: int = SUCCESS,
    said: str = "Success",
) -> JSONResponse:
    told = {"data": data, "status_code": code, "status_message": said, "timestamp": instant_text(datetime.now(UTC))}
    return JSONResponse(told, status_code=status, headers=dict(headers or {}))


def _knows(request: Request, token: str) -> bool:
    """OCPI 2.2.1 shows the token in base64 behind "Token"; as it is, and as Bearer, will do too."""
    if knows(request, token, schemes=("token", "bearer")):
        return True
    _, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        plain = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return hmac.compare_digest(plain.encode(), token.encode())


def _base(request: Request, settings: Settings) -> str:
    return settings.http.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
