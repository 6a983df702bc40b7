"""What is told of certificates, of cards longer than a card, and of firmware taken back, on 2.0.1 and 2.1."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from chargers.central.cards import LONGEST, card_of
from chargers.central.certificate_ids import as_row, hash_data
from chargers.trust import Authority
from fleet.orders import OrderKind, Wanted

LONG = "CARD1" + "0" * 60


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
def protocol(request):
    return request.param


@pytest.fixture
def authority(house, tmp_path):
    house.central._desk.authority = Authority(tmp_path / "trust")
    return house.central._desk.authority


def kept(house, authority, name="CP1"):
    """A certificate given to a station, and its hash data."""
    made, _ = authority.issue_station(name)
    with house.store.begin() as work:
        work.trust.keep_certificate(as_row(made.pem, name, "station", "valid", work.now))
    return made, hash_data(made.pem, authority.root_pem)


@pytest.mark.covers("2.0.1", "GetCertificateStatus")
@pytest.mark.covers("2.1", "GetCertificateStatus")
async def test_the_status_of_our_own_certificates_is_signed(house, authority, protocol):
    """Good before it is revoked, revoked after, unknown for a number never given; each signed by the authority."""
    made, named = kept(house, authority)
    async with house.station(protocol=protocol) as station:

        async def ask(**other):
            asked = {"ocspRequestData": {**named, "responderURL": "http://x", **other}}
            answer = await station.ask("GetCertificateStatus", asked)
            assert answer["status"] == "Accepted"
            read = ocsp.load_der_ocsp_response(base64.b64decode(answer["ocspResult"]))
            key = authority._root.public_key()
            key.verify(read.signature, read.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
            return read.certificate_status.name, read.serial_number

        assert await ask() == ("GOOD", int(made.serial, 16))
        assert (await ask(serialNumber="abc"))[0] == "UNKNOWN"
        authority.revoke(made.serial)
        assert (await ask())[0] == "REVOKED"


@pytest.mark.covers("2.0.1", "GetCertificateStatus")
@pytest.mark.covers("2.1", "GetCertificateStatus")
async def test_of_others_certificates_nothing_is_said(house, authority, tmp_path, protocol):
    """Another authority's certificate, one named in nonsense: Failed, with the reason."""
    other = Authority(tmp_path / "other")
    foreign = hash_data(other.issue_station("CP1")[0].pem, other.root_pem)
    _, named = kept(house, authority)
    async with house.station(protocol=protocol) as station:
        for asked in (foreign, {**named, "serialNumber": "no number"}):
            body = {"ocspRequestData": {**asked, "responderURL": "http://x"}}
            answer = await station.ask("GetCertificateStatus", body)
            assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Failed", "UnknownIssuer")


@pytest.mark.covers("2.0.1", orders="revoke_certificate")
async def test_a_certificate_is_revoked_by_order(house, authority):
    """On the authority's list and in the store, with the reason, though the station is away; another's is not."""
    made, _ = kept(house, authority)
    [row] = house.look(lambda work: work.trust.certificates("CP1"))
    with house.store.begin() as work:
        args = {"certificate_id": row.certificate_id}
        number = work.orders.place(Wanted(OrderKind.REVOKE_CERTIFICATE, "CP1", args, who="op", why="stolen")).order_id
    assert (await house.settled(number)).state == "accepted"
    assert authority.is_revoked(made.serial)
    [row] = house.look(lambda work: work.trust.certificates("CP1"))
    assert (row.state, row.why, row.revoked_at is not None) == ("revoked", "stolen", True)
    other = await house.settled(house.place("revoke_certificate", "CP2", certificate_id=row.certificate_id))
    assert (other.state, "CP2 has no certificate" in other.answer["why"]) == ("rejected", True)
    unclear = await house.settled(house.place("revoke_certificate"))
    assert (unclear.state, "certificate_id is missing" in unclear.answer["why"]) == ("failed", True)
    house.central._desk.authority = None
    nobody = await house.settled(house.place("revoke_certificate", certificate_id=row.certificate_id))
    assert (nobody.state, "no authority" in nobody.answer["why"]) == ("rejected", True)


@pytest.mark.covers("2.1", "GetCertificateChainStatus")
async def test_a_chain_is_told_one_by_one(house, authority):
    """Ours by its state, another's as failed."""
    _, named = kept(house, authority)
    other = {**named, "issuerNameHash": "aa", "issuerKeyHash": "bb"}
    asked = [{"source": "OCSP", "urls": ["http://x"], "certificateHashData": one} for one in (named, other)]
    async with house.station(protocol="ocpp2.1") as station:
        answer = await station.ask("GetCertificateChainStatus", {"certificateStatusRequests": asked})
    assert [one["status"] for one in answer["certificateStatus"]] == ["Good", "Failed"]


def test_a_long_card_is_not_its_beginning():
    """Numbers over the store's length are kept apart, and never meet a shorter one."""
    assert card_of("CARD1") == "CARD1"
    assert card_of(None) == ""
    long, other = card_of(LONG), card_of(LONG + "1")
    assert len(long) == len(other) == LONGEST
    assert len({long, other, LONG[:LONGEST]}) == 3


@pytest.mark.covers("2.1", "Authorize")
async def test_a_long_card_does_not_pass_for_another(house):
    """2.1 allows 255 characters: a card is not let in because its first 36 are those of one that is."""
    with house.store.begin() as work:
        work.tokens.set(LONG[:36], {"status": "Accepted"}, "test")
    async with house.station(protocol="ocpp2.1") as station:
        asked = {"idToken": {"idToken": LONG, "type": "Central"}}
        assert (await station.ask("Authorize", asked))["idTokenInfo"]["status"] != "Accepted"


@pytest.mark.covers("2.0.1", "UnpublishFirmware", orders="publish_firmware")
@pytest.mark.covers("2.1", "UnpublishFirmware", orders="publish_firmware")
@pytest.mark.parametrize(
    ("status", "state"), [("Unpublished", "accepted"), ("NoFirmware", "accepted"), ("DownloadOngoing", "rejected")]
)
async def test_published_firmware_is_taken_back(house, protocol, status, state):
    """By its checksum; what is not there is gone as well, what is being fetched is not."""
    async with house.station(protocol=protocol, answers={"UnpublishFirmware": {"status": status}}) as station:
        order = await house.settled(house.place("publish_firmware", do="unpublish", checksum="abc"))
        assert (order.state, await station.until_heard("UnpublishFirmware")) == (state, {"checksum": "abc"})


@pytest.mark.covers("2.0.1", "SendLocalList", orders="send_local_list")
@pytest.mark.covers("2.1", "SendLocalList", orders="send_local_list")
@pytest.mark.parametrize(("name", "value", "most"), [("ItemsPerMessage", "2", 2), ("BytesPerMessage", "500", 1)])
async def test_a_local_list_comes_in_as_many_parts_as_the_station_takes(house, protocol, name, value, most):
    """By the number of entries, or by the size of the message; the first part is full, the others add to it."""
    with house.store.begin() as work:
        for number in range(4):
            work.tokens.set(f"MORE{number}", {"status": "Accepted"}, "test")
        count = len(work.tokens.list_entries())

    def variables(asked):
        told = []
        for one in asked["getVariableData"]:
            known = one["component"]["name"] == "LocalAuthListCtrlr" and one["variable"]["name"] == name
            more = {"attributeValue": value} if known else {}
            told.append({**one, "attributeStatus": "Accepted" if known else "UnknownVariable", **more})
        return {"getVariableResult": told}

    answers = {"GetVariables": variables, "GetLocalListVersion": {"versionNumber": 0}}
    async with house.station(protocol=protocol, answers=answers) as station:
        order = await house.settled(house.place("send_local_list", how="full"))
        sent = [body for action, body in station.heard if action == "SendLocalList"]
    assert order.state == "accepted"
    sizes = [len(body["localAuthorizationList"]) for body in sent]
    assert (sum(sizes), max(sizes)) == (count, most)
    assert [body["updateType"] for body in sent] == ["Full", *["Differential"] * (len(sizes) - 1)]
