"""Contract certificates of vehicles: passed on to a provider, refused in words where there is none."""

from __future__ import annotations

import pytest

from chargers.errors import RequestRefused

ASKED = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgB"}


class Provider:
    """One that knows a single vehicle."""

    async def answer(self, schema: str, action: str, request: str) -> str:
        if request != "gJgB":
            raise RequestRefused("no contract for this vehicle")
        return f"{schema}/{action}"


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def protocol(request):
    return request.param


@pytest.mark.covers("2.0.1", "Get15118EVCertificate")
@pytest.mark.covers("2.1", "Get15118EVCertificate")
async def test_without_a_provider_a_vehicle_is_refused_in_words(house, protocol):
    """Failed, with the reason in statusInfo."""
    async with house.station("CP2", protocol) as cp:
        reply = await cp.ask("Get15118EVCertificate", ASKED)
    assert (reply["status"], reply["statusInfo"]["reasonCode"]) == ("Failed", "NoProvider")


@pytest.mark.covers("2.0.1", "Get15118EVCertificate")
@pytest.mark.covers("2.1", "Get15118EVCertificate")
async def test_a_providers_answer_reaches_the_vehicle(house, protocol):
    """The provider is told the schema and what is asked; its refusal is said too."""
    house.central._desk.contracts = Provider()
    async with house.station("CP2", protocol) as cp:
        reply = await cp.ask("Get15118EVCertificate", ASKED)
        assert reply == {"status": "Accepted", "exiResponse": f"{ASKED['iso15118SchemaVersion']}/Install"}
        reply = await cp.ask("Get15118EVCertificate", {**ASKED, "exiRequest": "other"})
        assert reply["statusInfo"] == {"reasonCode": "Refused", "additionalInfo": "no contract for this vehicle"}
