"""Campaigns: the same order to many stations, a few at a time, and how far each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlmodel import col, select

from fleet.events import Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.tables import Campaign, CampaignStation

if TYPE_CHECKING:
    from fleet.store.work import Work

SILENT = timedelta(hours=2)
"""A station at work that says nothing for so long has failed."""
REQUEST_IDS = 1_000_000
"""Requests of campaigns are numbered from here on, and each attempt so much higher than the one before."""
PROGRESSING = frozenset({OrderKind.UPDATE_FIRMWARE, OrderKind.GET_LOG, OrderKind.PUBLISH_FIRMWARE})
"""Accepted is only the beginning of these: the station tells how it goes on."""
State = Literal["running", "paused", "stopped", "done"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many stations of a campaign are where."""

    stations: int
    waiting: int
    working: int
    done: int
    failed: int


class Campaigns:
    """Campaigns in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def get(self, campaign_id: int) -> Campaign | None:
        """One campaign."""
        return self._work.session.get(Campaign, campaign_id)

    def newest(self, count: int = 50) -> list[Campaign]:
        """The last campaigns, newest first."""
        query = select(Campaign).order_by(col(Campaign.campaign_id).desc()).limit(count)
        return list(self._work.session.exec(query))

    def stations(self, campaign_id: int) -> list[CampaignStation]:
        """The stations of a campaign, in their order."""
        query = select(CampaignStation).where(CampaignStation.campaign_id == campaign_id)
        return list(self._work.session.exec(query.order_by(col(CampaignStation.campaign_station_id))))

    def progress(self, campaign_id: int) -> Progress:
        """How far a campaign is."""
        count = Counter(row.state for row in self.stations(campaign_id))
        working = count["ordered"] + count["working"]
        return Progress(sum(count.values()), count["waiting"], working, count["done"], count["failed"])

    def start(
        self,
        kind: OrderKind,
        args: Mapping[str, Any],
        stations: Iterable[str],
        *,
        who: str,
        why: str = "",
        at_once: int = 10,
        stop_after: int = 3,
    ) -> Campaign:
        """A new campaign; its first orders are placed by the next `advance`."""
        row = Campaign(
            kind=str(kind),
            args=dict(args),
            at_once=at_once,
            stop_after=stop_after,
            who=who,
            why=why,
            made_at=self._work.now,
        )
        session = self._work.session
        session.add(row)
        session.flush()
        assert row.campaign_id is not None
        for station in dict.fromkeys(stations):
            session.add(CampaignStation(campaign_id=row.campaign_id, station_id=station))
        session.flush()
        self._tell(row, who)
        return row

    def set_state(self, campaign_id: int, state: State, who: str = "") -> str | None:
        """Pause, go on or stop; None when done, else why not. Orders under way run to their end."""
        row = self.get(campaign_id)
        if row is None:
            return f"there is no campaign {campaign_id}"
        if row.state in ("done", "stopped"):
            return f"campaign {campaign_id} is {row.state}"
        failed = self.progress(campaign_id).failed
        if state == "running" and failed >= row.stop_after:
            row.stop_after += failed  # somebody has looked at them
        self._move(row, state, who)
        return None

    def retry(self, campaign_id: int, who: str = "") -> int | str:
        """Let the stations that failed have another turn, also when all are through; how many, or why not.

        What a station still says of the failed attempt carries that attempt's number and is not taken for this one.
        """
        row = self.get(campaign_id)
        if row is None:
            return f"there is no campaign {campaign_id}"
        if row.state == "stopped":
            return f"campaign {campaign_id} is stopped"
        failed = [part for part in self.stations(campaign_id) if part.state == "failed"]
        if not failed:
            return f"no station of campaign {campaign_id} failed"
        for part in failed:
            part.state, part.status, part.why, part.order_id = "waiting", "", "", None
            part.changed_at = self._work.now
            self._work.session.add(part)
        row.ended_at = None
        self._move(row, "running", who)
        return len(failed)

    def is_any(self) -> bool:
        """Whether a campaign is not over."""
        query = select(Campaign.campaign_id).where(col(Campaign.state).in_(("running", "paused"))).limit(1)
        return self._work.session.exec(query).first() is not None

    def advance(self) -> int:
        """Take in what stations answered and place the next orders; gives how many. Safe to call at any time."""
        query = select(Campaign).where(col(Campaign.state).in_(("running", "paused")))
        return sum(self._advance(row) for row in self._work.session.exec(query).all())

    def _advance(self, campaign: Campaign) -> int:
        assert campaign.campaign_id is not None
        rows = self.stations(campaign.campaign_id)
        before = Counter(row.state for row in rows)
        for row in rows:
            self._take_in(campaign, row)
        failed = sum(row.state == "failed" for row in rows)
        busy = sum(row.state in ("ordered", "working") for row in rows)
        if all(row.state in ("done", "failed") for row in rows):
            self._move(campaign, "done")
            return 0
        if failed >= campaign.stop_after and campaign.state == "running":
            self._move(campaign, "paused")
            text = f"campaign {campaign.campaign_id} ({campaign.kind}) is paused: {failed} stations failed"
            self._work.alarms.sound("campaign.stopped", str(campaign.campaign_id), "warning", text)
            return 0
        placed = 0
        if campaign.state == "running":
            waiting = [row for row in rows if row.state == "waiting"]
            for row in waiting:
                if busy + placed >= campaign.at_once:
                    break
                placed += self._order(campaign, row)
        if placed or Counter(row.state for row in rows) != before:
            self._tell(campaign, campaign.who)
        return placed

    def _take_in(self, campaign: Campaign, row: CampaignStation) -> None:
        now = self._work.now
        if row.state == "ordered" and row.order_id is not None:
            order = self._work.orders.get(row.order_id)
            if order is None or order.state == OrderState.EXPIRED:
                row.state, row.order_id = "waiting", None
            elif order.state == OrderState.ACCEPTED:
                row.state = "working" if campaign.kind in PROGRESSING else "done"
            elif order.state in (OrderState.REJECTED, OrderState.FAILED, OrderState.WITHDRAWN):
                row.state = "failed"
                answer = order.answer or {}
                row.why = str(answer.get("why") or answer.get("status") or order.state)[:200]
            else:
                return
        elif row.state == "working" and row.changed_at is not None and now - row.changed_at > SILENT:
            row.state, row.why = "failed", "it said nothing for two hours"
        else:
            return
        row.changed_at = now
        self._work.session.add(row)
        self._work.session.flush()

    def _order(self, campaign: Campaign, row: CampaignStation) -> int:
        """Ask the next station; one that is away waits for its turn."""
        station = self._work.stations.get(row.station_id)
        if station is None or station.admission != "accepted":
            row.state, row.why, row.changed_at = "failed", "there is no such station here", self._work.now
            self._work.session.add(row)
            self._work.session.flush()
            return 0
        if not station.online:
            return 0
        assert row.campaign_station_id is not None
        args = dict(campaign.args)
        if campaign.kind in PROGRESSING:
            attempt_before = row.request_id if row.request_id is not None else row.campaign_station_id
            row.request_id = attempt_before + REQUEST_IDS
            args["request_id"] = row.request_id
        why = campaign.why or f"campaign {campaign.campaign_id}"
        order = self._work.orders.place(Wanted(OrderKind(campaign.kind), row.station_id, args, campaign.who, why))
        row.order_id, row.state, row.changed_at = order.order_id, "ordered", self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        return 1

    def _move(self, row: Campaign, state: State, who: str = "") -> None:
        row.state = state
        if state in ("done", "stopped"):
            row.ended_at = self._work.now
        else:
            self._work.alarms.clear("campaign.stopped", str(row.campaign_id))
        self._work.session.add(row)
        self._work.session.flush()
        self._tell(row, who or row.who)

    def _tell(self, row: Campaign, who: str) -> None:
        assert row.campaign_id is not None
        found = self.progress(row.campaign_id)
        self._work.events.append(
            Kind.CAMPAIGN_CHANGED,
            str(row.campaign_id),
            who=who,
            campaign_id=row.campaign_id,
            kind=row.kind,
            state=row.state,
            done=found.done,
            failed=found.failed,
            stations=found.stations,
        )
