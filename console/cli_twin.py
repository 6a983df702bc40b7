"""`binwatt twin stations`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.errors import ConsoleError, JobFailed

if TYPE_CHECKING:
    from chargers.twin.spec import Protocol

PROTOCOLS: dict[str, Protocol] = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}


def stations(
    *,
    url: Annotated[str, typer.Option(help="The central system, without a station.")] = "ws://127.0.0.1:9000/ocpp",
    count: Annotated[int, typer.Option(min=1, max=50_000, help="How many stations.")] = 10,
    version: Annotated[str, typer.Option(help="1.6, 2.0.1 or 2.1.")] = "1.6",
    personality: Annotated[str, typer.Option(help="Names with commas, dealt out in turn; all.")] = "civil",
    prefix: Annotated[str, typer.Option(help="What their identities begin with.")] = "TWIN-",
    password: Annotated[str | None, typer.Option(help="One key for all stations.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="CSV: a station and its key in each line.")] = None,
    ca: Annotated[Path | None, typer.Option(help="PEM: what a wss:// server is checked against.")] = None,
    token: Annotated[str, typer.Option(help="The card drivers show.")] = "TWIN",  # noqa: S107 - a card, no secret
    rate: Annotated[float, typer.Option(min=0, help="Meter values a second over all; 0: one a minute each.")] = 0.0,
    ramp: Annotated[float, typer.Option(min=0.1, help="Stations switched on a second.")] = 200.0,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="Simulated seconds a second.")] = 1.0,
    seconds: Annotated[float, typer.Option(min=0, help="How long; 0: until interrupted.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    listing: Annotated[bool, typer.Option("--list", help="Show the personalities and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulated stations against any central system: a load for it, training for those who run it."""
    from chargers.twin.crowd import Crowd
    from chargers.twin.personalities import PERSONALITIES, pick
    from console.cli import _print
    from console.twin.stations import Play, describe, play_stations, read_passwords

    if listing:
        names = {one.name: {"what": one.what, "why": one.why} for one in PERSONALITIES}
        text = "\n".join(f"{one.name:<18} {one.what}\n{'':<18} {one.why}" for one in PERSONALITIES)
        _print(names, as_json, text)
        return
    if version not in PROTOCOLS:
        raise typer.BadParameter("must be 1.6, 2.0.1 or 2.1", param_hint="--version")
    if not url.startswith(("ws://", "wss://")):
        raise typer.BadParameter("must begin with ws:// or wss://", param_hint="--url")
    crowd = Crowd(count, PROTOCOLS[version], pick(personality), prefix, 0 if rate else 60)
    keys = {} if password is None else {spec.identity: password for spec in crowd.specs()}
    if password_file is not None:
        keys |= read_passwords(password_file)
    play = Play(url, seconds, rate, ramp, speed, token, _roots(ca), seed, watched=sys.stderr.isatty())
    figures = play_stations(crowd, keys, play)
    _print(figures, as_json, describe(figures))
    if not figures["connected"]:
        raise JobFailed(f"no station was connected at the end: is {url} a central system that knows {prefix}…?")
    if figures["complaints"] or figures["broken"]:
        raise JobFailed(f"{len(figures['complaints']) + len(figures['broken'])} faults, see above")


def _roots(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ConsoleError(f"{path}: {error}: name a PEM file of certificates") from None
