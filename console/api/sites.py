"""A site's own meter: what its grid connection carries now, as an input of the limit its stations share.

POST /api/v1/sites/{place}/meter    {"power_w": 41250.0, "at": instant?, "source": text?}; power_kw will do too
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from console.api.bearer import ask_for
from fleet.store import Writer

AHEAD = timedelta(minutes=5)
"""A clock that runs further ahead than this is wrong."""
Power = Annotated[float | None, Field(ge=-1e8, le=1e8, allow_inf_nan=False)]


class Measured(BaseModel):
    """What a meter says; positive: taken from the grid."""

    model_config = ConfigDict(extra="forbid")

    power_w: Power = None
    power_kw: Power = None
    at: datetime | None = None
    source: Annotated[str, Field(max_length=48)] = "http"


def make_sites(writer: Writer, *, token: str) -> APIRouter:
    """The routes under /api/v1/sites; without a token they are closed."""
    check = ask_for(token, "http.order_token or http.ingest_token")
    router = APIRouter(prefix="/api/v1/sites", dependencies=[Depends(check)])

    @router.post("/{place_id}/meter", status_code=201)
    async def take_meter(place_id: str, measured: Measured) -> JSONResponse:
        """Keep what the site's meter said; 201 once it is in the store."""
        power_w = measured.power_w
        if power_w is None and measured.power_kw is not None:
            power_w = measured.power_kw * 1000
        if power_w is None:
            raise HTTPException(422, "power_w is missing: give W, or kW as power_kw")
        now = writer.clock.now()
        at = measured.at or now
        if at.tzinfo is None:
            raise HTTPException(422, "at must have its offset, e.g. 2026-03-10T18:00:00+00:00")
        if at > now + AHEAD:
            raise HTTPException(422, f"at lies {(at - now).total_seconds():.0f} s ahead: set the meter's clock")
        watts = power_w
        known = await writer.do(lambda work: work.sites.note_meter(place_id, at, watts, measured.source))
        if not known:
            raise HTTPException(404, f"there is no place {place_id[:50]!r}")
        return JSONResponse({"site": place_id, "power_w": power_w}, status_code=201)

    return router
