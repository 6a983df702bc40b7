"""Certificates of the twin's stations: their own key, what they trust, and TLS with both."""

import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import serve

from chargers.twin.keyring import MOST_CERTIFICATES, Keyring
from chargers.twin.spec import StationSpec
from chargers.twin.yard import run_stations

V16, V201 = "ocpp1.6", "ocpp2.0.1"
BEGIN, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 10, tzinfo=UTC)


class Authority:
    """A certificate authority of a test, in no way ours."""

    def __init__(self, name="root", kind="ec"):
        self.key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.certify(self.name, self.key.public_key(), ca=True)
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    def certify(self, subject, key, *, ca=False, until=END, host=None):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(BEGIN)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if ca:
            usage = dict.fromkeys(
                (
                    "digital_signature",
                    "content_commitment",
                    "key_encipherment",
                    "data_encipherment",
                    "key_agreement",
                    "encipher_only",
                    "decipher_only",
                ),
                False,
            )
            builder = builder.add_extension(x509.KeyUsage(**usage, key_cert_sign=True, crl_sign=True), critical=True)
        if host is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, SHA256())

    def sign(self, csr_pem, **more):
        """The chain for a signing request, PEM."""
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        assert csr.is_signature_valid
        certificate = self.certify(csr.subject, csr.public_key(), **more)
        return certificate.public_bytes(Encoding.PEM).decode() + self.pem


def test_a_request_names_the_station_and_its_key():
    """The chain for it is taken; one for another key, of yesterday, or unreadable is not."""
    ring, authority = Keyring("POST 1"), Authority()
    csr = ring.request_certificate()
    names = x509.load_pem_x509_csr(csr.encode()).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in names] == ["POST 1"]
    assert not ring.take_chain(authority.sign(Keyring("POST 1").request_certificate()), NOW)
    assert not ring.take_chain(authority.sign(csr, until=NOW - timedelta(days=1)), NOW)
    assert not ring.take_chain("none", NOW)
    assert not ring.certified
    assert ring.take_chain(authority.sign(csr), NOW)
    assert ring.certified


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_hash_data_are_those_of_ocsp(kind, algorithm):
    """Issuer name and key hashes are what an OCSP request of the `cryptography` package says of the certificate."""
    from cryptography.hazmat.primitives import hashes

    root = Authority(kind=kind).certificate
    ring = Keyring("POST")
    assert ring.install("CSMSRootCertificate", root.public_bytes(Encoding.PEM).decode()) == "Accepted"
    request = ocsp.OCSPRequestBuilder().add_certificate(root, root, getattr(hashes, algorithm)()).build()
    assert ring.trusted[0].hash_data(algorithm) == {
        "hashAlgorithm": algorithm,
        "issuerNameHash": request.issuer_name_hash.hex(),
        "issuerKeyHash": request.issuer_key_hash.hex(),
        "serialNumber": f"{request.serial_number:x}",
    }


def test_what_is_installed_is_listed_and_deleted():
    """By its hashes, in either case and with leading zeros; twice the same is once; there is an end to room."""
    ring, root = Keyring("POST"), Authority()
    for _ in range(2):
        assert ring.install("CSMSRootCertificate", root.pem) == "Accepted"
    assert len(ring.trusted) == 1
    assert ring.install("CSMSRootCertificate", "none") == "Rejected"
    leaf = root.certify(root.name, Authority().key.public_key()).public_bytes(Encoding.PEM).decode()
    assert ring.install("CSMSRootCertificate", leaf) == "Rejected"
    for number in range(MOST_CERTIFICATES - 1):
        assert ring.install("V2GRootCertificate", Authority(f"root {number}").pem) == "Accepted"
    assert ring.install("V2GRootCertificate", Authority().pem) == "Failed"
    hashes = ring.trusted[0].hash_data("SHA512")
    hashes["serialNumber"] = "00" + hashes["serialNumber"].upper()
    assert ring.delete(hashes) == "Accepted"
    assert ring.delete(hashes) == "NotFound"


@pytest.mark.parametrize("protocol", [V16, V201, "ocpp2.1"])
async def test_certificates_over_the_wire(kit, protocol):
    """Asked to, it shows a request; takes the chain and comes back; installs, lists and deletes roots."""
    authority = Authority()
    use = "CentralSystemRootCertificate" if protocol == V16 else "CSMSRootCertificate"
    async with kit.yard_of(StationSpec("POST", protocol)) as (system, yard):
        ask = system.ask
        if protocol == V16:
            answer = await ask("POST", "ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
        else:
            answer = await ask("POST", "TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        assert answer == {"status": "Accepted"}
        await system.until(lambda: bool(system.said("SignCertificate")))
        chain = authority.sign(system.said("SignCertificate")[0]["csr"])
        assert await ask("POST", "CertificateSigned", {"certificateChain": authority.pem}) == {"status": "Rejected"}
        assert await ask("POST", "CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}
        await system.until(lambda: len(system.said("BootNotification")) == 2)
        await system.until(lambda: yard["POST"].registered)

        body = {"certificateType": use, "certificate": authority.pem}
        assert await ask("POST", "InstallCertificate", body) == {"status": "Accepted"}
        wanted = {"certificateType": use if protocol == V16 else [use]}
        listed = await ask("POST", "GetInstalledCertificateIds", wanted)
        if protocol == V16:
            (hashes,) = listed["certificateHashData"]
        else:
            (chain_entry,) = listed["certificateHashDataChain"]
            hashes = chain_entry["certificateHashData"]
        assert await ask("POST", "DeleteCertificate", {"certificateHashData": hashes}) == {"status": "Accepted"}
        assert await ask("POST", "DeleteCertificate", {"certificateHashData": hashes}) == {"status": "NotFound"}
        assert await ask("POST", "GetInstalledCertificateIds", wanted) == {"status": "NotFound"}
    assert system.faults == []


@asynccontextmanager
async def over_tls(kit, clock, authority, folder, *, stations_by=None):
    """A central system behind TLS; stations_by: whose certificates its clients must show."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = authority.certify(name, key.public_key(), host="localhost")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if stations_by is not None:
        context.load_verify_locations(cadata=stations_by.pem)
        context.verify_mode = ssl.CERT_REQUIRED
    system = kit.Central(clock)
    subprotocols = list(kit.VERSIONS)
    async with serve(system.serve, "127.0.0.1", 0, subprotocols=subprotocols, compression=None, ssl=context) as server:
        system.url = f"wss://localhost:{server.sockets[0].getsockname()[1]}/ocpp"
        yield system


async def test_a_server_is_checked(kit, tmp_path):
    """Over TLS a station comes only to a server whose root it trusts."""
    clock, authority, stranger = kit.FastClock(600), Authority("one"), Authority("another")
    async with over_tls(kit, clock, authority, tmp_path) as system:
        for roots, comes in ((authority.pem, True), (stranger.pem, False)):
            spec = [StationSpec("POST")]
            options = {"url": system.url, "clock": clock, "pace": clock.wall, "roots_pem": roots}
            async with run_stations(spec, **options) as yard:
                if comes:
                    await system.until(lambda yard=yard: yard.registered == 1)
                else:
                    await system.until(lambda yard=yard: yard.tally.refusals["unreachable"] >= 2)
                    assert yard.registered == 0


async def test_a_certificate_of_its_own_opens_the_door(kit, tmp_path):
    """Security profile 3: without a certificate it is turned away, with one signed for its own key it comes in."""
    clock, authority = kit.FastClock(600), Authority()
    async with (
        over_tls(kit, clock, authority, tmp_path, stations_by=authority) as system,
        run_stations(
            [StationSpec("POST")], url=system.url, clock=clock, pace=clock.wall, roots_pem=authority.pem
        ) as yard,
    ):
        await system.until(lambda: yard.tally.failures >= 2)
        assert yard.registered == 0
        ring = yard["POST"].keyring
        assert ring.take_chain(authority.sign(ring.request_certificate()), clock.now())
        await system.until(lambda: yard.registered == 1)
        shown = system.lines["POST"].transport.get_extra_info("peercert")
        assert (("commonName", "POST"),) in shown["subject"]
