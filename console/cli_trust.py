"""`binwatt trust` and `binwatt firmware`: our certificate authority, stations' passwords, files for stations."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from chargers.trust import Authority
    from fleet.settings import Settings

trust = typer.Typer(help="Certificates and passwords of charging stations.", no_args_is_help=True)
firmware = typer.Typer(help="Firmware that stations may fetch here.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Station = Annotated[str, typer.Argument(metavar="STATION", show_default=False, help="Its identity.")]


@trust.command()
def ca() -> None:
    """Print our root certificate (PEM): what stations must trust. The authority is made the first time."""
    from console.cli import _settings

    print(_authority(_settings()).root_pem, end="")


@trust.command()
def issue(
    station: Station,
    *,
    to: Annotated[Path, typer.Option("--to", help="The folder for key and certificate.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Make a key and a certificate for a station that cannot ask for one itself."""
    from chargers.central.certificate_ids import as_row
    from console.cli import _print, _settings, _store

    settings = _settings()
    store = _store(settings)
    made, key = _authority(settings).issue_station(station)
    to.mkdir(parents=True, exist_ok=True)
    base = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in station)
    certificate, secret = to / f"{base}.pem", to / f"{base}.key"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    certificate.write_text(made.pem)
    with store.begin() as work:
        work.trust.keep_certificate(as_row(made.pem, station, "station", "valid", work.now))
    told = {"station": station, "serial": made.serial, "certificate": str(certificate), "key": str(secret)}
    _print(told | {"not_after": made.not_after.isoformat()}, as_json, f"{certificate} and {secret}: {made.serial}")


@trust.command()
def revoke(
    which: Annotated[str, typer.Argument(show_default=False, help="A serial number, or a station: all of its own.")],
    *,
    why: Annotated[str, typer.Option(help="The reason, for who reads it later.")] = "",
    as_json: AsJson = False,
) -> None:
    """Revoke certificates: the station is sent away within seconds and not let in with them again."""
    from console.cli import _print, _settings, _store

    settings = _settings()
    store, authority = _store(settings), _authority(settings)
    with store.begin() as work:
        own = [row for row in work.trust.certificates() if row.use == "station" and row.state != "revoked"]
        found = [row for row in own if which in (row.station_id, row.serial)]
        if not found:
            raise typer.BadParameter(f"there is no station and no serial number {which!r}", param_hint="WHICH")
        for row in found:
            authority.revoke(row.serial)
            assert row.certificate_id is not None
            work.trust.mark_certificate(row.certificate_id, "revoked", why)
    serials = [row.serial for row in found]
    _print({"revoked": serials}, as_json, "revoked: " + ", ".join(serials))


@trust.command("list")
def list_certificates(
    station: Annotated[str, typer.Argument(metavar="[STATION]", show_default=False)] = "", *, as_json: AsJson = False
) -> None:
    """Certificates that are known, newest first."""
    from console.cli import _settings, _store

    with _store(_settings()).read() as work:
        rows = work.trust.certificates(station or None)
        told = [
            {
                "certificate_id": row.certificate_id,
                "station": row.station_id,
                "use": row.use,
                "state": row.state,
                "serial": row.serial,
                "not_after": row.not_after.isoformat(),
            }
            for row in rows
        ]
    _list({"certificates": told}, told, as_json, ("station", "use", "state", "not_after", "serial"))


@trust.command()
def admit(
    station: Station,
    *,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    place: Annotated[str, typer.Option(help="The site it belongs to.")] = "",
    as_json: AsJson = False,
) -> None:
    """Accept a station and give it a new password, shown this once: only its digest is kept."""
    from console.cli import _print, _settings, _store, _who
    from console.ordering import refusal_of
    from fleet.orders import OrderKind, Wanted
    from fleet.passwords import hash_password, make_password

    settings = _settings()
    store = _store(settings)
    password = make_password()
    args: dict[str, Any] = {"admission": "accepted", "password_hash": hash_password(password)}
    args |= {key: value for key, value in (("name", name), ("place_id", place)) if value}
    with store.begin() as work:
        wanted = Wanted(OrderKind.ADMIT_STATION, station, args, _who(settings))
        fault = refusal_of(work, wanted)
        if fault is not None:
            raise typer.BadParameter(fault, param_hint="STATION")
        number = work.orders.place(wanted).order_id
    text = f"order {number}; the password of {station}, shown this once: {password}"
    _print({"order": number, "station": station, "password": password}, as_json, text)


@firmware.command("add")
def add_firmware(
    file: Annotated[Path, typer.Argument(show_default=False, help="The file stations will fetch.")],
    *,
    version: Annotated[str, typer.Option(show_default=False)],
    vendor: Annotated[str, typer.Option(help="Only for this vendor's stations.")] = "",
    model: Annotated[str, typer.Option(help="Only for this model.")] = "",
    signature: Annotated[Path | None, typer.Option(help="File with the manufacturer's signature.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="The manufacturer's signing certificate, PEM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take a firmware file over, for update_firmware orders and campaigns."""
    from console.api.files import FOLDER
    from console.cli import _print, _settings, _store
    from console.firmwares import Label
    from console.firmwares import add_firmware as add

    settings = _settings()
    label = Label(version, vendor, model, signature, certificate)
    row = add(_store(settings), settings.data_dir / FOLDER, file, label)
    told = {"firmware_id": row.firmware_id, "name": row.name, "version": row.version, "bytes": row.bytes}
    _print(told | {"sha256": row.sha256}, as_json, f"firmware {row.firmware_id}: {row.name}, {row.bytes} bytes")


@firmware.command("list")
def list_firmware(*, as_json: AsJson = False) -> None:
    """Firmware that is here, newest first."""
    from console.cli import _settings, _store

    names = ("firmware_id", "name", "version", "vendor", "model", "bytes", "sha256")
    with _store(_settings()).read() as work:
        told = [{name: getattr(row, name) for name in names} for row in work.files.firmwares()]
    _list({"firmware": told}, told, as_json, names[:-1])


def _list(figures: dict[str, Any], rows: list[dict[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    for row in rows:
        print("  ".join(str(row[column]) for column in columns))


def _authority(settings: Settings) -> Authority:
    from chargers.trust import Authority

    return Authority(settings.data_dir / "trust")
