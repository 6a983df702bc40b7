"""Who is let in: identity, password, version, one connection a station, and the dispatcher's word on unknown ones."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from chargers.central.gate import read_identity
from fleet.events import Kind
from fleet.orders import OrderKind
from fleet.passwords import hash_password

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


def protect(house, kept: str) -> None:
    """Give CP1 a password."""
    with house.store.begin() as work:
        row = work.stations.get("CP1")
        row.password_hash = kept
        work.session.add(row)


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/CP1", "CP1"),
        ("/ocpp/CP%201?version=1.6", "CP 1"),
        ("/ocpp/d%C3%A9p%C3%B4t", "dépôt"),
        ("/ocpp/", None),
        ("/CP1", None),
        ("/ocpp/a/b", None),
        ("/ocpp/a%2Fb", None),
        ("/ocpp/a:b", None),
        ("/ocpp/" + "x" * 49, None),
        ("/ocpp/%FF", None),
        ("/ocpp/a%00b", None),
    ],
)
def test_an_identity_is_the_last_part_of_the_path(path, identity):
    """Percent-decoded, at most 48 characters, no colon: the colon ends the user name of Basic authentication."""
    assert read_identity(path) == identity


async def test_an_unknown_station_is_refused_with_404(house):
    """By default nobody unknown gets in, and the event log says who tried, once a minute."""
    for _ in range(3):
        with pytest.raises(InvalidStatus) as refused:
            async with house.station("STRANGER"):
                pass
        assert refused.value.response.status_code == 404
    told = await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_REFUSED]))
    assert [event.subject for event in told] == ["STRANGER"]


@pytest.mark.parametrize(("user", "given"), [("CP1", "wrong"), ("CP2", "right"), ("CP1", None)])
async def test_a_wrong_password_is_401(house, user, given):
    """A wrong password, the right one under another name, and none at all: the door stays shut."""
    protect(house, hash_password("right"))
    with pytest.raises(InvalidStatus) as refused:
        async with house.station(password=given, user=user):
            pass
    assert refused.value.response.status_code == 401
    assert "WWW-Authenticate" in refused.value.response.headers


async def test_the_right_password_opens_the_door_again_and_again(house, password):
    """The second connection is let in by what the first one proved."""
    protect(house, password[1])
    for _ in range(2):
        async with house.station(password=password[0]) as station:
            assert (await station.call("Heartbeat", {}))[0] == 3


async def test_a_station_without_password_needs_the_setting(make_house):
    """Unless stations without a password are allowed, one that was entered without is 401."""
    async with make_house(open_stations=False) as house:
        with pytest.raises(InvalidStatus) as refused:
            async with house.station():
                pass
        assert refused.value.response.status_code == 401


async def test_the_version_is_the_clients_first_choice(house):
    """Of several subprotocols the first we speak is chosen; the order is the client's."""
    async with house.station(protocol=["ocpp3.0", "ocpp2.0.1", "ocpp1.6"]) as station:
        assert station.line.subprotocol == "ocpp2.0.1"


@pytest.mark.parametrize("offered", ["ocpp3.0", "soap"])
async def test_no_version_in_common_ends_after_the_handshake(house, offered):
    """The handshake is finished without a subprotocol, then the connection is closed (2.0.1 Part 4, 3.1.2)."""
    async with house.station(protocol=offered) as station:
        assert station.line.subprotocol is None
        assert (await station.until_closed())[0] == 1002


async def test_a_second_connection_takes_over(house):
    """The older connection is closed with a reason; the station stays online and goes on over the newer one."""
    async with house.station() as old:
        await old.ask("BootNotification", BOOT)
        async with house.station() as new:
            code, reason = await old.until_closed()
            assert (code, reason) == (1008, "another connection of this station took over")
            assert (await new.call("Heartbeat", {}))[0] == 3
            assert house.central.connected == ["CP1"]
            await house.until(lambda work: work.stations.get("CP1").online)


async def test_an_order_under_way_fails_with_the_connection_that_was_taken_over(house):
    """A start whose answer can no longer come fails at once, not after the time-out, and is not repeated."""
    async with house.station(answers={"RemoteStartTransaction": None}) as old:
        await old.ask("BootNotification", BOOT)
        await old.until_heard("SetChargingProfile")
        number = house.place(OrderKind.START_CHARGE, evse=1, token="CARD1")
        await old.until_heard("RemoteStartTransaction")
        async with house.station():
            order = await house.settled(number)
            assert order.state == "failed"
            assert "took over" in order.answer["why"]


async def test_a_parked_station_waits_for_the_dispatcher(make_house):
    """Unknown stations are let in and told to wait; nothing they say is kept; once admitted they are as any other."""
    async with make_house(unknown_stations="park") as house, house.station("NEW") as station:
        assert (await station.ask("BootNotification", BOOT))["status"] == "Pending"
        assert (await station.ask("Authorize", {"idTag": "CARD1"}))["idTagInfo"]["status"] == "Invalid"
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        assert await station.ask("StatusNotification", status) == {}
        parked = await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_PARKED]))
        assert [event.subject for event in parked] == ["NEW"]
        assert house.look(lambda work: [row for row in work.stations.connectors() if row.station_id == "NEW"]) == []
        order = await house.settled(house.place(OrderKind.ADMIT_STATION, "NEW", admission="accepted"))
        assert order.state == "accepted"
        asked = await station.until_heard("TriggerMessage")
        assert asked["requestedMessage"] == "BootNotification"
        assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
        await station.until_heard("SetChargingProfile")


async def test_a_refused_station_is_shown_out(make_house):
    """A dispatcher's no closes the connection, and the next one is refused."""
    async with make_house(unknown_stations="park") as house:
        async with house.station("NEW") as station:
            await station.ask("BootNotification", BOOT)
            house.place(OrderKind.ADMIT_STATION, "NEW", admission="refused")
            assert (await station.until_closed())[0] == 1008
        with pytest.raises(InvalidStatus) as refused:
            async with house.station("NEW"):
                pass
        assert refused.value.response.status_code == 403


async def test_a_station_admitted_with_a_password_must_show_it(make_house, password):
    """Admission may set a password: the station is sent away to come back with it."""
    async with make_house(unknown_stations="park", open_stations=False) as house:
        async with house.station("NEW") as station:
            await station.ask("BootNotification", BOOT)
            house.place(OrderKind.ADMIT_STATION, "NEW", admission="accepted", password=password[0])
            assert (await station.until_closed())[0] == 1012
        async with house.station("NEW", password=password[0]) as station:
            assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
        told = house.look(lambda work: work.events.newest(kinds=[Kind.ORDER_CHANGED]))
        assert password[0] not in str([event.data for event in told])
        order = house.look(lambda work: work.orders.newest()[-1])
        assert order.args == {"admission": "accepted", "password": None}, "settled, it keeps no secret"


async def test_losing_a_station_is_kept(house):
    """Connection and loss are events, and the row says offline."""
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
    await house.until(lambda work: not work.stations.get("CP1").online)
    kinds = [Kind.STATION_CONNECTED, Kind.STATION_DISCONNECTED]
    told = house.look(lambda work: work.events.newest(kinds=kinds))
    assert [str(event.kind) for event in told] == ["station.connected", "station.disconnected"]


async def test_admission_names_places_and_takes_a_digest(make_house, password):
    """An order may name and place the station, and give its password as a digest; a wrong place or digest is told."""
    async with make_house(unknown_stations="park", open_stations=False) as house:
        async with house.station("NEW") as station:
            await station.ask("BootNotification", BOOT)
            nowhere = house.place(OrderKind.ADMIT_STATION, "NEW", admission="accepted", place_id="NOWHERE")
            assert (await house.settled(nowhere)).answer["why"] == "there is no place 'NOWHERE'"
            broken = house.place(OrderKind.ADMIT_STATION, "NEW", admission="accepted", password_hash="plain")
            assert (await house.settled(broken)).state == "failed"
            args = {"name": "Gate 4", "place_id": "DEPOT", "password_hash": password[1]}
            house.place(OrderKind.ADMIT_STATION, "NEW", admission="accepted", **args)
            assert (await station.until_closed())[0] == 1012
        async with house.station("NEW", password=password[0]):
            row = house.look(lambda work: work.stations.get("NEW"))
        assert (row.name, row.place_id) == ("Gate 4", "DEPOT")
