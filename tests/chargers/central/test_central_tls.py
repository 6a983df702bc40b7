"""Security profiles 0 to 3: what each proves, what each wrong kind of password and certificate is answered."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import ssl
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from chargers.central import CentralSystem
from chargers.central.certificate_ids import as_row
from chargers.central.gate import Doorkeeper
from chargers.central.tls import Presented
from chargers.central.vigil import ask_renewals
from chargers.trust import Authority
from fleet.events import Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.passwords import hash_password
from fleet.settings import OcppSettings
from fleet.store import Writer

PATIENCE = 8.0
BOOT = '[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
PASSWORD = "a-long-secret-of-CP1"


class Kit:
    """A central system with a plain and a TLS port, its authority, and clients."""

    def __init__(self, store, folder: Path, **changes) -> None:
        self.store = store
        self.folder = folder
        self.authority = Authority(folder / "trust")
        self.settings = OcppSettings(port=0, tls_port=free_port(), call_timeout_seconds=2.0, **changes)
        self.writer = Writer(store)
        self.transport = "auto"

    async def open(self) -> None:
        self.central = CentralSystem(
            self.store, self.writer, self.settings, authority=self.authority, transport=self.transport
        )
        self.writer.start()
        await self.central.start()

    async def close(self) -> None:
        await self.central.stop()
        await self.writer.stop()

    def station(self, **columns) -> None:
        with self.store.begin() as work:
            row = work.stations.get("CP1")
            for name, value in columns.items():
                setattr(row, name, value)
            work.session.add(row)

    def look(self, look):
        with self.store.read() as work:
            return look(work)

    def client(self, certificate: str | None = None, trusted: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=trusted or self.authority.root_pem)
        if certificate is not None:
            path = self.folder / "client.pem"
            path.write_text(certificate)
            context.load_cert_chain(path)
        return context

    def issue(self, name: str = "CP1", authority: Authority | None = None, **kind) -> str:
        made, key = (authority or self.authority).issue_station(name, **kind)
        return made.pem + key

    @asynccontextmanager
    async def dial(self, *, tls: ssl.SSLContext | None = None, password: str | None = None, identity: str = "CP1"):
        scheme, port = ("ws", self.central.port) if tls is None else ("wss", self.central.tls_port)
        headers = {}
        if password is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{identity}:{password}".encode()).decode()
        options = {"subprotocols": ["ocpp1.6"], "additional_headers": headers, "open_timeout": PATIENCE}
        if tls is not None:
            options |= {"ssl": tls, "server_hostname": "localhost"}
        async with connect(f"{scheme}://127.0.0.1:{port}/ocpp/{identity}", **options) as line:
            yield line

    async def boots(self, **how) -> bool:
        """Whether a station gets as far as an answer to its boot."""
        async with self.dial(**how) as line:
            await line.send(BOOT)
            async with asyncio.timeout(PATIENCE):
                while '"1"' not in (text := await line.recv()):
                    pass
            return "Accepted" in text

    async def refusal(self, **how) -> int:
        """The HTTP status a station is turned away with; 0: it did not get through the handshake."""
        try:
            async with self.dial(**how):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code
        except (ssl.SSLError, ConnectionClosed, InvalidMessage, ConnectionError, EOFError):
            return 0

    async def until(self, look):
        async with asyncio.timeout(PATIENCE):
            while not (found := self.look(look)):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.02)
        return found


def free_port() -> int:
    """A port nobody listens on, below those the system hands to outgoing connections, which could take it meanwhile."""
    while True:
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return found.getsockname()[1]


@pytest.fixture
def make_kit(furnished, tmp_path):
    @asynccontextmanager
    async def make(transport="auto", **changes):
        kit = Kit(furnished, tmp_path, **changes)
        kit.transport = transport
        await kit.open()
        try:
            yield kit
        finally:
            await kit.close()

    return make


@pytest.fixture
async def kit(make_kit):
    async with make_kit() as kit:
        yield kit


async def test_profile_0_only_from_open_networks(make_kit):
    """A station without a password is let in from a range of the settings, from nowhere else."""
    async with make_kit(open_networks="10.0.0.0/8, 127.0.0.0/8") as kit:
        assert await kit.boots()
        assert kit.look(lambda work: work.stations.get("CP1").connected_profile) == 0
        kit.station(security_profile=1)
        assert await kit.refusal() == 401
    async with make_kit(open_networks="10.0.0.0/8") as kit:
        kit.station(security_profile=None)
        assert await kit.refusal() == 401


async def test_profile_1_and_2_by_password(kit):
    """The same password opens the plain and the TLS port; a wrong one neither; the profile is kept."""
    kit.station(password_hash=hash_password(PASSWORD))
    for tls, profile in ((None, 1), (kit.client(), 2)):
        assert await kit.boots(tls=tls, password=PASSWORD)
        assert kit.look(lambda work: work.stations.get("CP1").connected_profile) == profile
        assert await kit.refusal(tls=tls, password="wrong") == 401
        assert await kit.refusal(tls=tls) == 401
    told = await kit.until(lambda work: work.trust.events("CP1"))
    assert (told[0].kind, told[0].source, told[0].address) == ("FailedToAuthenticateAtCsms", "central", "127.0.0.1")
    assert PASSWORD not in str(kit.look(lambda work: work.events.newest()))


async def test_a_station_is_held_to_its_profile(kit):
    """Least profile 2: the plain port is shut to it; least 3: so is a password over TLS."""
    kit.station(password_hash=hash_password(PASSWORD), security_profile=2)
    assert await kit.refusal(password=PASSWORD) == 401
    assert await kit.boots(tls=kit.client(), password=PASSWORD)
    kit.station(security_profile=3)
    assert await kit.refusal(tls=kit.client(), password=PASSWORD) == 401
    assert await kit.boots(tls=kit.client(kit.issue()))


@pytest.mark.parametrize("transport", ["picows", "websockets"])
@pytest.mark.covers("1.6", "BootNotification", case="TC_087_CSMS")
async def test_profile_3_by_certificate(make_kit, transport):
    """A certificate of our authority under the station's name is proof enough, whichever library carries it."""
    async with make_kit(transport) as kit:
        assert await kit.boots(tls=kit.client(kit.issue()))
        assert kit.look(lambda work: work.stations.get("CP1").connected_profile) == 3
        assert await kit.refusal(tls=kit.client(kit.issue("CP2"))) == 401
        other = Authority(kit.folder / "other")
        assert await kit.refusal(tls=kit.client(kit.issue(authority=other))) == 0
        assert await kit.boots(tls=kit.client(kit.issue()))


async def test_a_certificate_past_its_time(kit):
    """An expired certificate ends the handshake, and a security event says from where."""
    past = Authority(kit.authority.folder, now=lambda: datetime.now(UTC) - timedelta(days=30))
    assert await kit.refusal(tls=kit.client(kit.issue(authority=past, life=timedelta(days=1)))) == 0
    told = await kit.until(lambda work: work.trust.events("127.0.0.1"))
    assert (told[0].kind, told[0].info) == ("TlsHandshakeFailed", "certificate not accepted: certificate has expired")


@pytest.mark.parametrize("kind", ["signed by itself", "not yet valid", "of the server"])
async def test_a_certificate_that_proves_nothing(kit, kind):
    """One a station signed for itself, one of tomorrow and the server's own end the handshake; the reason is kept."""
    if kind == "signed by itself":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CP1")])
        yesterday, tomorrow = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.serial_number(7).not_valid_before(yesterday).not_valid_after(tomorrow)
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        shown = (built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + own).decode()
    elif kind == "not yet valid":
        shown = kit.issue(authority=Authority(kit.authority.folder, now=lambda: datetime.now(UTC) + timedelta(days=30)))
    else:
        shown = kit.authority.server_file(["localhost"]).read_text()
    assert await kit.refusal(tls=kit.client(shown)) == 0
    told = await kit.until(lambda work: work.trust.events("127.0.0.1"))
    assert (told[0].kind, told[0].info.split(":")[0]) == ("TlsHandshakeFailed", "certificate not accepted")


async def test_a_certificate_of_another_organisation(kit):
    """A certificate that names another operator is not taken for ours, nor one past its time by our own clock."""
    desk = kit.central._desk
    gate = Doorkeeper(desk, (), lambda *_: None)
    station = kit.look(lambda work: work.stations.get("CP1"))
    shown = Presented("CP1", "binwatt", "1f", "00", 4e9)
    assert await gate._fault_of(station, shown) is None
    assert "organisation 'Other'" in await gate._fault_of(station, replace(shown, organisation="Other"))
    assert "past its time" in await gate._fault_of(station, replace(shown, not_after=1e9))
    assert "that of nobody" in await gate._fault_of(station, replace(shown, common_name=""))
    desk.authority = None
    assert "not asked for" in await gate._fault_of(station, shown)


@pytest.mark.parametrize("by", ["list", "store"])
async def test_a_revoked_certificate(kit, by):
    """Revoked while it is connected, the station is sent away, and does not come back with that certificate."""
    made, key = kit.authority.issue_station("CP1")
    with kit.store.begin() as work:
        number = work.trust.keep_certificate(as_row(made.pem, "CP1", "station", "valid", work.now)).certificate_id
    tls = kit.client(made.pem + key)
    async with kit.dial(tls=tls) as line:
        if by == "list":
            kit.authority.revoke(made.serial)
        else:
            with kit.store.begin() as work:
                work.trust.mark_certificate(number, "revoked", "lost")
        await kit.central._vigil.look()
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                async for _ in line:
                    pass
        assert line.close_reason == "its certificate was revoked"
    assert await kit.refusal(tls=tls) == 401
    assert await kit.boots(tls=kit.client(kit.issue()))


@pytest.mark.covers("1.6", "BootNotification", case="TC_086_CSMS")
async def test_old_tls_is_refused(kit):
    """TLS 1.1 is not spoken; 1.2 is; and the plain port goes on whatever is thrown at the other."""
    kit.station(password_hash=hash_password(PASSWORD))
    context = kit.client()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert await kit.boots(tls=context, password=PASSWORD)
    hello = bytes.fromhex("160302002f0100002b0302" + "00" * 32 + "000004c013c0140100") + b"\0\0"
    for noise in (hello, b"GET /ocpp/CP1 HTTP/1.1\r\n\r\n", b"\x00" * 300, b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", kit.central.tls_port)
        writer.write(noise)
        if not noise:
            writer.close()
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read(100)
        assert not answer or answer[0] == 0x15, "an alert of TLS, or nothing"
        writer.close()
    assert await kit.boots(password=PASSWORD)


async def test_who_fails_again_and_again_waits(kit):
    """After five failures the answer is 429 with a time; whoever was known to be right is let in all the while."""
    kit.station(password_hash=hash_password(PASSWORD))
    assert await kit.boots(password=PASSWORD)
    statuses = [await kit.refusal(password=f"guess {number}") for number in range(8)]
    assert statuses == [401] * 6 + [429] * 2
    with pytest.raises(InvalidStatus) as refused:
        async with kit.dial(password="guess"):
            pass
    assert int(refused.value.response.headers["Retry-After"]) >= 1
    assert await kit.boots(password=PASSWORD)
    told = kit.look(lambda work: work.trust.events("CP1"))
    assert len(told) == 1, "not an event for each attempt"


async def test_the_server_certificate_is_read_again(kit):
    """A new certificate is used from the next connection on; a broken file leaves the old one, and is an alarm."""
    kit.station(password_hash=hash_password(PASSWORD))
    before = await _server_pem(kit)
    (kit.authority.folder / "server.pem").unlink()
    await kit.central._vigil.look()
    after = await _server_pem(kit)
    assert before != after
    kit.central._vigil._certificates._settings = OcppSettings(tls_certificate=str(kit.folder / "none.pem"))
    await kit.central._vigil.look()
    assert await _server_pem(kit) == after
    assert "tls_certificate" in (await kit.until(lambda work: work.alarms.standing()))[0].text


async def _server_pem(kit) -> bytes:
    async with kit.dial(tls=kit.client(), password=PASSWORD) as line:
        return line.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)


def test_renewals_are_asked_in_time(furnished, tmp_path):
    """A month before its end a station is asked once a week; ten days before it is an alarm; a new one ends that."""
    authority = Authority(tmp_path / "trust")
    made, _ = authority.issue_station("CP1")
    with furnished.begin() as work:
        work.trust.keep_certificate(as_row(made.pem, "CP1", "station", "valid", work.now))
        assert ask_renewals(work, made.not_after - timedelta(days=40)) == []
        for _ in range(2):
            assert ask_renewals(work, made.not_after - timedelta(days=20)) == ["CP1"]
        assert len(work.orders.find(kind=OrderKind.RENEW_CERTIFICATE)) == 1
        ask_renewals(work, made.not_after - timedelta(days=9))
        assert [alarm.kind for alarm in work.alarms.standing()] == ["station.certificate"]
        later = Authority(tmp_path / "trust", now=lambda: made.not_after - timedelta(days=5))
        renewed, _ = later.issue_station("CP1")
        work.trust.keep_certificate(as_row(renewed.pem, "CP1", "station", "valid", work.now))
        assert ask_renewals(work, made.not_after - timedelta(days=4)) == []
        assert list(work.alarms.standing()) == []


PROFILES = ["0", "1", "2", "3"]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize("profile", PROFILES)
async def test_a_foreign_tester_passes(make_kit, profile, version):
    """PyPI's test-ocpp connects, boots and beats under each security profile."""
    networks = "127.0.0.0/8" if profile == "0" else ""
    async with make_kit(open_networks=networks) as kit:
        if profile in "12":
            kit.station(password_hash=hash_password(PASSWORD))
        root, own = kit.folder / "root.pem", kit.folder / "own.pem"
        root.write_text(kit.authority.root_pem)
        own.write_text(kit.issue())
        scheme, port = ("wss", kit.central.tls_port) if profile in "23" else ("ws", kit.central.port)
        extra = {
            "0": [],
            "1": ["--password", PASSWORD],
            "2": ["--password", PASSWORD, "--ca", str(root)],
            "3": ["--ca", str(root), "--cert", str(own), "--key", str(own)],
        }[profile]
        arguments = [f"{scheme}://localhost:{port}/ocpp", "CP1", "--ocpp", version, "--timeout", "8", *extra]
        run = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "test_ocpp",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(30):
            said, _ = await run.communicate()
        assert run.returncode == 0, said.decode()
        assert kit.look(lambda work: work.stations.get("CP1").connected_profile) == int(profile)
        assert kit.look(lambda work: work.events.newest(kinds=[Kind.STATION_BOOTED]))


def make_csr(name: str) -> tuple[str, str]:
    """A signing request and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return csr.public_bytes(Encoding.PEM).decode(), plain


def valid(work):
    return [row for row in work.trust.certificates("CP1") if row.state == "valid"]


async def test_from_password_to_certificate_and_on(kit):
    """A station of profile 2 asks for a certificate, comes back with it as profile 3, renews it over that, and is held
    to it once that was ordered; a request in another's name is refused and told.
    """
    kit.station(password_hash=hash_password(PASSWORD))
    own = None
    for round_ in range(2):
        how = {"password": PASSWORD, "tls": kit.client()} if own is None else {"tls": kit.client(own)}
        csr, key = make_csr("CP1")
        async with kit.dial(**how) as line:
            await line.send(json.dumps([2, "s", "SignCertificate", {"csr": csr}]))
            async with asyncio.timeout(PATIENCE):
                while True:
                    frame = json.loads(await line.recv())
                    if frame[0] == 3:
                        assert frame[2] == {"status": "Accepted"}
                    elif frame[2] == "CertificateSigned":
                        own = frame[3]["certificateChain"] + key
                        await line.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
                        break
                    else:
                        await line.send(json.dumps([4, frame[1], "NotSupported", "", {}]))
        await kit.until(lambda work, count=round_ + 1: len(valid(work)) == count)
    with kit.store.begin() as work:
        order = work.orders.place(Wanted(OrderKind.SET_SECURITY_PROFILE, "CP1", {"profile": 3}))
        work.orders.mark(order, OrderState.ACCEPTED, {})
    kit.station(connected_profile=2)
    assert await kit.refusal(tls=kit.client(), password=PASSWORD) == 101, "it may still come as before"
    assert await kit.boots(tls=kit.client(own))
    assert await kit.refusal(tls=kit.client(), password=PASSWORD) == 401
    async with kit.dial(tls=kit.client(own)) as line:
        await line.send(json.dumps([2, "s", "SignCertificate", {"csr": make_csr("CP2")[0]}]))
        async with asyncio.timeout(PATIENCE):
            while (frame := json.loads(await line.recv()))[0] != 3:
                pass
        assert frame[2] == {"status": "Rejected"}
    told = await kit.until(lambda work: [one for one in work.trust.events("CP1") if one.kind == "CertificateNotSigned"])
    assert "is for 'CP2'" in told[0].info
