"""The central system of tests/chargers/central, and what the cases of one station have in common."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("central_stage", Path(__file__).parents[1] / "central" / "conftest.py")
assert _spec is not None
stage = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = stage
assert _spec.loader is not None
_spec.loader.exec_module(stage)

furnished, make_house, house, password = stage.furnished, stage.make_house, stage.house, stage.password

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model", "firmwareVersion": "1.0"}


class Case:
    """One station in one house: what it says, what it is told, and what the store then knows."""

    def __init__(self, house: Any, station: Any) -> None:
        self.house = house
        self.station = station

    async def boot(self) -> dict[str, Any]:
        """BootNotification, then all that follows it."""
        reply = await self.station.ask("BootNotification", BOOT)
        await self.station.until_heard("SetChargingProfile")
        await self.status("Available")
        return reply

    async def status(self, status: str, error: str = "NoError", connector: int = 1) -> None:
        """StatusNotification."""
        said = {"connectorId": connector, "errorCode": error, "status": status}
        assert await self.station.ask("StatusNotification", said) == {}

    async def authorize(self, tag: str = "CARD1") -> dict[str, Any]:
        """Authorize; the idTagInfo."""
        return (await self.station.ask("Authorize", {"idTag": tag}))["idTagInfo"]

    async def start(self, tag: str = "CARD1", at: str = "2026-03-10T18:00:00Z", **more: Any) -> dict[str, Any]:
        """StartTransaction; the whole answer."""
        said = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": at, **more}
        return await self.station.ask("StartTransaction", said)

    async def stop(self, number: int, **more: Any) -> dict[str, Any]:
        """StopTransaction; the whole answer."""
        said = {"transactionId": number, "meterStop": 9000, "timestamp": "2026-03-10T19:00:00Z", **more}
        return await self.station.ask("StopTransaction", said)

    async def order(self, kind: str, **args: Any) -> Any:
        """Place an order and wait until it is settled."""
        return await self.house.settled(self.house.place(kind, **args))

    def transaction(self, number: int) -> Any:
        """A transaction as the store has it."""
        return self.house.look(lambda work: work.charging.transaction("CP1", str(number)))

    def connector(self, evse: int = 1) -> str:
        """What a connector last said of itself."""
        rows = self.house.look(lambda work: work.stations.connectors())
        return next(row.status for row in rows if (row.station_id, row.evse) == ("CP1", evse))

    def set_card(self, token: str, **values: Any) -> None:
        """A card in the store."""
        with self.house.store.begin() as work:
            work.tokens.set(token, values)


@pytest.fixture
def enter(house: Any) -> Callable[..., Any]:
    """`async with enter(answers={…}) as case`: a station that has booted, in the usual house."""

    @asynccontextmanager
    async def make(*, boots: bool = True, **answers: Any) -> Any:
        async with house.station(answers=answers) as station:
            case = Case(house, station)
            if boots:
                await case.boot()
            yield case

    return make
