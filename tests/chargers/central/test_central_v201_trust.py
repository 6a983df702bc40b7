"""Passwords, security profiles and certificates of 2.0.1 stations, by order; passwords survive a lost connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from websockets.exceptions import InvalidStatus

from chargers.central.certificate_ids import hash_data
from chargers.central.gate import Proof, note_proof
from chargers.trust import Authority
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.passwords import hash_password

OLD = "a-long-secret-of-CP1"


def keep(house, **columns) -> None:
    with house.store.begin() as work:
        row = work.stations.get("CP1")
        for name, value in columns.items():
            setattr(row, name, value)
        work.session.add(row)


def row_of(house):
    return house.look(lambda work: work.stations.get("CP1"))


def variables(status: str):
    def reply(payload):
        results = [
            {"attributeStatus": status, "component": one["component"], "variable": one["variable"]}
            for one in payload["setVariableData"]
        ]
        return {"setVariableResult": results}

    return reply


async def enters(house, password) -> bool:
    try:
        async with house.station(protocol="ocpp2.0.1", password=password):
            return True
    except InvalidStatus:
        return False


@pytest.mark.covers("2.0.1", "SetVariables", case="TC_A_09_CSMS TC_A_10_CSMS", orders="rotate_password")
@pytest.mark.covers("2.1", "SetVariables", orders="rotate_password")
@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_password_is_changed(house, protocol):
    """The station gets 40 characters, both passwords hold until the new one is used, and nothing keeps it readable."""
    keep(house, password_hash=hash_password(OLD))
    async with house.station(protocol=protocol, password=OLD, answers={"SetVariables": variables("Accepted")}) as cp:
        order = await house.settled(house.place(OrderKind.ROTATE_PASSWORD))
        asked = await cp.until_heard("SetVariables")
    assert order.state == "accepted"
    sent = asked["setVariableData"][0]
    assert (sent["component"]["name"], sent["variable"]["name"]) == ("SecurityCtrlr", "BasicAuthPassword")
    new = sent["attributeValue"]
    assert len(new) == 40
    assert new not in str([event.data for event in house.look(lambda work: work.events.newest())])
    assert await enters(house, OLD)
    assert await enters(house, new)
    assert not await enters(house, OLD)
    assert row_of(house).next_password_hash is None


async def test_a_refused_password_is_taken_back(house):
    """Only the old one holds after a station's no."""
    keep(house, password_hash=hash_password(OLD))
    async with house.station(protocol="ocpp2.0.1", password=OLD, answers={"SetVariables": variables("Rejected")}) as cp:
        order = await house.settled(house.place(OrderKind.ROTATE_PASSWORD))
        asked = await cp.until_heard("SetVariables")
    assert order.state == "rejected"
    assert row_of(house).next_password_hash is None
    assert not await enters(house, asked["setVariableData"][0]["attributeValue"])
    assert await enters(house, OLD)


async def test_a_password_lost_on_the_way_holds(house):
    """Two changes whose answers never came: the station may have either or neither, and is let in with each."""
    keep(house, password_hash=hash_password(OLD))
    sent = []
    for _ in range(2):
        async with house.station(protocol="ocpp2.0.1", password=OLD, answers={"SetVariables": None}) as cp:
            number = house.place(OrderKind.ROTATE_PASSWORD)
            sent.append((await cp.until_heard("SetVariables"))["setVariableData"][0]["attributeValue"])
        assert (await house.settled(number)).state == "failed"
    assert len(row_of(house).next_password_hash.split()) == 2
    assert await enters(house, OLD)
    assert await enters(house, sent[0])
    assert not await enters(house, sent[1])


@pytest.mark.covers("2.0.1", "SetNetworkProfile", case="TC_A_19_CSMS", orders="set_security_profile")
@pytest.mark.covers("2.1", "SetNetworkProfile", orders="set_security_profile")
@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_security_profile_goes_up(make_house, protocol):
    """A free slot gets the new connection and becomes the first; a step down is refused before it is sent."""
    told = {"getVariableResult": [{"attributeStatus": "Accepted", "attributeValue": "1,2"}]}
    answers = {"GetVariables": told, "SetVariables": variables("RebootRequired")}
    async with make_house() as house:
        house.central._desk.settings = replace(house.settings, tls_port=9443)
        async with house.station(protocol=protocol, answers=answers) as cp:
            order = await house.settled(house.place(OrderKind.SET_SECURITY_PROFILE, profile=2))
            assert (order.state, order.answer["priority"]) == ("accepted", ["3", "1", "2"])
            asked = await cp.until_heard("SetNetworkProfile")
            assert (asked["configurationSlot"], asked["connectionData"]["securityProfile"]) == (3, 2)
            assert ("ocppVersion" in asked["connectionData"]) is (protocol == "ocpp2.0.1")
            assert asked["connectionData"]["ocppCsmsUrl"] == "wss://127.0.0.1:9443/ocpp"
            down = await house.settled(house.place(OrderKind.SET_SECURITY_PROFILE, profile=1))
            assert (down.state, down.answer["why"]) == ("rejected", "profile 1 is no step up from 2; give one of 2, 3")


def test_a_station_is_held_to_a_profile_once_it_came_with_it(furnished):
    """An ordered profile is the least from its first use on; one that was not ordered is only noted."""
    with furnished.begin() as work:
        station = work.stations.get("CP1")
        assert note_proof(work, station, Proof(2)).security_profile is None
        order = work.orders.place(Wanted(OrderKind.SET_SECURITY_PROFILE, "CP1", {"profile": 2}))
        work.orders.mark(order, OrderState.SENT, {})
        work.orders.mark(order, OrderState.ACCEPTED, {})
        assert note_proof(work, station, Proof(1)).security_profile is None
        assert note_proof(work, station, Proof(2)).security_profile == 2


@pytest.mark.covers("2.0.1", "TriggerMessage", case="TC_A_14_CSMS", orders="renew_certificate")
@pytest.mark.covers("2.1", "TriggerMessage", orders="renew_certificate")
@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_a_certificate_is_asked_for(house, protocol):
    """The station is asked to send a signing request."""
    async with house.station(protocol=protocol) as cp:
        assert (await house.settled(house.place(OrderKind.RENEW_CERTIFICATE))).state == "accepted"
        asked = [body for name, body in cp.heard if name == "TriggerMessage"]
        assert {"requestedMessage": "SignChargingStationCertificate"} in asked


@pytest.mark.covers(
    "2.0.1",
    "InstallCertificate",
    "GetInstalledCertificateIds",
    "DeleteCertificate",
    case="TC_M_01_CSMS TC_M_05_CSMS TC_M_13_CSMS TC_M_20_CSMS",
    orders="install_certificate list_certificates delete_certificate",
)
@pytest.mark.covers(
    "2.1",
    "InstallCertificate",
    "GetInstalledCertificateIds",
    "DeleteCertificate",
    orders="install_certificate list_certificates delete_certificate",
)
@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
async def test_root_certificates_are_installed_listed_and_deleted(house, tmp_path, protocol):
    """A root goes in, is told by its hashes, and goes out by those; a use that is none is refused in one line."""
    pem = Authority(tmp_path / "trust").root_pem
    there = {"certificateType": "CSMSRootCertificate", "certificateHashData": hash_data(pem)}
    answers = {"GetInstalledCertificateIds": {"status": "Accepted", "certificateHashDataChain": [there]}}
    async with house.station(protocol=protocol, answers=answers) as cp:
        args = {"use": "CSMSRootCertificate", "pem": pem}
        order = await house.settled(house.place(OrderKind.INSTALL_CERTIFICATE, **args))
        number = order.answer["certificate_id"]
        assert (await cp.until_heard("InstallCertificate"))["certificateType"] == "CSMSRootCertificate"
        listed = await house.settled(house.place(OrderKind.LIST_CERTIFICATES))
        assert listed.answer["certificates"] == {"CSMSRootCertificate": [hash_data(pem)]}
        deleted = await house.settled(house.place(OrderKind.DELETE_CERTIFICATE, certificate_id=number))
        assert deleted.state == "accepted"
        assert (await cp.until_heard("DeleteCertificate"))["certificateHashData"] == hash_data(pem)
        wrong = await house.settled(house.place(OrderKind.LIST_CERTIFICATES, use="Nonsense"))
        assert wrong.state == "failed"
        oem = await house.settled(house.place(OrderKind.LIST_CERTIFICATES, use="OEMRootCertificate"))
        assert oem.state == ("accepted" if protocol == "ocpp2.1" else "failed")
    assert house.look(lambda work: work.trust.certificate(number).state) == "deleted"
