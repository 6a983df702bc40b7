"""How a firmware update or the sending of a log goes on, as a station tells it, and what its campaign makes of it."""

from __future__ import annotations

from typing import Any, Literal

from sqlmodel import col, select

from fleet.events import Kind
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.tables import Campaign, CampaignStation, StationFile

What = Literal["firmware", "log"]

KINDS: dict[What, tuple[Kind, frozenset[str]]] = {
    "firmware": (
        Kind.FIRMWARE_PROGRESSED,
        frozenset({OrderKind.UPDATE_FIRMWARE, OrderKind.PUBLISH_FIRMWARE}),
    ),
    "log": (Kind.LOG_PROGRESSED, frozenset({OrderKind.GET_LOG})),
}
MOST_ID = 2**31 - 1
"""A larger number is none of ours, and no column holds it."""
ENDS = {
    "Installed": "done",
    "Published": "done",
    "Uploaded": "done",
    "DownloadFailed": "failed",
    "InstallationFailed": "failed",
    "InstallVerificationFailed": "failed",
    "InvalidSignature": "failed",
    "InvalidChecksum": "failed",
    "PublishFailed": "failed",
    "UploadFailed": "failed",
    "UploadFailure": "failed",
    "BadMessage": "failed",
    "NotSupportedOperation": "failed",
    "PermissionDenied": "failed",
    "AcceptedCanceled": "failed",
}
"""Statuses after which nothing more comes; "Idle" says nothing about anything under way."""


def note_progress(work: Work, station_id: str, what: What, status: str, request_id: int | None = None) -> None:
    """A station told how far it is; `request_id` where its version tells it, else its newest task is meant."""
    if request_id is not None and abs(request_id) > MOST_ID:
        request_id = None
    part = _find(work, station_id, KINDS[what][1], request_id)
    if part is not None and status != "Idle":
        part.status, part.changed_at = status[:50], work.now
        part.state = ENDS.get(status, "working")
        if part.state == "failed":
            part.why = status[:50]
        work.session.add(part)
        work.session.flush()
    data: dict[str, Any] = {
        "status": status[:50],
        "request_id": request_id if request_id is not None or part is None else part.request_id,
        "campaign_id": None if part is None else part.campaign_id,
    }
    if what == "log":
        data["file"] = _file(work, station_id, request_id)
    work.events.append(KINDS[what][0], station_id, **data)
    if what == "firmware" and ENDS.get(status) == "failed":
        work.alarms.sound("station.firmware", station_id, "warning", f"{station_id}: firmware update: {status[:50]}")
    elif status == "Installed":
        work.alarms.clear("station.firmware", station_id)


def _find(work: Work, station_id: str, kinds: frozenset[str], request_id: int | None) -> CampaignStation | None:
    query = (
        select(CampaignStation)
        .join(Campaign, col(Campaign.campaign_id) == CampaignStation.campaign_id)
        .where(CampaignStation.station_id == station_id, col(Campaign.kind).in_(kinds))
        .order_by(col(CampaignStation.campaign_station_id).desc())
    )
    if request_id is not None:
        query = query.where(CampaignStation.request_id == request_id)
    else:
        query = query.where(col(CampaignStation.state).in_(("ordered", "working")))
    return work.session.exec(query.limit(1)).first()


def _file(work: Work, station_id: str, request_id: int | None) -> str | None:
    query = select(StationFile).where(StationFile.station_id == station_id, StationFile.direction == "up")
    if request_id is not None:
        query = query.where(StationFile.request_id == request_id)
    newest = work.session.exec(query.order_by(col(StationFile.made_at).desc()).limit(1)).first()
    return None if newest is None else newest.path
