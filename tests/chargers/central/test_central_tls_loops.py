"""TLS behind the accepted socket on both event loops: uvloop hands the first bytes over differently."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage

from chargers.central.socket import Entry
from chargers.central.tls import Certificates, Lock, host_names
from chargers.central.transport import listen
from chargers.errors import CertificateUnreadable
from chargers.trust import Authority
from fleet.settings import HttpSettings, OcppSettings

PATIENCE = 10.0


class Echo:
    """Sends back what it gets."""

    def __init__(self, sock) -> None:
        self.sock = sock

    def receive(self, text: bytes) -> None:
        self.sock.send(text)

    def lost(self) -> None:
        """Nothing to do."""


async def talk(folder, library: str, told: list[str], barred: set[str]) -> None:
    authority = Authority(folder)
    certificates = Certificates(OcppSettings(), HttpSettings(), authority)

    async def gate(upgrade):
        told.append(upgrade.certificate.common_name if upgrade.certificate else "nobody")
        return Entry("ocpp1.6", Echo)

    lock = Lock(certificates.context, barred.__contains__, lambda _address, why: told.append(why))
    listener = await listen(gate, "127.0.0.1", 0, library, 20.0, deflate=False, lock=lock)
    trusting = ssl.create_default_context(cadata=authority.root_pem)
    url = f"wss://localhost:{listener.port}/ocpp/CP1"

    async def dial(count: int) -> None:
        options = {"host": "127.0.0.1", "ssl": trusting, "subprotocols": ["ocpp1.6"], "open_timeout": PATIENCE}
        async with connect(url, **options) as line:
            for size in (1, count, 100_000):
                await line.send("x" * size)
                assert len(await line.recv()) == size

    async with asyncio.timeout(2 * PATIENCE):
        await asyncio.gather(*(dial(number) for number in range(2, 12)))
        if library == "picows":
            made, key = Authority(folder / "other").issue_station("CP1")
            (folder / "client.pem").write_text(made.pem + key)
            trusting.load_cert_chain(folder / "client.pem")
            with pytest.raises((OSError, EOFError, InvalidMessage)):
                await dial(2)
            _, checking = await asyncio.open_connection("127.0.0.1", listener.port)
            checking.close()
            barred.add("127.0.0.1")
            with pytest.raises((OSError, EOFError, InvalidMessage)):
                await dial(2)
    await listener.stop()


@pytest.mark.parametrize("library", ["picows", "websockets"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_tls_on_either_loop(tmp_path, library, loop):
    """Ten at once; a strange certificate is told of, a mere look is not, who is barred hears nothing."""
    factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else None
    told: list[str] = []
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(talk(tmp_path, library, told, set()))
    assert told[:10] == ["nobody"] * 10
    failed = ["certificate not accepted: unable to get local issuer certificate"] if library == "picows" else []
    assert told[10:] == failed


def test_certificates_of_the_settings(tmp_path):
    """Files that are none, and TLS without any, are one line with the mend; names come from the settings first."""
    with pytest.raises(CertificateUnreadable, match=r"correct ocpp\.tls_certificate"):
        Certificates(OcppSettings(tls_certificate=str(tmp_path / "none")), HttpSettings(), None)
    with pytest.raises(CertificateUnreadable, match="without ocpp"):
        Certificates(OcppSettings(), HttpSettings(), None)
    own = Authority(tmp_path).server_file(["localhost"])
    other = Authority(tmp_path / "other").server_file(["localhost"])
    with pytest.raises(CertificateUnreadable, match="KEY_VALUES_MISMATCH"):
        Certificates(OcppSettings(tls_certificate=str(own), tls_key=str(other)), HttpSettings(), None)
    names = host_names(OcppSettings(host="0.0.0.0"), HttpSettings(public_url="https://ocpp.example.org/x"))
    assert names[0] == "ocpp.example.org"
    assert "0.0.0.0" not in names
