"""`binwatt trust` and `binwatt firmware`: certificates, one-time passwords and firmware from the command line."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargers.trust import Authority, read_certificate
from console.cli import app
from console.errors import FirmwareUnclear
from fleet.orders import OrderKind
from fleet.passwords import is_digest, verify_password
from fleet.store import Store
from fleet.tables import Place, Station


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith("BINWATT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BINWATT_SETTINGS", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")
    monkeypatch.setenv("BINWATT_DB", f"sqlite:///{tmp_path}/city.db")
    monkeypatch.setenv("BINWATT_STORE_DATA_DIR", str(tmp_path))
    store = Store.create(f"sqlite:///{tmp_path}/city.db")
    with store.begin() as work:
        work.places.upsert(Place(place_id="MALL", name="Mall", lat=34.9, lon=-2.3, site_limit_kw=40.0))
        work.stations.upsert(Station(station_id="NEW", admission="parked"), [])

    def invoke(*arguments: str, code: int = 0):
        told = CliRunner().invoke(app, [*arguments, "--json"] if arguments[1] != "ca" else list(arguments))
        assert told.exit_code == code, (told.output, told.exception)
        return json.loads(told.output) if code == 0 and arguments[1] != "ca" else told

    invoke.store = store
    return invoke


def test_issue_list_revoke(run, tmp_path):
    """A certificate made here is the station's, its key its owner's; revoked, it is on the list and in the store."""
    root = run("trust", "ca").output
    assert read_certificate(root).common_name == "binwatt root"
    made = run("trust", "issue", "NEW", "--to", str(tmp_path / "out"))
    assert read_certificate(Path(made["certificate"]).read_text()).common_name == "NEW"
    assert stat.S_IMODE(Path(made["key"]).stat().st_mode) == 0o600
    assert [row["state"] for row in run("trust", "list", "NEW")["certificates"]] == ["valid"]
    assert run("trust", "revoke", "NEW", "--why", "lost")["revoked"] == [made["serial"]]
    assert [row["state"] for row in run("trust", "list")["certificates"]] == ["revoked"]
    assert Authority(tmp_path / "trust").is_revoked(made["serial"])
    assert "PRIVATE" not in (tmp_path / "city.db").read_bytes().decode("latin-1")
    run("trust", "revoke", "NEW", code=2)


def test_admit_shows_the_password_once(run):
    """The order carries the digest, never the password; a place that is not there is refused by the carrying out."""
    told = run("trust", "admit", "NEW", "--name", "Mall 1", "--place", "MALL")
    with run.store.read() as work:
        order = work.orders.get(told["order"])
    assert order.kind == OrderKind.ADMIT_STATION
    assert (order.args["name"], order.args["place_id"]) == ("Mall 1", "MALL")
    assert is_digest(order.args["password_hash"])
    assert verify_password(told["password"], order.args["password_hash"])
    assert told["password"] not in str(order.args)
    run("trust", "admit", "NOBODY", code=2)


def test_firmware_is_taken_over(run, tmp_path):
    """The file is copied, described, and replaced by one of the same name; a signature needs its certificate."""
    file, signature, certificate = tmp_path / "fw.bin", tmp_path / "fw.sig", tmp_path / "maker.pem"
    file.write_bytes(b"firmware" * 1000)
    signature.write_bytes(b"\x00\xff" * 40)
    certificate.write_text(Authority(tmp_path / "maker").root_pem)
    plain = run("firmware", "add", str(file), "--version", "1.0", "--vendor", "V")
    assert plain["sha256"] == hashlib.sha256(b"firmware" * 1000).hexdigest()
    signed = run(
        "firmware",
        "add",
        str(file),
        "--version",
        "1.1",
        "--signature",
        str(signature),
        "--certificate",
        str(certificate),
    )
    assert signed["firmware_id"] == plain["firmware_id"]
    assert [row["version"] for row in run("firmware", "list")["firmware"]] == ["1.1"]
    with run.store.read() as work:
        row = work.files.firmware(signed["firmware_id"])
    assert base64.b64decode(row.signature) == b"\x00\xff" * 40
    assert (tmp_path / "files" / row.path).read_bytes() == b"firmware" * 1000
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for arguments in (
        [str(file), "--version", "1", "--signature", str(signature)],
        [str(file), "--version", "1", "--signature", str(signature), "--certificate", str(file)],
        [str(empty), "--version", "1"],
        [str(tmp_path / "none"), "--version", "1"],
    ):
        failed = run("firmware", "add", *arguments, code=1)
        assert isinstance(failed.exception, FirmwareUnclear)
