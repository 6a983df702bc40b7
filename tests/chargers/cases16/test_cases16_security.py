"""The OCA's cases for a 1.6 central system from the security whitepaper: passwords, certificates, TLS, events."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

covers = pytest.mark.covers

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


def give_password(house, kept: str) -> None:
    with house.store.begin() as work:
        row = work.stations.get("CP1")
        row.password_hash = kept
        work.session.add(row)


@covers("1.6", "BootNotification", case="TC_085_CSMS")
async def test_the_right_name_and_password_let_a_station_in(house, password):
    """Basic authentication: in with the right pair, 401 with a wrong password, another's name or none at all."""
    right, kept = password
    give_password(house, kept)
    async with house.station(password=right) as station:
        assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
    for options in ({"password": "wrong-password-16"}, {"password": right, "user": "CP2"}, {}):
        with pytest.raises(InvalidStatus) as refused:
            async with house.station(**options):
                pass
        assert refused.value.response.status_code == 401


@covers("1.6", "BootNotification", case="TC_088_CSMS")
async def test_the_subprotocol_decides_the_version(house):
    """ocpp1.6 is granted and spoken; with none in common the line is closed after the handshake."""
    async with house.station(protocol=["ocpp9.9", "ocpp1.6"]) as station:
        assert station.line.subprotocol == "ocpp1.6"
        assert (await station.ask("BootNotification", BOOT))["status"] == "Accepted"
    async with connect(house.url("CP1"), subprotocols=["ocpp9.9"]) as line:
        await line.wait_closed()
        assert (line.subprotocol, line.close_code) == (None, 1002)
