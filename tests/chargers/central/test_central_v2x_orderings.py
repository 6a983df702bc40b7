"""2.x transaction events as real stations send them, and variables in messages of the size a station takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from fleet.orders import OrderKind
from fleet.tables import Evse, Transaction

CARD = {"idToken": "CARD1", "type": "ISO14443"}


def variables(items: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A station that tells how many variables it takes in a message, and knows every other as "on"."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        told = []
        for one in asked["getVariableData"]:
            value = items if one["variable"]["name"] == "ItemsPerMessage" else "on"
            told.append({**one, "attributeStatus": "Accepted", "attributeValue": value})
        return {"getVariableResult": told}

    return answer


def written(asked: dict[str, Any]) -> dict[str, Any]:
    fields = ("component", "variable")
    told = [{**{name: one[name] for name in fields}, "attributeStatus": "Accepted"} for one in asked["setVariableData"]]
    return {"setVariableResult": told}


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def station(request, house):
    """Opens a station of either version that takes two variables in a message."""
    answers = {"GetVariables": variables("2"), "SetVariables": written}
    return lambda: house.station("CP2", request.param, answers=answers)


def event(kind: str, seq: int, *, ref: str = "tx-1", minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": f"2026-03-10T18:{minute:02d}:00Z",
        "triggerReason": "CablePluggedIn",
        "seqNo": seq,
        "transactionInfo": {"transactionId": ref},
        **more,
    }


def at(number: int) -> dict[str, int]:
    return {"id": number, "connectorId": 1}


def charge(house: Any, ref: str = "tx-1") -> Transaction:
    row: Transaction = house.look(
        lambda work: work.session.exec(select(Transaction).where(Transaction.ref == ref)).one()
    )
    return row


@pytest.mark.covers("2.0.1", "TransactionEvent")
@pytest.mark.covers("2.1", "TransactionEvent")
async def test_a_charge_that_does_not_say_where_ends_no_other(house, station):
    """On a station of two EVSEs a card shown first belongs to neither until an event tells; the other goes on."""
    with house.store.begin() as work:
        work.session.add(Evse(station_id="CP2", number=2, max_kw=22.0))
    async with station() as cp:
        await cp.ask("TransactionEvent", event("Started", 0, evse=at(1)))
        await cp.ask("TransactionEvent", event("Started", 0, ref="tx-2", minute=5, idToken=CARD))
        assert (charge(house).state, charge(house, "tx-2").evse) == ("running", 0)
        await cp.ask("TransactionEvent", event("Updated", 1, ref="tx-2", minute=6, evse=at(2)))
        assert (charge(house).state, charge(house, "tx-2").evse) == ("running", 2)


@pytest.mark.covers("2.0.1", "TransactionEvent")
@pytest.mark.covers("2.1", "TransactionEvent")
async def test_where_there_is_one_evse_it_is_that(house, station):
    """A station of one EVSE need not name it."""
    async with station() as cp:
        await cp.ask("TransactionEvent", event("Started", 0, idToken=CARD))
    assert charge(house).evse == 1


@pytest.mark.covers("2.0.1", "TransactionEvent")
@pytest.mark.covers("2.1", "TransactionEvent")
async def test_gaps_in_the_numbers_and_events_kept_offline(house, station):
    """What is lost on the way leaves a gap and no harm; an older event after a newer one takes nothing back."""
    async with station() as cp:
        await cp.ask("TransactionEvent", event("Started", 0, evse=at(1), offline=True))
        charging, idle = ({"transactionId": "tx-1", "chargingState": word} for word in ("Charging", "Idle"))
        await cp.ask("TransactionEvent", event("Updated", 9, minute=20, transactionInfo=charging))
        await cp.ask("TransactionEvent", event("Updated", 4, minute=10, transactionInfo=idle, offline=True))
        assert (charge(house).seq_no, charge(house).charging_state) == (9, "Charging")
        await cp.ask("TransactionEvent", event("Ended", 12, minute=40, offline=True))
    row = charge(house)
    assert (row.state, row.seq_no, row.started_at.minute, row.ended_at.minute) == ("ended", 12, 0, 40)


@pytest.mark.covers("2.0.1", "TransactionEvent")
@pytest.mark.covers("2.1", "TransactionEvent")
async def test_another_card_is_judged_and_does_not_take_the_charge(house, station):
    """A second card at a running charge gets its own status; the charge stays its holder's."""
    async with station() as cp:
        await cp.ask("TransactionEvent", event("Started", 0, evse=at(1), idToken=CARD))
        other = {"idToken": "BAD", "type": "ISO14443"}
        reply = await cp.ask("TransactionEvent", event("Updated", 1, minute=5, idToken=other))
    assert reply["idTokenInfo"]["status"] == "Blocked"
    assert (charge(house).token, charge(house).truck_id) == ("CARD1", "T1")


@pytest.mark.covers("2.0.1", "SetVariables", orders="set_variables")
@pytest.mark.covers("2.1", "SetVariables", orders="set_variables")
async def test_variables_are_written_as_many_at_a_time_as_the_station_takes(house, station):
    """Five values to a station that takes two in a message are three messages and one answer."""
    values = {f"Ctrlr.V{number}": str(number) for number in range(5)}
    async with station() as cp:
        order = await house.settled(house.place(OrderKind.SET_VARIABLES, "CP2", values=values))
        sent = [len(body["setVariableData"]) for name, body in cp.heard if name == "SetVariables"]
    assert (order.state, sent) == ("accepted", [2, 2, 1])
    assert order.answer["values"] == dict.fromkeys(values, "Accepted")


@pytest.mark.covers("2.0.1", "GetVariables", orders="get_variables")
@pytest.mark.covers("2.1", "GetVariables", orders="get_variables")
async def test_variables_are_read_as_many_at_a_time_as_the_station_takes(house, station):
    """Reading five is three messages too."""
    names = [f"Ctrlr.V{number}" for number in range(5)]
    async with station() as cp:
        order = await house.settled(house.place(OrderKind.GET_VARIABLES, "CP2", names=names))
        asked = [body["getVariableData"] for name, body in cp.heard if name == "GetVariables"]
    sizes = [len(body) for body in asked if body[0]["component"]["name"] == "Ctrlr"]
    assert (order.state, sizes) == ("accepted", [2, 2, 1])
    assert order.answer["values"]["Ctrlr.V4"] == {"status": "Accepted", "value": "on"}


@pytest.mark.covers("2.0.1", "SetVariables", orders="set_variables")
@pytest.mark.covers("2.1", "SetVariables", orders="set_variables")
async def test_long_values_are_written_in_messages_of_the_size_the_station_takes(house, station):
    """Three values of 900 characters to a station that takes 2,500 bytes are two messages; short ones ask nothing."""

    def told(asked: dict[str, Any]) -> dict[str, Any]:
        size = {"ItemsPerMessage": "50", "BytesPerMessage": "2500"}
        results = [
            {**one, "attributeStatus": "Accepted", "attributeValue": size.get(one["variable"]["name"], "on")}
            for one in asked["getVariableData"]
        ]
        return {"getVariableResult": results}

    async with station() as cp:
        cp.answers["GetVariables"] = told
        values = {f"Ctrlr.V{number}": "x" * 900 for number in range(3)}
        order = await house.settled(house.place(OrderKind.SET_VARIABLES, "CP2", values=values))
        sent = [len(body["setVariableData"]) for name, body in cp.heard if name == "SetVariables"]
        assert (order.state, sent) == ("accepted", [2, 1])
        asked = len([1 for name, _ in cp.heard if name == "GetVariables"])
        await house.settled(house.place(OrderKind.SET_VARIABLES, "CP2", values={"Ctrlr.V": "on"}))
        assert len([1 for name, _ in cp.heard if name == "GetVariables"]) == asked


@pytest.mark.covers("2.0.1", "ClearVariableMonitoring", orders="clear_monitor")
@pytest.mark.covers("2.1", "ClearVariableMonitoring", orders="clear_monitor")
async def test_monitors_are_cleared_as_many_at_a_time_as_the_station_takes(house, station):
    """Five monitors at a station that takes two in a message are three messages and one answer."""

    def cleared(asked: dict[str, Any]) -> dict[str, Any]:
        return {"clearMonitoringResult": [{"id": one, "status": "Accepted"} for one in asked["id"]]}

    async with station() as cp:
        cp.answers["ClearVariableMonitoring"] = cleared
        order = await house.settled(house.place(OrderKind.CLEAR_MONITOR, "CP2", numbers=[1, 2, 3, 4, 5]))
        sent = [body["id"] for name, body in cp.heard if name == "ClearVariableMonitoring"]
    assert (order.state, sent) == ("accepted", [[1, 2], [3, 4], [5]])
    assert order.answer["statuses"] == dict.fromkeys("12345", "Accepted")
