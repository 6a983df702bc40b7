"""A shared site over a real store: shares, leases, silence; and worlds of cars, answers and base loads by chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from chargers.profile import ChargingProfile, from_v201, in_unit
from chargers.profile.values import RateUnit
from chargers.sites import is_shared, share_site
from chargers.sites.meter import live_base_kw
from fleet.clock import FixedClock
from fleet.orders import OrderKind, OrderState
from fleet.store import Store, Work
from fleet.tables import Evse, MeterValue, Order, Place, Station, Transaction

LIMIT_KW, BASE_KW, FALLBACK_KW, MARGIN_KW = 50.0, 15.0, 4.2, 1.0
STATIONS = 5


@pytest.fixture
def mall(store: Store) -> Store:
    """Five public stations of 22 kW behind 50 kW, of which the shops may take 15."""
    with store.begin() as work:
        place = Place(place_id="MALL", name="Mall", lat=34.9, lon=-2.3, site_limit_kw=LIMIT_KW, base_load_kw=BASE_KW)
        work.places.upsert(place)
        for number in range(STATIONS):
            row = Station(
                station_id=f"S{number}",
                place_id="MALL",
                fallback_kw=FALLBACK_KW,
                online=True,
                public=True,
                fallback_at=work.now,
                rate_unit="W",
            )
            work.stations.upsert(row, [Evse(station_id=row.station_id, number=1, max_kw=22.0)])
    return store


def plug(work: Work, number: int) -> None:
    stamp = work.now.isoformat()
    row = Transaction(station_id=f"S{number}", evse=1, ref=f"tx{number}-{stamp}", started_at=work.now)
    work.session.add(row)


def unplug(work: Work, number: int) -> None:
    for row in work.charging.running(f"S{number}"):
        row.state, row.ended_at = "ended", work.now
        work.session.add(row)


def measure(work: Work, number: int, kw: float) -> None:
    values = {"station_id": f"S{number}", "evse": 1, "ref": "", "context": "", "power_w": kw * 1000}
    work.insert_new(MeterValue, {**values, "measured_at": work.now})


def look(store: Store) -> list[Order]:
    """One look of the conductor; the orders it placed."""
    with store.begin() as work:
        site = work.places.get("MALL")
        return [work.orders.place(one) for one in share_site(work, site, MARGIN_KW, "test")]


def answer(store: Store, orders: list[Order], state: OrderState = OrderState.ACCEPTED) -> None:
    with store.begin() as work:
        for order in orders:
            work.orders.mark(order, OrderState.SENT)
            work.orders.mark(order, state, {})


def settle(store: Store) -> dict[str, float]:
    """Look and accept until nothing more is ordered; the limits of that."""
    limits: dict[str, float] = {}
    for _ in range(10):
        orders = look(store)
        if not orders:
            return limits
        limits.update({order.target: kw_at(from_v201(order.args["profile"]), order.ordered_at) for order in orders})
        answer(store, orders)
    raise AssertionError("it never settles")


def kw_at(profile: ChargingProfile, at) -> float:
    schedule = profile.schedule
    seconds = (at - schedule.start).total_seconds()
    period = [one for one in schedule.periods if one.start_s <= seconds][-1]
    return in_unit(period.limit, schedule.unit, RateUnit.W, period.phases) / 1000


def test_a_shared_site_is_no_depot_and_has_public_stations(mall: Store):
    """One site, one conductor."""
    with mall.begin() as work:
        site = work.places.get("MALL")
        assert is_shared(work, site)
        assert not is_shared(work, Place(**{**site.model_dump(), "is_depot": True}))
        assert not is_shared(work, Place(**{**site.model_dump(), "place_id": "ELSEWHERE"}))


def test_room_is_shared_and_shared_again(mall: Store, clock: FixedClock):
    """Two cars have half of what fall-backs elsewhere leave; a third comes: down first, then up for it."""
    with mall.begin() as work:
        plug(work, 0)
        plug(work, 1)
    room = LIMIT_KW - MARGIN_KW - BASE_KW
    assert settle(mall) == pytest.approx({"S0": (room - 3 * 4.2) / 2, "S1": (room - 3 * 4.2) / 2}, abs=0.11)
    clock.advance(timedelta(minutes=1))
    with mall.begin() as work:
        plug(work, 2)
    first = look(mall)
    assert sorted(order.target for order in first) == ["S0", "S1"]
    assert look(mall) == []
    answer(mall, first)
    assert [order.target for order in look(mall)] == ["S2"]


def test_a_silent_station_keeps_its_share(mall: Store, clock: FixedClock):
    """It is counted with what it holds, and the others get no more for it."""
    with mall.begin() as work:
        plug(work, 0)
        plug(work, 1)
    before = settle(mall)
    with mall.begin() as work:
        row = work.stations.get("S0")
        row.online = False
        work.session.add(row)
    clock.advance(timedelta(hours=2))
    assert settle(mall) == {}
    assert before["S1"] == pytest.approx(before["S0"])


def test_what_the_meter_frees_is_a_lease(mall: Store, clock: FixedClock):
    """With 1 kW of base load the car gets more for a quarter of an hour, and after it what 15 kW would leave."""
    with mall.begin() as work:
        for number in range(3):
            plug(work, number)
        work.sites.note_meter("MALL", work.now, 1000.0)
    orders = look(mall)
    profile = from_v201(orders[0].args["profile"])
    now = orders[0].ordered_at
    later = now + timedelta(minutes=16)
    most, always = LIMIT_KW - MARGIN_KW - 1.0, LIMIT_KW - MARGIN_KW - BASE_KW
    assert kw_at(profile, now) == pytest.approx((most - 2 * 4.2) / 3, abs=0.11)
    assert kw_at(profile, later) == pytest.approx((always - 2 * 4.2) / 3, abs=0.11)
    answer(mall, orders)
    clock.advance(timedelta(minutes=3))
    with mall.begin() as work:
        work.sites.note_meter("MALL", work.now, 1000.0)
    assert look(mall) == []
    clock.advance(timedelta(minutes=3))
    with mall.begin() as work:
        work.sites.note_meter("MALL", work.now, 1000.0)
    assert len(look(mall)) == 3


def test_a_station_in_the_group_site_meter_tells_the_base_load(mall: Store):
    """Its inlet at EVSE 0, in kW, phases summed; other stations' inlets are their own."""
    with mall.begin() as work:
        row = work.stations.get("S4")
        row.groups = "centre, site-meter"
        work.session.add(row)
        plug(work, 0)
        extra = '[["Power.Active.Import","0.5","kW","L1","Inlet"],["Power.Active.Import","0.5","kW","L2","Inlet"]]'
        values = {"station_id": "S4", "evse": 0, "ref": "", "context": "", "extra": extra, "measured_at": work.now}
        work.insert_new(MeterValue, values)
        other = {**values, "station_id": "S3", "extra": extra.replace("0.5", "0.1")}
        work.insert_new(MeterValue, other)
    with mall.read() as work:
        assert live_base_kw(work, work.places.get("MALL")) == 1.0


class World:
    """Cars come and go, stations answer, answer late, or never; the shops draw what they like up to their most."""

    def __init__(self, store: Store, clock: FixedClock, seed: int, *, metered: bool) -> None:
        self.store, self.clock, self.random, self.metered = store, clock, random.Random(seed), metered
        self.profiles: dict[int, ChargingProfile] = {}
        self.plugged: set[int] = set()
        self.base_kw = 5.0
        self.most_kw = 0.0
        self.pushes = 0

    def draw(self, number: int) -> float:
        if number not in self.plugged:
            return 0.0
        profile = self.profiles.get(number)
        return min(22.0, FALLBACK_KW if profile is None else kw_at(profile, self.clock.at))

    def total(self) -> float:
        return self.base_kw + sum(self.draw(number) for number in range(STATIONS))

    def step(self) -> None:
        chance = self.random.random
        self.clock.advance(timedelta(seconds=self.random.choice((20, 40, 60))))
        self.base_kw = min(BASE_KW, max(0.0, self.base_kw + self.random.uniform(-1.5, 1.5)))
        assert self.total() <= LIMIT_KW + 1e-6
        with self.store.begin() as work:
            for number in range(STATIONS):
                if chance() < 0.05:
                    self.toggle(work, number)
                row = work.stations.get(f"S{number}")
                if chance() < 0.05:
                    row.online = not row.online
                    work.session.add(row)
                if number in self.plugged and row.online:
                    measure(work, number, self.draw(number))
            if self.metered and chance() < 0.9:
                work.sites.note_meter("MALL", work.now, self.total() * 1000)
        assert self.total() <= LIMIT_KW + 1e-6
        self.pushes += len(look(self.store))
        self.deliver()
        self.most_kw = max(self.most_kw, self.total())
        assert self.total() <= LIMIT_KW + 1e-6

    def toggle(self, work: Work, number: int) -> None:
        self.profiles.pop(number, None)
        if number in self.plugged:
            self.plugged.discard(number)
            unplug(work, number)
        else:
            self.plugged.add(number)
            plug(work, number)

    def deliver(self) -> None:
        with self.store.begin() as work:
            orders = work.orders.queued([OrderKind.SET_PROFILE])
            self.random.shuffle(orders)
            for order in orders:
                self.deliver_one(work, order)

    def deliver_one(self, work: Work, order: Order) -> None:
        number, fate = int(order.target[1:]), self.random.random()
        profile = from_v201(order.args["profile"])
        running = {row.ref for row in work.charging.running(order.target)}
        if not work.stations.get(order.target).online or fate < 0.15:
            return  # later, or never
        work.orders.mark(order, OrderState.SENT)
        if profile.transaction_id not in running or fate < 0.2:
            work.orders.mark(order, OrderState.REJECTED, {})
            return
        if fate > 0.27 or self.random.random() < 0.5:
            self.profiles[number] = profile
        work.orders.mark(order, OrderState.ACCEPTED if fate > 0.27 else OrderState.FAILED, {})


@pytest.mark.slow
@pytest.mark.parametrize("metered", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_limit_holds_whatever_happens(mall: Store, clock: FixedClock, seed: int, metered: Callable[[], bool]):
    """Cars, lost calls, refusals, silence, a base load that wanders: never a kW above the limit, and room is used."""
    world = World(mall, clock, seed, metered=bool(metered))
    for _ in range(90):
        world.step()
    assert world.most_kw > 0.6 * LIMIT_KW
    assert world.pushes > 10
