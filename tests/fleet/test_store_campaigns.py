"""Campaigns: a few stations at a time, those away wait, failures stop it, what stations tell moves it on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fleet.clock import FixedClock
from fleet.orders import OrderKind, OrderState
from fleet.store import Store
from fleet.tables import CampaignStation, Order, Station


@pytest.fixture
def furnished(any_store: Store) -> Store:
    with any_store.begin() as work:
        for number in range(6):
            work.stations.upsert(Station(station_id=f"CP{number}"), [])
            row = work.stations.get(f"CP{number}")
            row.online = number != 5
            work.session.add(row)
    return any_store


def begin(store: Store, kind=OrderKind.RESET, **options) -> int:
    with store.begin() as work:
        names = [f"CP{number}" for number in range(6)]
        return work.campaigns.start(kind, {"how": "soft"}, [*names, "CP0"], who="amal", **options).campaign_id


def advance(store: Store) -> list[Order]:
    with store.begin() as work:
        work.campaigns.advance()
        return work.orders.waiting([OrderKind.RESET, OrderKind.GET_LOG])


def settle(store: Store, orders: list[Order], state: OrderState = OrderState.ACCEPTED) -> None:
    with store.begin() as work:
        for order in orders:
            work.orders.mark(order, OrderState.SENT)
            work.orders.mark(order, state, {"why": "busy"} if state is OrderState.FAILED else {})


def progress(store: Store, number: int):
    with store.read() as work:
        found = work.campaigns.progress(number)
        return work.campaigns.get(number).state, found.waiting, found.working, found.done, found.failed


def test_a_few_at_a_time_and_those_away_wait(furnished):
    """Never more than at_once; the station that is away is asked when it comes back, then the campaign is done."""
    number = begin(furnished, at_once=2)
    seen = 0
    while orders := advance(furnished):
        assert len(orders) <= 2
        seen += len(orders)
        settle(furnished, orders)
    assert seen == 5
    assert progress(furnished, number) == ("running", 1, 0, 5, 0)
    with furnished.begin() as work:
        row = work.stations.get("CP5")
        row.online = True
        work.session.add(row)
    settle(furnished, advance(furnished))
    advance(furnished)
    assert progress(furnished, number) == ("done", 0, 0, 6, 0)


def test_failures_pause_it_until_somebody_goes_on(furnished):
    """After stop_after failures nobody else is asked, and an alarm says so; told to go on, it does."""
    number = begin(furnished, at_once=2, stop_after=2)
    settle(furnished, advance(furnished), OrderState.FAILED)
    assert advance(furnished) == []
    assert progress(furnished, number) == ("paused", 4, 0, 0, 2)
    with furnished.begin() as work:
        assert [one.kind for one in work.alarms.standing()] == ["campaign.stopped"]
        assert work.campaigns.set_state(number, "running") is None
    assert len(advance(furnished)) == 2


def test_an_expired_order_is_placed_again(furnished, clock: FixedClock):
    """What could not be sent in time waits for its next turn."""
    number = begin(furnished, at_once=1)
    (order,) = advance(furnished)
    clock.advance(timedelta(hours=1))
    with furnished.begin() as work:
        work.orders.queued([OrderKind.RESET])
    (again,) = advance(furnished)
    assert (again.target, again.order_id != order.order_id) == ("CP0", True)
    assert progress(furnished, number)[1:3] == (5, 1)


def test_a_withdrawn_order_leaves_its_station_out(furnished):
    """Who takes one station's order back does not want it asked again: it failed, by whom, and the next is asked."""
    number = begin(furnished, at_once=1, stop_after=3)
    (order,) = advance(furnished)
    with furnished.begin() as work:
        assert work.orders.withdraw(str(order.order_id), who="amina") is None
    (following,) = advance(furnished)
    assert following.target == "CP1"
    with furnished.read() as work:
        first = next(one for one in work.campaigns.stations(number) if one.station_id == "CP0")
        assert (first.state, first.why) == ("failed", "withdrawn by amina")


def test_what_goes_on_after_its_answer_is_followed_by_request(furnished, clock: FixedClock):
    """A log that is being uploaded is at work until the station says more; silent for two hours, it has failed."""
    number = begin(furnished, OrderKind.GET_LOG, at_once=1)
    orders = advance(furnished)
    assert orders[0].args["request_id"] > 1_000_000
    settle(furnished, orders)
    assert advance(furnished) == []
    assert progress(furnished, number) == ("running", 5, 1, 0, 0)
    with furnished.begin() as work:
        row = work.session.get(CampaignStation, orders[0].args["request_id"] - 1_000_000)
        row.state = "done"
        work.session.add(row)
    orders = advance(furnished)
    assert progress(furnished, number) == ("running", 4, 1, 1, 0)
    settle(furnished, orders)
    advance(furnished)
    clock.advance(timedelta(hours=3))
    advance(furnished)
    assert progress(furnished, number)[4] == 1


def test_a_campaign_that_is_over_does_not_change(furnished):
    """Stopped is stopped."""
    number = begin(furnished)
    with furnished.begin() as work:
        assert work.campaigns.set_state(number, "stopped") is None
        assert work.campaigns.set_state(number, "running") == f"campaign {number} is stopped"
        assert work.campaigns.set_state(99, "paused") == "there is no campaign 99"
    assert advance(furnished) == []


def test_those_that_failed_get_another_turn(furnished):
    """Through with failures, it runs again for these alone, under new request numbers; a stopped one stays stopped."""
    number = begin(furnished, OrderKind.GET_LOG, at_once=6, stop_after=9)
    with furnished.begin() as work:
        away = work.stations.get("CP5")
        away.online = True
        work.session.add(away)
    orders = advance(furnished)
    settle(furnished, orders, OrderState.FAILED)
    advance(furnished)
    assert progress(furnished, number) == ("done", 0, 0, 0, 6)
    with furnished.begin() as work:
        assert work.campaigns.retry(number, "amina") == 6
    again = advance(furnished)
    assert {one.target for one in again} == {one.target for one in orders}
    before = {one.target: one.args["request_id"] for one in orders}
    assert all(one.args["request_id"] > before[one.target] for one in again)
    with furnished.begin() as work:
        assert work.campaigns.retry(number) == f"no station of campaign {number} failed"
        assert work.campaigns.retry(99) == "there is no campaign 99"
        work.campaigns.set_state(number, "stopped")
        assert work.campaigns.retry(number) == f"campaign {number} is stopped"
