"""The OCA's cases for a 1.6 central system from the security whitepaper: passwords, certificates, TLS, events."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chargers.central.certificate_ids import hash_data
from chargers.trust import Authority, read_certificate
from fleet.events import Kind

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


@covers("1.6", "ChangeConfiguration", case="TC_073_CSMS", orders="rotate_password")
async def test_a_password_is_changed(house, password):
    """A new random key goes out once; both hold until the new one is used, as text or as its bytes, then it alone."""
    right, kept = password
    give_password(house, kept)
    async with house.station(password=right) as station:
        await station.ask("BootNotification", BOOT)
        order = await house.settled(house.place("rotate_password"))
        said = await station.until_heard("ChangeConfiguration")
        key = said["value"]
        assert (order.state, said["key"], len(bytes.fromhex(key))) == ("accepted", "AuthorizationKey", 20)
        told = house.look(lambda work: work.events.newest(200))
        assert key not in str(order.answer) + str([event.data for event in told])
    async with house.station(password=right):
        pass
    async with house.station(password=key) as station:
        await station.ask("BootNotification", BOOT)
    pair = base64.b64encode(b"CP1:" + bytes.fromhex(key)).decode()
    headers = {"Authorization": f"Basic {pair}"}
    async with connect(house.url("CP1"), subprotocols=["ocpp1.6"], additional_headers=headers):
        pass
    with pytest.raises(InvalidStatus):
        async with house.station(password=right):
            pass


@covers("1.6", "ChangeConfiguration", orders="rotate_password")
async def test_a_password_the_station_does_not_take(house, password):
    """Rejected: the old one holds, and the new one was never one."""
    right, kept = password
    give_password(house, kept)
    async with house.station(password=right, answers={"ChangeConfiguration": {"status": "Rejected"}}) as station:
        await station.ask("BootNotification", BOOT)
        assert (await house.settled(house.place("rotate_password"))).state == "rejected"
        key = (await station.until_heard("ChangeConfiguration"))["value"]
    with pytest.raises(InvalidStatus):
        async with house.station(password=key):
            pass


def signing_request(name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "binwatt")]
    )
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def authority(tmp_path):
    """A certificate authority of our own."""
    return Authority(tmp_path / "trust")


def certificate_states(house) -> list[tuple[str, str]]:
    rows = house.look(lambda work: work.trust.certificates("CP1"))
    return [(row.use, row.state) for row in rows]


@covers("1.6", "ExtendedTriggerMessage", "SignCertificate", "CertificateSigned",
        case="TC_074_CSMS", orders="renew_certificate")  # fmt: skip
async def test_a_station_gets_a_new_certificate(house, authority):
    """Asked for a signing request, the station sends one; it is signed, sent back, and kept as valid."""
    house.central._desk.authority = authority
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        assert (await house.settled(house.place("renew_certificate"))).state == "accepted"
        said = await station.until_heard("ExtendedTriggerMessage")
        assert said["requestedMessage"] == "SignChargePointCertificate"
        assert await station.ask("SignCertificate", {"csr": signing_request("CP1")}) == {"status": "Accepted"}
        chain = (await station.until_heard("CertificateSigned"))["certificateChain"]
        assert read_certificate(chain).issuer == authority.root.subject
        await house.until(lambda _: certificate_states(house) == [("station", "valid")])


@covers("1.6", "SignCertificate")
async def test_a_certificate_is_not_signed_under_anothers_name(house, authority):
    """The failure is a security event, and nothing is sent; without an authority the request is refused at once."""
    async with house.station() as station:
        request = {"csr": signing_request("CP2")}
        assert await station.ask("SignCertificate", request) == {"status": "Rejected"}
        house.central._desk.authority = authority
        assert await station.ask("SignCertificate", request) == {"status": "Rejected"}
        assert [one.kind for one in house.look(lambda work: work.trust.events("CP1"))] == ["CertificateNotSigned"]
        assert "CertificateSigned" not in [action for action, _ in station.heard]


@pytest.mark.parametrize(
    ("use", "told"),
    [
        pytest.param(
            "CSMSRootCertificate",
            "CentralSystemRootCertificate",
            marks=covers("1.6", "InstallCertificate", case="TC_075_1_CSMS", orders="install_certificate"),
        ),
        pytest.param(
            "ManufacturerRootCertificate",
            "ManufacturerRootCertificate",
            marks=covers("1.6", "InstallCertificate", case="TC_075_2_CSMS", orders="install_certificate"),
        ),
    ],
)
async def test_a_root_is_installed(house, authority, use, told):
    """The certificate goes out under the word of 1.6, and is kept as the station answers."""
    pem = authority.root_pem
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        order = await house.settled(house.place("install_certificate", use=use, pem=pem))
        said = await station.until_heard("InstallCertificate")
        assert (order.state, said) == ("accepted", {"certificateType": told, "certificate": pem})
        assert certificate_states(house) == [(told, "valid")]
        station.answers["InstallCertificate"] = {"status": "Rejected"}
        assert (await house.settled(house.place("install_certificate", use=use, pem=pem))).state == "rejected"
        bad = await house.settled(house.place("install_certificate", use=use, pem="nonsense"))
        assert (bad.state, "PEM" in bad.answer["why"]) == ("failed", True)


@covers("1.6", "GetInstalledCertificateIds", "DeleteCertificate", case="TC_076_CSMS",
        orders="list_certificates delete_certificate")  # fmt: skip
async def test_a_certificate_is_deleted(house, authority):
    """Named by the hashes the station itself tells of it; one it has no more is told so."""
    pem = authority.root_pem
    entry = {**hash_data(pem, algorithm="SHA384"), "serialNumber": hash_data(pem)["serialNumber"].upper()}
    held = [entry]
    answers = {
        "GetInstalledCertificateIds": lambda asked: (
            {"status": "Accepted", "certificateHashData": held}
            if held and asked["certificateType"] == "ManufacturerRootCertificate"
            else {"status": "NotFound"}
        )
    }
    async with house.station(answers=answers) as station:
        await station.ask("BootNotification", BOOT)
        made = await house.settled(house.place("install_certificate", use="ManufacturerRootCertificate", pem=pem))
        listed = await house.settled(house.place("list_certificates"))
        assert listed.answer["certificates"] == {
            "CentralSystemRootCertificate": [], "ManufacturerRootCertificate": [entry],
        }  # fmt: skip
        number = made.answer["certificate_id"]
        assert (await house.settled(house.place("delete_certificate", certificate_id=number))).state == "accepted"
        assert await station.until_heard("DeleteCertificate") == {"certificateHashData": entry}
        assert certificate_states(house) == [("ManufacturerRootCertificate", "deleted")]
        held.clear()
        again = await house.settled(house.place("delete_certificate", certificate_id=number))
        assert (again.state, again.answer["why"]) == ("rejected", "the station has it no more")
        other = await house.settled(house.place("delete_certificate", certificate_id=999))
        assert other.answer["why"] == "CP1 has no certificate 999"


def test_hashes_of_a_certificate_are_those_of_rfc_6960(authority):
    """Issuer name and key are hashed as an OCSP request does, which the library makes too."""
    leaf = authority.issue_station("CP1")[0].pem
    parts = [x509.load_pem_x509_certificate(pem.encode()) for pem in (leaf, authority.root_pem)]
    request = ocsp.OCSPRequestBuilder().add_certificate(*parts, hashes.SHA256()).build()
    ours = hash_data(leaf, authority.root_pem)
    assert (ours["issuerNameHash"], ours["issuerKeyHash"], int(ours["serialNumber"], 16)) == (
        request.issuer_name_hash.hex(), request.issuer_key_hash.hex(), request.serial_number,
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            "InvalidChargePointCertificate", marks=covers("1.6", "SecurityEventNotification", case="TC_077_CSMS")
        ),
        pytest.param(
            "InvalidCentralSystemCertificate", marks=covers("1.6", "SecurityEventNotification", case="TC_078_CSMS")
        ),
    ],
)
async def test_a_station_tells_of_an_invalid_certificate(house, kind):
    """It is kept with its own time, told, and an alarm."""
    async with house.station() as station:
        said = {"type": kind, "timestamp": "2026-03-10T18:30:00Z", "techInfo": "chain"}
        assert await station.ask("SecurityEventNotification", said) == {}
        [row] = house.look(lambda work: work.trust.events("CP1"))
        assert (row.kind, row.info, row.critical, row.at.minute, row.source) == (kind, "chain", True, 30, "station")
        [told] = house.look(lambda work: work.events.newest(kinds=[Kind.SECURITY_EVENT]))
        assert told.data["kind"] == kind
        assert "station.security" in [alarm.kind for alarm in house.look(lambda work: work.alarms.standing())]


@covers("1.6", "ChangeConfiguration", case="TC_083_CSMS", orders="set_security_profile")
async def test_a_security_profile_goes_up_only(house):
    """Accepted, the new profile is the least the station may connect with; a step down is never sent."""
    async with house.station() as station:
        await station.ask("BootNotification", BOOT)
        order = await house.settled(house.place("set_security_profile", profile=2))
        said = await station.until_heard("ChangeConfiguration")
        assert (order.state, said) == ("accepted", {"key": "SecurityProfile", "value": "2"})
        assert house.look(lambda work: work.stations.get("CP1").security_profile) is None, "held to it once it comes so"
        down = await house.settled(house.place("set_security_profile", profile=1))
        assert (down.state, down.answer["why"]) == ("rejected", "profile 1 is no step up from 2; give one of 2, 3")
        assert len([1 for action, _ in station.heard if action == "ChangeConfiguration"]) == 1
