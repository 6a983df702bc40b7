"""fold(view, event): what each kind of event changes on the screens."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest

from console.view import AlarmView, BinView, EvseView, NeedView, PlanView, StationView, View, fold
from console.view.fold import _CHANGES, KEEP_EVENTS, KEEP_ORDERS, QUIET
from fleet.events import Event, Kind

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def view(**fields) -> View:
    return View(now=NOW, **fields)


def event(kind: Kind, subject: str, after_s: float = 0, /, **data) -> Event:
    return Event(kind, subject, NOW + timedelta(seconds=after_s), data)


def city() -> View:
    station = StationView("ST-01", place_id="depot", max_kw=22, evses=(EvseView(1, 22), EvseView(2, 22)))
    return view(bins={"B1": BinView("B1", "", "", 34.9, -2.3)}, stations={"ST-01": station})


def test_a_reading_sets_the_fill_and_a_late_one_changes_nothing():
    """Readings come out of order: the newest measured wins."""
    after = fold(city(), event(Kind.BIN_READ, "B1", 60, fill=0.7, battery=0.9, quality="ok"))
    assert (after.bins["B1"].fill, after.bins["B1"].battery) == (0.7, 0.9)
    assert fold(after, event(Kind.BIN_READ, "B1", 0, fill=0.1)) == after


def test_a_reading_that_is_not_plausible_keeps_the_fill_and_tells_the_quality():
    """A blind sensor's figure is not shown, the last good one stays with its time."""
    before = fold(city(), event(Kind.BIN_READ, "B1", fill=0.4))
    after = fold(before, event(Kind.BIN_READ, "B1", 60, fill=None, quality="blind"))
    assert (after.bins["B1"].fill, after.bins["B1"].quality, after.bins["B1"].read_at) == (0.4, "blind", NOW)


@pytest.mark.parametrize(
    ("fill", "hours", "state"),
    [(0.2, 1, "low"), (0.5, 1, "half"), (0.8, 1, "high"), (1.0, 1, "over"), (0.9, 27, "blind"), (None, 0, "blind")],
)
def test_a_bins_state_follows_fill_and_age(fill, hours, state):
    """Half from 50 %, full from 80 %, overflowing from its own mark; silent after 26 hours."""
    tin = BinView("B1", "", "", 0, 0, fill=fill, read_at=NOW - timedelta(hours=hours))
    assert tin.state(NOW) == state


def test_an_emptied_bin_is_empty_until_its_sensor_says_otherwise():
    """An emptying sets the fill to nothing."""
    before = fold(city(), event(Kind.BIN_READ, "B1", fill=0.9))
    after = fold(before, event(Kind.BIN_EMPTIED, "B1", 60, source="truck", truck="T1"))
    assert after.bins["B1"].fill == 0.0
    assert after.events[-1].kind is Kind.BIN_EMPTIED


def test_a_charge_from_plug_to_end():
    """Status, transaction, power and state of charge are the EVSE's own; the other EVSE stays as it was."""
    steps = [
        event(Kind.CONNECTOR_CHANGED, "ST-01", evse=1, connector=1, status="Charging"),
        event(
            Kind.TRANSACTION_STARTED, "ST-01", transaction_id=7, evse=1, ref="7", token="T", truck="T1", start_wh=100
        ),
        event(Kind.EVSE_METERED, "ST-01", 10, evse=1, power_w=11000, soc=0.4, energy_wh=300, offered_w=12000),
    ]
    now = city()
    for step in steps:
        now = fold(now, step)
    evse = now.stations["ST-01"].evses[0]
    assert (evse.status, evse.power_kw, evse.offered_kw, evse.soc) == ("Charging", 11.0, 12.0, 0.4)
    assert evse.transaction.truck_id == "T1"
    assert now.stations["ST-01"].evses[1] == EvseView(2, 22)
    assert [kw for _at, kw in now.depots["depot"].actual_kw] == [11.0]
    ended = fold(now, event(Kind.TRANSACTION_ENDED, "ST-01", 20, transaction_id=7, evse=1, energy_wh=400))
    assert ended.stations["ST-01"].evses[0].transaction is None
    assert ended.stations["ST-01"].power_kw == 0.0


def test_the_depots_power_is_the_highest_of_each_five_minutes():
    """Samples within five minutes make one point, at its peak."""
    now = city()
    for after_s, watts in ((0, 5000), (100, 9000), (200, 4000), (400, 2000)):
        now = fold(now, event(Kind.EVSE_METERED, "ST-01", after_s, evse=1, power_w=watts))
    assert [kw for _at, kw in now.depots["depot"].actual_kw] == [9.0, 2.0]


def test_a_parked_station_appears_and_an_admitted_one_is_accepted():
    """A station nobody entered shows up to be decided on."""
    parked = fold(view(), event(Kind.STATION_PARKED, "NEW-1", address="127.0.0.1"))
    assert parked.stations["NEW-1"].admission == "parked"
    assert fold(parked, event(Kind.STATION_ADMITTED, "NEW-1", admission="accepted")).stations["NEW-1"].admission == (
        "accepted"
    )


def test_planning_shows_progress_then_the_plan():
    """Progress keeps its budget of seconds, a failure its reason, a made plan ends it."""
    started = fold(view(), event(Kind.PLANNING_STARTED, "2026-11-24", day="2026-11-24", seconds=20))
    later = fold(
        started,
        event(Kind.PLANNING_PROGRESSED, "2026-11-24", day="2026-11-24", phase="search", elapsed_s=5, served=10, due=12),
    )
    assert (later.progress.phase, later.progress.seconds, later.progress.served) == ("search", 20, 10)
    assert len(later.events) == 1, "progress is not for the log"
    failed = fold(later, event(Kind.PLANNING_FAILED, "2026-11-24", day="2026-11-24", why="no trucks"))
    assert failed.progress.failed == "no trucks"
    assert fold(later, event(Kind.PLAN_MADE, "3", plan_id=3)).progress is None


def test_publishing_another_plan_changes_nothing_here():
    """Only the plan on the table changes its state."""
    now = view(plan=PlanView(3, NOW.date(), "draft", NOW))
    assert fold(now, event(Kind.PLAN_PUBLISHED, "3", plan_id=3)).plan.state == "published"
    assert fold(now, event(Kind.PLAN_PUBLISHED, "4", plan_id=4)).plan.state == "draft"


def test_a_schedule_sets_the_chart_and_marks_who_falls_short():
    """The depot's series and each need's shortfall come from the schedule."""
    need = NeedView("T1", 60, 120, NOW + timedelta(hours=8))
    after = fold(
        view(needs={"T1": need}),
        event(
            Kind.SCHEDULE_MADE,
            "1",
            schedule_id=1,
            site="depot",
            starts_at=NOW.isoformat(),
            slot_minutes=15,
            limit_kw=[60, 60],
            base_kw=[5, 5],
            total_kw=[22, 11],
            peak_kw=27,
            why="night",
            powers=[{"truck": "T1", "station": "ST-01", "evse": 1, "kw": [22, 11]}],
            shortfalls=[{"truck": "T1", "kwh": 4.0, "ready_by": NOW.isoformat(), "reason": "site limit"}],
        ),
    )
    assert after.depots["depot"].planned_kw == (22, 11)
    assert (after.needs["T1"].shortfall_kwh, after.needs["T1"].reason) == (4.0, "site limit")


def schedule(after_h: float, kw: list[float]) -> Event:
    start = NOW + timedelta(hours=after_h)
    return event(
        Kind.SCHEDULE_MADE, "1", site="depot", starts_at=start.isoformat(), slot_minutes=15, limit_kw=[60.0] * len(kw),
        base_kw=[0.0] * len(kw), total_kw=kw, peak_kw=max(kw),
    )  # fmt: skip


def test_what_was_planned_before_stays_on_the_chart():
    """A new schedule takes the hours from its start on; those gone by keep what was planned for them."""
    after = fold(fold(view(), schedule(0, [1.0] * 8)), schedule(1, [2.0] * 4))
    depot = after.depots["depot"]
    assert depot.planned_kw == (1.0,) * 4 + (2.0,) * 4
    assert depot.starts_at == NOW
    later = fold(after, schedule(200, [3.0]))
    assert later.depots["depot"].planned_kw == (3.0,), "a gap is not filled"


def test_orders_and_alarms_live_until_settled_and_cleared():
    """An order shows its newest state; an alarm stays until the world is well again, acknowledged or not."""
    now = view()
    for state in ("queued", "sent", "accepted"):
        now = fold(
            now,
            event(
                Kind.ORDER_CHANGED, "ST-01", order_id=1, kind="limit_station", target="ST-01", state=state,
                args={"limit_kw": 8}, answer=None, why="",
            ),
        )  # fmt: skip
    assert now.orders[1].state == "accepted"
    assert now.stations["ST-01"].limit_kw == 8
    now = fold(now, event(Kind.ALARM_RAISED, "B1", alarm_id=4, kind="bin.over", severity="warning", text="full"))
    now = fold(now, event(Kind.ALARM_ACKNOWLEDGED, "B1", alarm_id=4, kind="bin.over", by="amina"))
    assert now.alarms[4] == AlarmView(4, "bin.over", "B1", "warning", "full", NOW, "amina")
    assert fold(now, event(Kind.ALARM_CLEARED, "B1", alarm_id=4, kind="bin.over")).alarms == {}


def test_the_log_keeps_the_newest():
    """The View does not grow with the night."""
    now = view()
    for number in range(KEEP_EVENTS + 10):
        now = fold(now, event(Kind.SERVER_STARTED, str(number)))
    assert len(now.events) == KEEP_EVENTS
    assert now.events[-1].subject == str(KEEP_EVENTS + 9)


def test_fold_changes_no_view_it_was_given():
    """The old View is as it was: screens may still be drawing it."""
    before = city()
    kept = copy.deepcopy(before)
    for kind in Kind:
        if kind in QUIET:
            fold(before, event(kind, "B1", fill=0.5, evse=1, power_w=1.0))
    assert before == kept


def test_every_event_about_unknown_things_leaves_the_view_standing():
    """Events on what the view does not hold never raise."""
    data = {
        "evse": 1, "transaction_id": 1, "alarm_id": 1, "order_id": 1, "kind": "reset", "target": "x", "state": "queued",
        "text": "", "site": "s", "starts_at": NOW.isoformat(), "slot_minutes": 15, "limit_kw": [], "base_kw": [],
        "total_kw": [], "peak_kw": 0,
    }  # fmt: skip
    for kind in _CHANGES:
        fold(view(), event(kind, "unknown", **data))


def test_an_order_keeps_its_steps_and_waits_until_it_is_sent():
    """When it was ordered, sent and runs out is kept as it goes on; only a queued one waits."""
    until = NOW + timedelta(minutes=10)
    seen = city()
    for minutes, state in enumerate(("queued", "sent", "accepted")):
        said = {"order_id": 1, "kind": "reset", "target": "ST-01", "state": state, "expires_at": until.isoformat()}
        seen = fold(seen, Event(Kind.ORDER_CHANGED, "ST-01", NOW + timedelta(minutes=minutes), said))
        assert seen.orders[1].waits == (state == "queued")
    order = seen.orders[1]
    assert (order.ordered_at, order.sent_at, order.at) == (NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))
    assert order.expires_at == until


def test_an_order_that_waits_is_remembered_longest():
    """Two hundred newer orders, all settled, do not push one out of the view that is still to be sent."""
    seen = city()
    for number in range(1, KEEP_ORDERS + 10):
        state = "queued" if number == 1 else "accepted"
        said = {"order_id": number, "kind": "reset", "target": "ST-01", "state": state}
        seen = fold(seen, Event(Kind.ORDER_CHANGED, "ST-01", NOW, said))
    assert len(seen.orders) == KEEP_ORDERS
    assert 1 in seen.orders
    assert 2 not in seen.orders


def test_what_people_say_of_a_station_changes_the_board():
    """Name, site and groups follow an order or an admission at once; an unknown station is not made up."""
    seen = fold(city(), event(Kind.STATION_CHANGED, "ST-01", groups="night, public", place_id="mall", public=True))
    seen = fold(seen, event(Kind.STATION_ADMITTED, "ST-01", admission="accepted", name="Gate"))
    station = seen.stations["ST-01"]
    assert (station.groups, station.place_id, station.name) == (("night", "public"), "mall", "Gate")
    assert len(station.evses) == 2
    assert "ST-09" not in fold(city(), event(Kind.STATION_CHANGED, "ST-09", name="x")).stations
