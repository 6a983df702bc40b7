"""A station read from the store: what it drew, what its profiles allow, what holds it and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chargers.profile import ChargingProfile, ChargingSchedule, Installed, Kind, Period, Purpose, RateUnit, to_v201
from console.station.curves import make_curves
from console.station.power import Rack, Running, allowed, binding, put_in
from console.station.reading import read_station
from console.station.values import StationFacts
from console.view import EvseView, StationView, View
from fleet.clock import FixedClock
from fleet.orders import OrderKind, Wanted
from fleet.store import Store
from fleet.tables import (
    Certificate,
    Connector,
    DeviceEvent,
    Evse,
    InstalledProfile,
    MeterValue,
    Station,
    Transaction,
)

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
ZONE = ZoneInfo("Africa/Casablanca")
HOUR = timedelta(hours=1)


def profile(number: int, purpose: Purpose, *watts: float, unit: RateUnit = RateUnit.W, **changes) -> ChargingProfile:
    """Limits that change every hour from now on."""
    periods = tuple(Period(3600 * n, limit) for n, limit in enumerate(watts))
    kind = Kind.RELATIVE if purpose is Purpose.TX_DEFAULT else Kind.ABSOLUTE
    start = None if kind is Kind.RELATIVE else NOW
    fields = {"stack_level": 0, "kind": kind, "schedule": ChargingSchedule(unit, periods, start)} | changes
    return ChargingProfile(number, fields.pop("stack_level"), purpose, **fields)


def rack(*held: tuple[int, ChargingProfile], charges: dict[int, Running] | None = None) -> Rack:
    return Rack((1, 2), 44.0, put_in(held), charges)


def test_nothing_is_allowed_or_held_without_profiles():
    """A station that holds none draws what it can: nothing is drawn ahead, nothing holds it."""
    assert allowed(rack(), NOW, HOUR) == ()
    assert binding(rack(), NOW) is None


def test_what_is_allowed_is_the_lower_of_station_and_charges():
    """Charges add up to 18, then 30 kW under a station maximum of 25: the charges bind first, then the maximum."""
    own = profile(1, Purpose.TX, 8000, 20000, transaction_id="a")
    other = profile(2, Purpose.TX_DEFAULT, 10000)
    most = profile(3, Purpose.STATION_MAX, 25000)
    here = rack((1, own), (2, other), (0, most), charges={1: Running("a", NOW)})
    assert allowed(here, NOW, 2 * HOUR) == ((NOW, 18.0), (NOW + HOUR, 25.0))
    assert binding(here, NOW).profile.purpose is Purpose.TX
    assert binding(here, NOW + HOUR) == Installed(0, most)


def test_a_profile_of_a_charge_that_is_over_says_nothing():
    """A TxProfile of another charge does not speak; what the station can do is allowed, and nothing holds it."""
    here = rack((1, profile(1, Purpose.TX, 8000, transaction_id="old")), charges={1: Running("new", NOW)})
    assert allowed(here, NOW, HOUR) == ((NOW, 44.0),)
    assert binding(here, NOW) is None


def test_a_profile_replaces_the_one_it_was_put_over():
    """The same purpose and stack level on the same EVSE: the newer one is held alone."""
    first, second = profile(1, Purpose.STATION_MAX, 9000), profile(2, Purpose.STATION_MAX, 6000)
    assert put_in([(0, first), (0, second)]) == (Installed(0, second),)


def test_steps_that_differ_in_phases_alone_are_one():
    """Amperes over three phases and the same watts after them: one step of power."""
    periods = (Period(0, 10.0, 3), Period(3600, 30.0, 1))
    cap = profile(1, Purpose.STATION_MAX, schedule=ChargingSchedule(RateUnit.A, periods, NOW))
    assert allowed(rack((0, cap)), NOW, 2 * HOUR) == ((NOW, 6.9),)


@pytest.fixture
def store(tmp_path) -> Store:
    """A station of two EVSEs with a charge since the afternoon, limited by a person."""
    store = Store.create(f"sqlite:///{tmp_path}/city.db", clock=FixedClock(NOW))
    with store.begin() as work:
        row = Station(station_id="S1", max_kw=44.0, serial="X1", clock_error_s=95.0, connected_profile=1, online=True,
                      quirks=["answers twice"])  # fmt: skip
        work.stations.upsert(row, [Evse(station_id="S1", number=n, max_kw=22.0) for n in (1, 2)])
        order = work.orders.place(
            Wanted(OrderKind.LIMIT_STATION, "S1", {"limit_kw": 6.0}, "amina", "works in the road")
        )
        body = to_v201(profile(9, Purpose.STATION_MAX, 6000))
        for thing in (
            InstalledProfile(station_id="S1", evse=0, profile_id=9, purpose="ChargingStationMaxProfile", stack_level=0,
                             state="accepted", body=body, sent_at=NOW, confirmed_at=NOW, order_id=order.order_id),
            InstalledProfile(station_id="S1", evse=0, profile_id=10, purpose="ChargingStationMaxProfile", stack_level=5,
                             state="sent", body=to_v201(profile(10, Purpose.STATION_MAX, 1000)), sent_at=NOW),
            Transaction(station_id="S1", evse=1, ref="1", started_at=NOW - 26 * HOUR, start_wh=1000.0),
            Transaction(station_id="S1", evse=2, ref="2", state="ended", started_at=NOW - 3 * HOUR, start_wh=50_000.0,
                        ended_at=NOW - 2 * HOUR, end_wh=57_500.0),
            Transaction(station_id="S1", evse=2, ref="0", state="ended", started_at=NOW - 50 * HOUR, start_wh=0.0,
                        ended_at=NOW - 40 * HOUR, end_wh=9000.0),
            MeterValue(station_id="S1", evse=1, ref="1", measured_at=NOW - 23 * HOUR, energy_wh=4000.0, power_w=3000.0),
            MeterValue(station_id="S1", evse=1, ref="1", measured_at=NOW - HOUR, energy_wh=9000.0, power_w=5000.0),
            MeterValue(station_id="S1", evse=2, ref="", measured_at=NOW - HOUR + timedelta(minutes=1), power_w=2000.0),
            MeterValue(station_id="S1", evse=1, ref="1", measured_at=NOW, energy_wh=9500.0, power_w=4000.0),
            Connector(station_id="S1", evse=0, number=0, status="Available"),
            DeviceEvent(station_id="S1", number=1, at=NOW, component="RCD", variable="Tripped", trigger="Alerting",
                        value="true"),
            DeviceEvent(station_id="S1", number=2, at=NOW, component="Fan", variable="Speed", trigger="Periodic",
                        value="900"),
            DeviceEvent(station_id="S1", number=3, at=NOW - HOUR, component="Lock", variable="Problem",
                        trigger="Alerting", value="true"),
            DeviceEvent(station_id="S1", number=4, at=NOW, component="Lock", variable="Problem", trigger="Alerting",
                        value="false", cleared=True),
            *(Certificate(station_id="S1", use=use, subject="S1", issuer="us", serial=use, fingerprint=use, pem="",
                          not_before=NOW, not_after=NOW + days * timedelta(days=1), state=state, made_at=NOW)
              for use, days, state in (("station", 90, "valid"), ("station2", 400, "replaced"))),
        ):  # fmt: skip
            work.session.add(thing)
    return store


def test_a_station_is_read_as_it_stands(store):
    """Serial, clock, quirks, certificate, connectors (not the station itself) and problems not taken back."""
    with store.read() as work:
        facts = read_station(work, "S1", ZONE)
        assert read_station(work, "S2", ZONE) is None
    assert (facts.serial, facts.clock_error_s, facts.quirks, facts.connected_profile) == (
        "X1",
        95.0,
        ("answers twice",),
        1,
    )
    assert facts.certificate_until == NOW + timedelta(days=90)
    assert [one.name for one in facts.connectors] == ["1.1", "2.1"]
    assert [one.component for one in facts.problems] == ["RCD"]
    assert facts.messages == ()


def test_energy_of_the_day_counts_from_midnight_in_the_city(store):
    """5.5 kWh of the charge begun the day before, from its register at midnight, and 7.5 kWh of one begun today."""
    with store.read() as work:
        assert read_station(work, "S1", ZONE).kwh_today == pytest.approx(5.5 + 7.5)


def test_powers_of_evses_are_added_up_while_they_are_fresh(store):
    """Both told within minutes: 7 kW; an hour later the older figure counts no more."""
    with store.read() as work:
        drawn = dict(read_station(work, "S1", ZONE).drawn_kw)
    assert drawn == {NOW - HOUR: 5.0, NOW - HOUR + timedelta(minutes=1): 7.0, NOW: 4.0}


def test_what_holds_it_names_the_order_and_its_reason(store):
    """The confirmed maximum holds, by whom and why; one that was only sent does not count."""
    with store.read() as work:
        holding = read_station(work, "S1", ZONE).holding
    assert (holding.purpose, holding.who) == ("ChargingStationMaxProfile", "amina")
    assert holding.why == "works in the road"


def test_the_chart_shows_what_is_allowed_ahead_only(store):
    """Behind now is what was drawn, with the live figure last; ahead of now is the allowance, in local time."""
    station = StationView("S1", online=True, max_kw=22.0, evses=(EvseView(1, 22.0, power_kw=3.5),))
    with store.read() as work:
        facts = read_station(work, "S1", ZONE)
    curves = make_curves(View(NOW, ZONE), station, facts)
    slots = (NOW - curves.start) // curves.step
    assert set(curves.planned_kw[:slots]) == {None}
    assert set(curves.planned_kw[slots + 1 :]) == {6.0}
    assert curves.actual_kw[-1] == (NOW, 3.5)
    assert curves.now.hour == NOW.astimezone(ZONE).hour
    assert set(curves.limit_kw) == {22.0}


def test_a_limit_far_above_is_left_out_of_the_chart():
    """What a fast charger can is not drawn over the little it draws and may: the rest would lie on the floor."""
    idle = StationView("S1", online=True, max_kw=90.0, evses=(EvseView(1, 90.0),))
    slow = replace(idle, evses=(EvseView(1, 90.0, power_kw=5.0),))
    fast = replace(idle, evses=(EvseView(1, 90.0, power_kw=60.0),))
    drawn = [set(make_curves(View(NOW, ZONE), one, StationFacts("S1")).limit_kw) for one in (idle, slow, fast)]
    assert drawn == [{90.0}, set(), {90.0}]
