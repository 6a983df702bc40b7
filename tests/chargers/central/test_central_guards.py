"""Limits set by hand that a site's connection does not carry are refused before anything is sent."""

from __future__ import annotations

import pytest

from chargers.profile import ChargingProfile, ChargingSchedule, Kind, Period, Purpose, RateUnit, to_v16, to_v201
from fleet.orders import OrderKind, Wanted
from fleet.tables import InstalledProfile

CONFIRMED = ("CP1", "CP2", "CP3")


def made(kw: float, purpose: Purpose = Purpose.TX_DEFAULT) -> ChargingProfile:
    schedule = ChargingSchedule(RateUnit.W, (Period(0, kw * 1000.0, 3),))
    return ChargingProfile(7, 1, purpose, Kind.RELATIVE, schedule)


@pytest.fixture
def depot(house):
    """A connection of 30 kW; three stations of 22 kW that have confirmed a fall-back of 4.2."""
    with house.store.begin() as work:
        site = work.places.get("DEPOT")
        site.site_limit_kw, site.base_load_kw = 30.0, 2.0
        work.session.add(site)
        for name in CONFIRMED:
            row = work.stations.get(name)
            row.fallback_at, row.fallback_kw = work.now, 4.2
            work.session.add(row)
    return house


async def test_a_profile_above_the_sites_room_is_refused_unsent(depot):
    """The answer says what the site could draw, what others may take, and what would do; what fits is sent."""
    async with depot.station() as station:
        await station.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        await station.until_heard("SetChargingProfile")
        before = len([1 for action, _ in station.heard if action == "SetChargingProfile"])
        order = await depot.settled(depot.place(OrderKind.SET_PROFILE, evse=1, profile=to_v201(made(20.0))))
        assert order.state == "rejected"
        assert "Depot could draw 30.4 kW of 30" in order.answer["why"]
        assert "give CP1 at most 19.6 kW" in order.answer["why"]
        assert len([1 for action, _ in station.heard if action == "SetChargingProfile"]) == before
        order = await depot.settled(depot.place(OrderKind.SET_PROFILE, evse=1, profile=to_v201(made(19.5))))
        assert order.state == "accepted"


async def test_what_others_were_given_counts(depot):
    """A profile another station holds, confirmed or on its way, takes from the room; lowering is always allowed."""
    with depot.store.begin() as work:
        row = InstalledProfile(station_id="CP2", evse=1, profile_id=9, purpose="TxDefaultProfile", stack_level=1,
                               state="sent", body=to_v201(made(20.0)), sent_at=work.now)  # fmt: skip
        work.session.add(row)
    async with depot.station() as station:
        await station.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        await station.until_heard("SetChargingProfile")
        order = await depot.settled(depot.place(OrderKind.SET_PROFILE, evse=1, profile=to_v201(made(6.0))))
        assert (order.state, "others may take 24.2 kW" in order.answer["why"]) == ("rejected", True)
        order = await depot.settled(depot.place(OrderKind.SET_PROFILE, evse=1, profile=to_v201(made(3.0))))
        assert order.state == "accepted"


async def test_an_experts_own_call_is_guarded_too(depot):
    """SetChargingProfile as a raw call is judged as the order is."""
    payload = {"connectorId": 1, "csChargingProfiles": to_v16(made(22.0))}
    async with depot.station():
        order = await depot.settled(depot.place(OrderKind.CALL, action="SetChargingProfile", payload=payload))
        assert (order.state, "could draw" in order.answer["why"]) == ("rejected", True)


async def test_a_station_is_limited_to_what_its_site_carries(depot):
    """A limit for the station above what its site has for charging is refused with that figure."""
    async with depot.station():
        order = await depot.settled(depot.place(OrderKind.LIMIT_STATION, limit_kw=100.0))
        assert (order.state, "28 kW" in order.answer["why"]) == ("rejected", True)
        order = await depot.settled(depot.place(OrderKind.LIMIT_STATION, limit_kw=22.0))
        assert order.state == "accepted"


async def test_planners_count_for_themselves(depot):
    """What the night orders was counted against the site before; it is not judged by peaks a second time."""
    async with depot.station():
        with depot.store.begin() as work:
            args = {"evse": 1, "profile": to_v201(made(20.0))}
            number = work.orders.place(Wanted(OrderKind.SET_PROFILE, "CP1", args, who="depot")).order_id
        assert (await depot.settled(number)).state == "accepted"
