"""Firmware and logs of the twin's stations: fetched from and handed to a real HTTP server."""

import base64
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from chargers.twin.spec import EvseSpec, StationSpec, Vehicle
from chargers.twin.upkeep import is_genuine, version_of
from fleet.twin.battery import Battery

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)
IMAGE = b"version=2.7.1\n" + bytes(range(256)) * 200
PLAIN, SIGNED = "FirmwareStatusNotification", "SignedFirmwareStatusNotification"


class Shelf:
    """A real HTTP server, as small as can be: files to fetch, and what was handed in."""

    def __init__(self, put_status=201):
        self.files = {"/twin.bin": IMAGE, "/empty.bin": b""}
        self.taken = {}
        self.tried = []
        self.put_status = put_status
        self.failures = 0

    async def serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length")]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        self.tried.append((method, path))
        status, answer = 404, b""
        if self.failures > 0:
            self.failures -= 1
            status = 503
        elif method == "GET" and path in self.files:
            status, answer = 200, self.files[path]
        elif method in {"PUT", "POST"}:
            status = self.put_status if method == "PUT" else 200
            if status < 400:
                self.taken[path] = body
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def shelf(**options):
    import asyncio

    kept = Shelf(**options)
    async with await asyncio.start_server(kept.serve, "127.0.0.1", 0) as server:
        kept.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield kept


def station(protocol, **fields):
    return StationSpec("POST", protocol, (EvseSpec(),), **fields)


def update(protocol, url, when, *, later=None, retries=0, **signed):
    """The request for a firmware update, plain or signed; its action."""
    tries = {"retries": retries, "retryInterval": 20}
    if protocol == V16 and not signed:
        return "UpdateFirmware", {"location": url, "retrieveDate": when, **tries}
    firmware = {"location": url, "retrieveDateTime": when, **signed}
    if later is not None:
        firmware["installDateTime"] = later
    return ("SignedUpdateFirmware" if protocol == V16 else "UpdateFirmware"), {
        "requestId": 7,
        "firmware": firmware,
        **tries,
    }


def statuses(system, action=PLAIN):
    return [body["status"] for body in system.said(action)]


def text(time):
    return time.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("protocol", [V16, V201, V21])
async def test_firmware_is_fetched_installed_and_booted(kit, protocol):
    """Downloaded for real, installed once no charge runs, and the boot after it tells the version the file brought."""
    async with shelf() as files, kit.yard_of(station(protocol)) as (system, yard):
        yard["POST"].plug_in(1, TRUCK)
        await system.until(lambda: len(kit.samples(system, "POST")) >= 1)
        action, body = update(protocol, f"{files.url}/twin.bin", text(yard["POST"].now()))
        answer = await system.ask("POST", action, body)
        assert answer in ({}, {"status": "Accepted"})
        await system.until(lambda: "Downloaded" in statuses(system))
        assert "Installing" not in statuses(system)
        yard["POST"].unplug(1)
        await system.until(lambda: "Installed" in statuses(system))
        boots = system.said("BootNotification")
    told = ["Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed"]
    assert statuses(system) == [word for word in told if protocol != V16 or word != "InstallRebooting"]
    versions = [boot.get("chargingStation", boot)["firmwareVersion"] for boot in boots]
    assert versions == ["1.0", "2.7.1"]
    assert system.faults == []
    assert {body.get("requestId") for body in system.said(PLAIN)} == {None if protocol == V16 else 7}


@pytest.mark.parametrize("protocol", [V16, V201])
async def test_times_that_were_asked_for_are_kept(kit, protocol):
    """A retrieval and an installation of later are told as scheduled (signed 1.6 and 2.x) and wait."""
    key, certificate = make_signer()
    async with shelf() as files, kit.yard_of(station(protocol)) as (system, yard):
        now = yard["POST"].now()
        action, body = update(
            protocol,
            f"{files.url}/twin.bin",
            text(now + timedelta(minutes=4)),
            later=text(now + timedelta(minutes=30)),
            signingCertificate=certificate,
            signature=sign(key, IMAGE),
        )
        assert (await system.ask("POST", action, body))["status"] == "Accepted"
        told = SIGNED if protocol == V16 else PLAIN
        await system.until(lambda: statuses(system, told)[-1:] == ["Installed"])
        assert yard["POST"].now() - now >= timedelta(minutes=30)
    assert statuses(system, told) == [
        "DownloadScheduled",
        "Downloading",
        "Downloaded",
        "SignatureVerified",
        "InstallScheduled",
        "Installing",
        "InstallRebooting",
        "Installed",
    ]
    assert system.faults == []


@pytest.mark.parametrize(
    ("path", "retries", "expected", "tries"),
    [
        ("/nowhere.bin", 0, ["Downloading", "DownloadFailed"], 1),
        ("/nowhere.bin", 2, ["Downloading", "DownloadFailed"], 3),
        ("/empty.bin", 0, ["Downloading", "Downloaded", "Installing", "InstallationFailed"], 1),
    ],
)
async def test_an_update_that_comes_to_nothing(kit, path, retries, expected, tries):
    """A file that is not there, tried as often as asked; a file that cannot be installed. The version stays."""
    async with shelf() as files, kit.yard_of(station(V201)) as (system, yard):
        action, body = update(V201, files.url + path, text(yard["POST"].now()), retries=retries)
        await system.ask("POST", action, body)
        await system.until(lambda: statuses(system) == expected)
        assert len(files.tried) == tries
        assert yard["POST"].cabinet.firmware == "1.0"
        assert len(system.said("BootNotification")) == 1


async def test_a_second_attempt_may_succeed(kit):
    """The server fails once; the retry brings the file."""
    async with shelf() as files, kit.yard_of(station(V16)) as (system, yard):
        files.failures = 1
        action, body = update(V16, f"{files.url}/twin.bin", text(yard["POST"].now()), retries=1)
        await system.ask("POST", action, body)
        await system.until(lambda: "Installed" in statuses(system))
    assert len(files.tried) == 2


async def test_a_wrong_signature_is_not_installed(kit):
    """InvalidSignature ends it; a certificate that is none is refused at once."""
    key, certificate = make_signer()
    async with shelf() as files, kit.yard_of(station(V201)) as (system, yard):
        now = text(yard["POST"].now())
        forged = {"signingCertificate": certificate, "signature": sign(key, b"another file")}
        action, body = update(V201, f"{files.url}/twin.bin", now, **forged)
        assert await system.ask("POST", action, body) == {"status": "Accepted"}
        await system.until(lambda: statuses(system) == ["Downloading", "Downloaded", "InvalidSignature"])
        action, body = update(V201, f"{files.url}/twin.bin", now, signingCertificate="none", signature="")
        assert await system.ask("POST", action, body) == {"status": "InvalidCertificate"}


async def test_a_new_update_takes_the_place_of_the_old(kit):
    """AcceptedCanceled, and only the new one goes on."""
    async with shelf() as files, kit.yard_of(station(V201)) as (system, yard):
        now = yard["POST"].now()
        action, body = update(V201, f"{files.url}/nowhere.bin", text(now + timedelta(days=1)))
        assert await system.ask("POST", action, body) == {"status": "Accepted"}
        action, body = update(V201, f"{files.url}/twin.bin", text(now))
        assert await system.ask("POST", action, body) == {"status": "AcceptedCanceled"}
        await system.until(lambda: "Installed" in statuses(system))
    assert [path for _, path in files.tried] == ["/twin.bin"]


@pytest.mark.parametrize("protocol", [V16, V201, V21])
@pytest.mark.parametrize("put_status", [201, 405])
async def test_a_log_is_handed_in(kit, protocol, put_status):
    """PUT to the address it was told, POST where that is not taken; the log holds its settings, not its key."""
    async with shelf(put_status=put_status) as files, kit.yard_of(station(protocol)) as (system, _):
        if protocol == V16:
            answer = await system.ask("POST", "GetDiagnostics", {"location": f"{files.url}/in/"})
            name, action = answer["fileName"], "DiagnosticsStatusNotification"
        else:
            log = {"remoteLocation": f"{files.url}/in/"}
            answer = await system.ask("POST", "GetLog", {"logType": "SecurityLog", "requestId": 3, "log": log})
            name, action = answer["filename"], "LogStatusNotification"
        await system.until(lambda: statuses(system, action) == ["Uploading", "Uploaded"])
    content = files.taken[f"/in/{name}"].decode()
    assert "HeartbeatInterval = 300" in content
    assert "AuthorizationKey" not in content
    assert system.faults == []


@pytest.mark.parametrize(("protocol", "word"), [(V16, "UploadFailed"), (V201, "UploadFailure")])
async def test_a_log_nobody_takes(kit, protocol, word):
    """Each version has its own word for an upload that failed."""
    async with shelf(put_status=403) as files, kit.yard_of(station(protocol)) as (system, _):
        tries = {"retries": 1, "retryInterval": 5}
        if protocol == V16:
            await system.ask("POST", "GetDiagnostics", {"location": f"{files.url}/x", **tries})
        else:
            body = {"logType": "DiagnosticsLog", "requestId": 3, "log": {"remoteLocation": f"{files.url}/x"}, **tries}
            await system.ask("POST", "GetLog", body)
        action = "DiagnosticsStatusNotification" if protocol == V16 else "LogStatusNotification"
        await system.until(lambda: statuses(system, action) == ["Uploading", word])
    assert files.tried == [("PUT", "/x"), ("PUT", "/x")]


def make_signer(kind="ec"):
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "works")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(key, SHA256())
    )
    return key, certificate.public_bytes(Encoding.PEM).decode()


def sign(key, image):
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return base64.b64encode(key.sign(image, ec.ECDSA(SHA256()))).decode()
    return base64.b64encode(key.sign(image, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())).decode()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_signatures_are_judged(kind):
    """The right file passes, a changed one and a text that is no signature do not."""
    key, certificate = make_signer(kind)
    assert is_genuine(IMAGE, certificate, sign(key, IMAGE))
    assert not is_genuine(IMAGE + b"x", certificate, sign(key, IMAGE))
    assert not is_genuine(IMAGE, certificate, "no base64!")


def test_versions():
    """From the file's first line, else from its name."""
    assert version_of(IMAGE, "http://x/y/z.bin") == "2.7.1"
    assert version_of(b"\x00\x01", "http://x/y/twin-3.1.bin?once=1") == "twin-3.1"
    assert version_of(b"", "http://x/") == "unknown"
