"""2.0.1 transaction events that carry meter values only: stored like any meter value, the rest as if each were kept."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from fleet.tables import MeterValue

AT = "2026-03-10T18:{:02d}:00Z"


def event(kind: str, seq: int, state: str | None = "Charging", wh: float | None = None, **more: Any) -> dict[str, Any]:
    info: dict[str, Any] = {"transactionId": "TX-1"} | ({"chargingState": state} if state else {})
    body: dict[str, Any] = {"eventType": kind, "timestamp": AT.format(seq), "seqNo": seq, "transactionInfo": info}
    body["triggerReason"] = "MeterValuePeriodic"
    if wh is not None:
        body["meterValue"] = [{"timestamp": AT.format(seq), "sampledValue": [{"value": wh}]}]
    return {**body, **more}


async def test_meter_values_of_a_known_transaction_need_no_look_at_the_store(house):
    """Twice the same is one row; a state they bring along is kept; the highest seqNo is known when it matters."""
    async with house.station("CP1", "ocpp2.0.1") as station:
        await station.ask("TransactionEvent", event("Started", 0, "EVConnected", 1000.0, evse={"id": 1}))
        await station.ask("TransactionEvent", event("Updated", 1, "Charging"))
        for seq in (2, 3, 3, 4):
            assert await station.ask("TransactionEvent", event("Updated", seq, None, 1000.0 + seq)) == {}
        await station.ask("TransactionEvent", event("Updated", 3, "SuspendedEV", 1003.0))
        late = house.look(lambda work: work.charging.transaction("CP1", "TX-1"))
        await station.ask("TransactionEvent", event("Ended", 9, "Idle", 1009.0))
    rows = house.look(lambda work: work.session.exec(select(MeterValue).order_by(MeterValue.measured_at)).all())
    row = house.look(lambda work: work.charging.transaction("CP1", "TX-1"))
    assert [one.energy_wh for one in rows] == [1000.0, 1002.0, 1003.0, 1004.0, 1009.0]
    assert {one.evse for one in rows} == {1}
    assert (late.charging_state, late.seq_no) == ("Charging", 4)  # an older event does not turn the state back
    assert (row.state, row.end_wh, row.seq_no) == ("ended", 1009.0, 9)


async def test_the_cost_is_told_at_the_end(house):
    """totalCost of whoever keeps the books, in the answer to the end (2.0.1 part 2, I03)."""
    house.central.tell_prices(lambda row: 42.5 if row.end_wh == 1009.0 else None)
    async with house.station("CP1", "ocpp2.0.1") as station:
        assert await station.ask("TransactionEvent", event("Started", 0, wh=1000.0, evse={"id": 1})) == {}
        assert await station.ask("TransactionEvent", event("Ended", 1, wh=1009.0)) == {"totalCost": 42.5}
