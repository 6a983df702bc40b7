"""What broken, old or hostile stations do, and that the others and the dispatcher are served all the while."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlmodel import select
from websockets.exceptions import ConnectionClosed

from chargers.central import rpc, server
from fleet.events import Kind
from fleet.orders import OrderKind, Wanted
from fleet.tables import MeterValue, Transaction

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
START = {"connectorId": 1, "idTag": "CARD1", "meterStart": 1000, "timestamp": "2026-03-10T18:00:00Z"}


def kinds(house):
    return {alarm.kind for alarm in house.look(lambda work: work.alarms.standing())}


async def test_ten_thousand_answers_nobody_asked_for(house):
    """They are counted and forgotten; the station is served, and nothing of them is kept."""
    async with house.station() as station:
        for number in range(10_000):
            await station.send(f'[3,"u{number}",{{}}]')
        assert (await station.call("Heartbeat", {}))[0] == 3
        assert house.central.counts()["unasked"] == 10_000
        assert not house.central._sessions["CP1"]._calls


async def test_json_nested_without_end_is_answered(house):
    """Deep payloads, whole and cut off: an error with the id where it can be read, and the line stays open."""
    deep = "[" * 50_000
    async with house.station() as station:
        for text, message_id in [
            (deep, "-1"),
            (f'[2,"x","Heartbeat",{deep}{"]" * 50_000}]', "-1"),
            (f'[2,"x","DataTransfer",{{"vendorId":"V","data":{"[" * 60}{"]" * 60}}}]', "x"),
        ]:
            await station.send(text)
            answer = await station.answer()
            assert (answer[0], answer[1]) == (4, message_id)
        assert (await station.call("Heartbeat", {}))[0] == 3


@pytest.mark.parametrize(("frame", "code"), [(b"\x00\x01", 1003), ("x" * 300_000, 1009)])
async def test_what_ocpp_does_not_have_ends_the_connection_and_is_seen(house, frame, code):
    """Binary and oversized frames close the line with the code that says why; the dispatcher sees the loss."""
    async with house.station() as station:
        await station.send(frame)
        assert (await station.until_closed())[0] == code
    await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_DISCONNECTED]))


@pytest.mark.parametrize("offered", ["ocpp3.0", "soap"])
async def test_a_wrong_subprotocol_is_told_to_both_sides(house, offered):
    """The station's line is closed with a reason; the dispatcher reads what it offered."""
    async with house.station(protocol=offered) as station:
        code, reason = await station.until_closed()
    assert (code, bool(reason)) == (1002, True)
    told = await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_REFUSED]))
    assert (told[0].subject, offered in told[0].data["why"]) == ("CP1", True)


async def test_broken_frames_without_end_close_the_line_and_are_seen(house):
    """Each is answered until the budget is spent; then the line is closed; the faults and the loss are kept."""
    async with house.station() as station:
        for _ in range(rpc.REJECT_BUDGET + 50):
            try:
                await station.send("[2")
            except ConnectionClosed:
                break
        code, reason = await station.until_closed()
    assert (code, bool(reason)) == (1008, True)
    await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_DISCONNECTED]))
    assert house.look(lambda work: work.events.newest(kinds=[Kind.FRAME_REJECTED]))


async def test_a_flood_of_one_action_holds_up_nobody_else(house):
    """Thousands of messages of one station are all answered; another's heartbeat goes between them."""
    async with house.station("CP2") as quiet, house.station() as station:
        for number in range(3000):
            await station.send(f'[2,"{number}","Heartbeat",{{}}]')
        async with asyncio.timeout(3):
            assert (await quiet.call("Heartbeat", {}))[0] == 3
        answers = [await station.answer() for _ in range(3000)]
    assert [answer[1] for answer in answers] == [str(number) for number in range(3000)]


async def test_a_station_that_never_reads_is_let_go(make_house):
    """Its answers are not kept without end: the connection is closed, and the others are served."""
    async with make_house() as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.central.port)
        writer.write(
            b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        text = b'[2,"x","Heartbeat",{}]'
        frame = bytes([0x81, 0x80 | len(text)]) + bytes(4) + text
        async with house.station("CP2") as quiet:
            try:
                async with asyncio.timeout(20):
                    while True:
                        writer.write(frame * 2000)
                        await asyncio.wait_for(writer.drain(), 2)
            except (TimeoutError, ConnectionError):
                pass  # held back by the central system, or closed by it
            assert (await quiet.call("Heartbeat", {}))[0] == 3
            writer.transport.abort()
            lost = await house.until(lambda work: work.events.newest(kinds=[Kind.STATION_DISCONNECTED]))
            assert (lost[0].subject, house.look(lambda work: work.stations.get("CP1").online)) == ("CP1", False)


async def test_a_half_open_line_is_found_and_given_up(furnished, clock, monkeypatch):
    """A peer that answers no ping is gone: the session ends and an order waits for the next connection."""
    from chargers.central import CentralSystem
    from fleet.settings import OcppSettings
    from fleet.store import Writer

    store_writer = Writer(furnished)
    store_writer.start()
    central = CentralSystem(furnished, store_writer, OcppSettings(port=0, open_stations=True), ping_seconds=0.2)
    await central.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", central.port)
        writer.write(
            b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(5):
            while central.connected != ["CP1"]:  # noqa: ASYNC110 - as seen from outside
                await asyncio.sleep(0.01)
            while central.connected:  # noqa: ASYNC110 - as seen from outside
                await asyncio.sleep(0.05)
            with furnished.begin() as work:
                number = work.orders.place(Wanted(OrderKind.UNLOCK, "CP1", {"evse": 1}, who="test")).order_id
            await asyncio.sleep(0.4)  # longer than the dispatch rests between two looks
            while True:
                with furnished.read() as work:
                    lost = work.events.newest(kinds=[Kind.STATION_DISCONNECTED])
                    waiting = work.orders.get(number).state
                if lost:
                    break
                await asyncio.sleep(0.02)
        assert ([event.subject for event in lost], waiting) == (["CP1"], "queued")
        writer.transport.abort()
    finally:
        await central.stop()
        await store_writer.stop()


async def test_a_station_that_boots_without_end_is_an_alarm(house):
    """After the tenth boot in ten minutes the dispatcher is told; each boot is answered all the same."""
    async with house.station(answers={"GetConfiguration": {}}) as station:
        for _ in range(11):
            assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
    assert "station.reboots" in kinds(house)


@pytest.mark.parametrize("year", [1970, 2099])
async def test_a_clock_years_wrong_does_no_harm(make_house, monkeypatch, year):
    """Charges and meter values are kept with our time, the same start is the same charge, and it is an alarm."""
    monkeypatch.setattr(server, "SEEN_SECONDS", 0.1)
    async with make_house() as house, house.station() as station:
        at = f"{year}-01-01T00:00:05Z"
        first = await station.ask("StartTransaction", {**START, "timestamp": at})
        assert await station.ask("StartTransaction", {**START, "timestamp": at}) == first
        sample = {"timestamp": at, "sampledValue": [{"value": "1500"}]}
        said = {"connectorId": 1, "transactionId": first["transactionId"], "meterValue": [sample]}
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": at}
        for _ in range(4):
            await station.ask("MeterValues", said)
            await station.ask("StatusNotification", status)
            await asyncio.sleep(0.15)
        await house.until(lambda work: work.alarms.count("station.clock"))
        row = house.look(lambda work: work.stations.get("CP1"))
        assert abs(row.clock_error_s) > 50 * 365 * 86400
        rows = house.look(lambda work: work.session.exec(select(MeterValue)).all())
        assert {row.measured_at for row in rows} == {house.clock.now()}
        assert house.look(lambda work: work.session.exec(select(Transaction)).one().started_at) == house.clock.now()


async def test_a_violation_is_told_once_and_counted(house):
    """What is tolerated is an event the first time in a connection, and a number for each time."""
    sample = {"value": "50", "measurand": "Frequency", "unit": "Hz"}
    odd = {"connectorId": 1, "meterValue": [{"timestamp": "2026-03-10T18:00:00Z", "sampledValue": [sample]}]}
    async with house.station() as station:
        for _ in range(5):
            assert await station.ask("MeterValues", odd) == {}
        told = await house.until(lambda work: work.events.newest(kinds=[Kind.FRAME_TOLERATED]))
    assert [(event.data["action"], "unit" in event.data["fault"]) for event in told] == [("MeterValues", True)]
    assert house.central.counts()["tolerated"] == 5


async def test_a_handler_that_takes_too_long_is_answered_for(house, monkeypatch):
    """The station is told to send again before it gives up; what comes after is answered in its turn."""
    monkeypatch.setattr(rpc, "HANDLER_SECONDS", 0.1)
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        session = house.central._sessions["CP1"]
        await asyncio.sleep(0.3)
        session._tried = False

        async def never() -> None:
            await asyncio.sleep(5)

        monkeypatch.setattr(session, "prepared", never)
        await station.send([2, "slow", "Authorize", {"idTag": "CARD1"}])
        await station.send([2, "next", "Heartbeat", {}])
        slow, following = await station.answer(), await station.answer()
        assert (slow[:3], following[:2]) == ([4, "slow", "InternalError"], [3, "next"])


async def test_a_call_fails_at_once_when_the_line_dies(make_house):
    """An order under way does not wait for the timeout of a station that has gone."""
    async with make_house(call_timeout_seconds=60.0) as house:
        async with house.station(answers={"UnlockConnector": None}) as station:
            await station.ask("BootNotification", BOOT)
            order = house.place("unlock", evse=1)
            await station.until_heard("UnlockConnector")
        assert (await house.settled(order)).state == "failed"


async def test_a_charge_that_never_ends_is_found_and_closed_by_hand(make_house, monkeypatch):
    """Its connector is free and nothing is heard of it: an alarm, gone when somebody closes it with a reason."""
    monkeypatch.setattr(server, "SEEN_SECONDS", 0.05)
    async with make_house() as house, house.station() as station:
        number = (await station.ask("StartTransaction", START))["transactionId"]
        house.clock.advance(timedelta(minutes=5))
        await station.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        await asyncio.sleep(0.2)
        assert "transaction.stuck" not in kinds(house)
        house.clock.advance(timedelta(minutes=15))
        await house.until(lambda work: work.alarms.count("transaction.stuck"))
        with house.store.begin() as work:
            assert work.charging.close_by_hand(number, who="op", why="cable stolen") is None
        assert "transaction.stuck" not in kinds(house)
        late = {"transactionId": number, "meterStop": 5000, "timestamp": "2026-03-10T18:40:00Z"}
        for _ in range(2):
            await station.ask("StopTransaction", late)
        row = house.look(lambda work: work.session.get(Transaction, number))
        assert (row.end_wh, row.end_reason, row.closed_by) == (5000.0, "Local", "")
        ended = house.look(lambda work: work.events.newest(kinds=[Kind.TRANSACTION_ENDED]))
        assert [event.data["energy_wh"] for event in ended] == [None, 4000.0]


async def test_frames_are_plain_json_whatever_a_station_is_called(house):
    """An identity with blanks and letters of any script comes back in no frame."""
    async with house.station("CP1") as station:
        await station.send(json.dumps([2, "é\u202e", "Heartbeat", {}], ensure_ascii=False))
        assert (await station.answer())[1] == "é\u202e"
