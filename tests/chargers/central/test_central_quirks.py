"""Departures from the standard: known by vendor, learned from refusals, and what is done about each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chargers.central.clocks import ClockGauge
from chargers.central.installing import composite_watts, watts_at
from chargers.central.quirks import Quirk, known_quirks, read_quirks, read_table
from chargers.central.upkeep import Signs, why_stuck
from chargers.profile import from_v201

NOW = datetime(2026, 3, 10, 19, tzinfo=UTC)
BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model", "firmwareVersion": "1"}
START = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-03-10T18:00:00Z"}


def profile(kw: float, ref: str | None = None, **more: Any) -> dict[str, Any]:
    schedule = {"id": 9, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": kw * 1000}]}
    body = {
        "id": 9, "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile" if ref is None else "TxProfile",
        "chargingProfileKind": "Relative", "chargingSchedule": [schedule],
    }  # fmt: skip
    return {**body, **({} if ref is None else {"transactionId": ref}), **more}


def composite(watts: float) -> dict[str, Any]:
    periods = [{"startPeriod": 0, "limit": watts}]
    return {"status": "Accepted", "chargingSchedule": {"chargingRateUnit": "W", "chargingSchedulePeriod": periods}}


async def ready(house: Any, station: Any, boot: dict[str, Any] = BOOT) -> None:
    await station.ask("BootNotification", boot)
    await house.until(lambda work: work.stations.get("CP1").fallback_at)


def quirks(house: Any) -> list[str]:
    return house.look(lambda work: work.stations.get("CP1").quirks)


def test_the_table_is_readable_and_matches_whatever_the_capitals():
    """Every word in quirks.toml is a quirk, and patterns are matched without regard to capitals."""
    assert all(pattern.quirks for pattern in read_table())
    assert known_quirks("EVBOX", "G3-elvi", "1.0") == {Quirk.NO_STATION_MAX}
    assert known_quirks("Unknown", "", "") == frozenset()
    assert read_quirks(["no smart charging", "a word of old"]) == {Quirk.NO_SMART_CHARGING}


async def test_known_quirks_are_those_of_what_boots(house):
    """A boot with a vendor of the table shows its quirks; another firmware forgets what was learned."""
    async with house.station() as station:
        await ready(house, station, {**BOOT, "chargePointVendor": "go-eCharger"})
        assert quirks(house) == ["no profile in a start"]
        await station.ask("BootNotification", {**BOOT, "firmwareVersion": "2"})
        assert quirks(house) == []


async def test_a_default_refused_for_all_connectors_is_set_on_each(house):
    """Connector 0 refused: each connector gets its fall-back, and next time they are asked at once."""
    answers = {"SetChargingProfile": lambda asked: {"status": "Rejected" if asked["connectorId"] == 0 else "Accepted"}}
    async with house.station(answers=answers) as station:
        await ready(house, station)
        assert quirks(house) == ["no default limit for all connectors"]
    async with house.station(answers=answers) as station:
        await station.ask("BootNotification", BOOT)
        assert (await station.until_heard("SetChargingProfile"))["connectorId"] == 1


async def test_a_limit_not_taken_in_a_start_follows_it(house):
    """Refused with an error, the start goes out bare and its limit when the charge runs; next time at once so."""

    def starting(asked: dict[str, Any]) -> Any:
        return ("FormationViolation", "", {}) if "chargingProfile" in asked else {"status": "Accepted"}

    async with house.station(answers={"RemoteStartTransaction": starting}) as station:
        await ready(house, station)
        order = await house.settled(house.place("start_charge", evse=1, token="CARD1", limit_kw=3.0))
        assert (order.state, order.answer["limit"]) == ("accepted", "is sent once the charge runs")
        number = (await station.ask("StartTransaction", START))["transactionId"]
        sent = (await station.until_heard("SetChargingProfile", 2))["csChargingProfiles"]
        assert (sent["chargingProfilePurpose"], sent["transactionId"]) == ("TxProfile", number)
        assert quirks(house) == ["no profile in a start"]
        await house.settled(house.place("start_charge", evse=1, token="CARD1", limit_kw=3.0))
        assert len([1 for action, _ in station.heard if action == "RemoteStartTransaction"]) == 3


async def test_keys_not_read_by_name_are_read_all_together(house):
    """A station that refuses a list of keys is asked for everything."""

    def answer(asked: dict[str, Any]) -> Any:
        keys = [{"key": "ChargingScheduleMaxPeriods", "readonly": True, "value": "5"}]
        return ("InternalError", "", {}) if "key" in asked else {"configurationKey": keys}

    async with house.station(answers={"GetConfiguration": answer}) as station:
        await ready(house, station)
        row = house.look(lambda work: work.stations.get("CP1"))
        assert (row.max_periods, row.quirks) == (5, ["reads no configuration by name"])


@pytest.mark.parametrize(
    ("answer", "checked", "learned"),
    [
        (composite(11_000.0), "as set", []),
        (composite(6_000.0), "lower", []),
        (composite(22_000.0), "higher", ["exceeds its limits"]),
        ({"status": "Accepted"}, "nothing usable", ["no composite schedule"]),
        (composite(-1.0), "nothing usable", ["no composite schedule"]),
        (("NotSupported", "", {}), "nothing usable", ["no composite schedule"]),
    ],
)
async def test_a_limit_above_the_fall_back_is_checked_where_the_station_can(house, answer, checked, learned):
    """Its own composite schedule is compared; one that tells nothing is trusted by its meter and not asked again."""
    async with house.station(answers={"GetCompositeSchedule": answer}) as station:
        await ready(house, station)
        order = await house.settled(house.place("set_profile", evse=1, profile=profile(11.0)))
        assert (order.state, order.answer["checked"], quirks(house)) == ("accepted", checked, learned)
        ignored = "evse.limit_ignored" in [one.kind for one in house.look(lambda work: work.alarms.standing())]
        assert ignored == (checked == "higher")
        again = await house.settled(house.place("set_profile", evse=1, profile=profile(11.0)))
        assert ("checked" in again.answer) == (checked != "nothing usable")
        low = await house.settled(house.place("set_profile", evse=1, profile=profile(4.0)))
        assert "checked" not in low.answer


async def test_after_a_reboot_the_running_charge_has_its_limit_again(house):
    """Stations forget a TxProfile when they restart: it is sent anew, but not after a mere reconnect."""
    async with house.station() as station:
        await ready(house, station)
        number = (await station.ask("StartTransaction", START))["transactionId"]
        await house.settled(house.place("set_profile", evse=1, profile=profile(3.0, str(number))))
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        sent = (await station.until_heard("SetChargingProfile", 2))["csChargingProfiles"]
        assert (sent["chargingProfileId"], sent["transactionId"]) == (9, number)


async def test_only_the_limit_that_holds_is_sent_again(house):
    """Of limits that replaced each other the last; none where the last was never answered, and the store stays."""
    async with house.station() as station:
        await ready(house, station)
        number = (await station.ask("StartTransaction", START))["transactionId"]
        for profile_id, kw in ((9, 4.0), (10, 3.0)):
            body = profile(kw, str(number), id=profile_id)
            await house.settled(house.place("set_profile", evse=1, profile=body))
    async with house.station(answers={"SetChargingProfile": {"status": "Rejected"}}) as station:
        await station.ask("BootNotification", BOOT)
        await house.until(lambda _: [1 for action, _ in station.heard if action == "SetChargingProfile"][2:])
        await asyncio.sleep(0.2)
        sent = [body["csChargingProfiles"] for action, body in station.heard if action == "SetChargingProfile"]
        assert [one["chargingProfileId"] for one in sent if one["chargingProfilePurpose"] == "TxProfile"] == [10]
    rows = {row.profile_id: row for row in house.look(lambda work: work.charging.profiles("CP1"))}
    assert rows[10].state == "accepted"
    with house.store.begin() as work:
        rows[10].state = "sent"
        work.session.merge(rows[10])
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        await station.until_heard("SetChargingProfile")
        await asyncio.sleep(0.2)
        sent = [body["csChargingProfiles"] for action, body in station.heard if action == "SetChargingProfile"]
        assert [one["chargingProfilePurpose"] for one in sent] == ["TxDefaultProfile"]


def test_a_clock_is_measured_by_its_latest_times():
    """Old times may have waited; a time in the future, or the same delay twice, is the clock."""
    gauge = ClockGauge()
    gauge.note("2026-03-10T12:00:00Z", NOW)
    gauge.note("2026-03-10T18:59:58Z", NOW)
    gauge.note("rubbish", NOW)
    assert (gauge.settle(), gauge.error) == (True, -2.0)
    gauge.note("2026-03-10T18:00:00Z", NOW)
    assert (gauge.settle(), gauge.error) == (False, -2.0)
    gauge.note("2026-03-10T18:00:01Z", NOW)
    assert (gauge.settle(), gauge.error) == (True, -3599.0)
    gauge.note("2026-03-10T21:00:00Z", NOW)
    assert (gauge.settle(), gauge.error) == (True, 7200.0)
    assert gauge.settle() is False


@pytest.mark.parametrize(
    ("signs", "why"),
    [
        ({}, None),
        ({"started_at": NOW - timedelta(days=4), "heard_at": NOW}, "running for 4 days"),
        ({"started_at": NOW - timedelta(days=2)}, "nothing was heard of it for 2 days"),
        ({"started_at": NOW - timedelta(days=4), "online": False}, None),
        ({"connector": "Available", "connector_at": NOW - timedelta(minutes=50)}, "its connector is free"),
        ({"connector": "Available", "connector_at": NOW - timedelta(minutes=50), "heard_at": NOW}, None),
        ({"connector": "Charging", "connector_at": NOW - timedelta(minutes=50)}, None),
    ],
)
def test_a_charge_that_cannot_be_one_is_recognised(signs, why):
    """By its length, by silence, by a free connector; never while its station is away."""
    usual = {"now": NOW, "started_at": NOW - timedelta(hours=1), "heard_at": None, "online": True}
    found = why_stuck(Signs(**{**usual, **signs}))
    assert (found is None) if why is None else (found is not None and why in found)


def test_what_a_profile_allows_now():
    """Relative begins now, absolute at its start, daily again each day; outside there is nothing."""
    absolute = {"chargingProfileKind": "Absolute"}
    body = profile(11.0)["chargingSchedule"][0]

    def at(start: str, **more: Any) -> Any:
        schedule = [{**body, "startSchedule": start, "duration": 3600}]
        return watts_at(from_v201(profile(11.0, chargingSchedule=schedule, **{**absolute, **more})), NOW)

    assert watts_at(from_v201(profile(11.0)), NOW) == 11_000.0
    assert [at("2026-03-10T18:30:00Z"), at("2026-03-10T17:00:00Z"), at("2026-03-10T19:30:00Z")] == [
        11_000.0,
        None,
        None,
    ]
    assert at("2026-03-01T18:30:00Z", chargingProfileKind="Recurring", recurrencyKind="Daily") == 11_000.0
    amperes = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10, "numberPhases": 1}]}
    assert (composite_watts(amperes), composite_watts(None), composite_watts({})) == (2300.0, None, None)
