"""Cards are judged, local lists compared, reservations kept and lost ends of charges put right by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleet.events import Kind
from fleet.store import Store
from fleet.store.tokens import ListEntry
from fleet.tables import Evse, IdToken, MeterValue, Station, Transaction

UNTIL = datetime(2026, 3, 11, tzinfo=UTC)


@pytest.fixture
def work(store: Store):
    with store.begin() as one:
        one.stations.upsert(Station(station_id="CP1"), [Evse(station_id="CP1", number=1, max_kw=22.0)])
        yield one


def charge(work, token: str, **values) -> Transaction:
    row = Transaction(station_id="CP1", evse=1, token=token, started_at=work.now, start_wh=1000.0, **values)
    work.session.add(row)
    work.session.flush()
    return row


def test_a_card_is_judged_by_status_expiry_and_charges_under_way(work):
    """Blocked stays blocked, a past expiry is Expired, and one charge too many is ConcurrentTx, only to start one."""
    work.tokens.set("OLD", {"expires_at": work.now - timedelta(days=1)})
    work.tokens.set("BAD", {"status": "Blocked"})
    work.tokens.set("ONE", {"most_at_once": 1, "group_id": "FLEET", "expires_at": UNTIL})
    row = charge(work, "ONE", ref="1")
    assert [work.tokens.judge(name).status for name in ("NONE", "OLD", "BAD", "ONE", "one")] == [
        "Invalid", "Expired", "Blocked", "Accepted", "Accepted",
    ]  # fmt: skip
    assert work.tokens.judge("ONE", starting=True).status == "ConcurrentTx"
    again = work.tokens.judge("ONE", starting=True, but=row.transaction_id)
    assert (again.status, again.group_id, again.expires_at) == ("Accepted", "FLEET", UNTIL)


def test_only_what_changed_since_the_last_list_is_told(work):
    """A differential list names cards new, changed and gone."""
    for name in ("A", "B", "C"):
        work.stations.upsert_token(IdToken(token=name))
    work.tokens.note_list("CP1", "accepted", 1, work.tokens.list_entries())
    work.tokens.set("B", {"status": "Blocked"})
    work.tokens.set("D", {})
    work.session.delete(work.stations.token("A"))
    work.session.flush()
    changes = work.tokens.list_changes("CP1", work.tokens.list_entries())
    assert {(one.token, one.status) for one in changes} == {("B", "Blocked"), ("D", "Accepted"), ("A", None)}
    assert ListEntry("B", "Blocked").mark in {one.mark for one in changes}


def test_a_reservation_goes_its_way_once(work):
    """Asked twice it is one; used or expired it is over; each step is an event."""
    first = work.reservations.ask("CP1", 1, "ONE", UNTIL, "op")
    assert work.reservations.ask("CP1", 1, "ONE", UNTIL, "op").reservation_id == first.reservation_id
    assert work.reservations.mark(first.reservation_id, "held")
    work.reservations.use("CP1", 1, "OTHER", None)
    work.reservations.use("CP1", 1, "ONE", None)
    assert not work.reservations.mark(first.reservation_id, "cancelled")
    late = work.reservations.ask("CP1", 0, "TWO", work.now, "op")
    work.reservations.expire()
    assert (first.state, late.state, work.reservations.open()) == ("used", "expired", [])
    told = work.events.newest(kinds=[Kind.RESERVATION_CHANGED])
    assert [event.data["state"] for event in told] == ["asked", "held", "used", "asked", "expired"]


def test_a_charge_without_an_end_is_closed_by_hand(work):
    """It ends with the highest register it told, says by whom and why, and only once."""
    row = charge(work, "ONE", ref="1")
    work.session.add(MeterValue(station_id="CP1", evse=1, ref="1", measured_at=work.now, energy_wh=4200.0))
    work.session.flush()
    assert "below" in work.charging.close_by_hand(row.transaction_id, who="op", why="gone", end_wh=1.0)
    assert work.charging.close_by_hand(row.transaction_id, who="op", why="gone") is None
    assert (row.state, row.end_wh, row.closed_by, row.end_reason) == ("ended", 4200.0, "op", "gone")
    assert "ended already" in work.charging.close_by_hand(row.transaction_id, who="op", why="")
    assert "no transaction 99" in work.charging.close_by_hand(99, who="op", why="")
    [ended] = work.events.newest(kinds=[Kind.TRANSACTION_ENDED])
    assert ended.data["energy_wh"] == 3200.0
