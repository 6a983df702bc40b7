"""The command line. Verbs import what they need, so that `binwatt --help` is quick.

Errors are one line on stderr; exit code 2 for bad input, 1 for a job that failed, 0 for done.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import cli_export, cli_forecast, cli_money, cli_order, cli_plan, cli_roads, cli_trust, cli_twin
from console.errors import ConsoleError, JobFailed, JobRunning
from fleet.errors import FleetError, ImportRefused, StoreBusy
from routing.errors import RoutingError

if TYPE_CHECKING:
    from fleet.settings import Settings
    from fleet.store import Store

app = typer.Typer(
    name="binwatt",
    help="A city's operations room: waste collection planned from fill sensors, EV chargers run over OCPP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
imports = typer.Typer(help="Take over roads, bins, trucks, stations or places from files.", no_args_is_help=True)
database = typer.Typer(help="The store's schema.", no_args_is_help=True)
twins = typer.Typer(help="The simulated city.")
app.add_typer(imports, name="import")
app.add_typer(cli_plan.plan, name="plan")
app.add_typer(cli_forecast.forecast, name="forecast")
cli_export.export.command("receipts")(cli_money.export_receipts)
app.add_typer(cli_export.export, name="export")
app.add_typer(cli_roads.roads, name="roads")
app.add_typer(cli_trust.trust, name="trust")
app.add_typer(cli_trust.firmware, name="firmware")
app.command("order")(cli_order.order)
app.command("report")(cli_plan.report)
app.add_typer(database, name="db")
app.add_typer(twins, name="twin")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
File = Annotated[Path, typer.Argument(show_default=False, help="The file to read.")]
WithParent = Annotated[bool, typer.Option(hidden=True, help="End when standard input closes.")]
SHOWN_PROBLEMS = 20


def main() -> None:
    """Run a verb; what a person can mend becomes one line."""
    from chargers.errors import ChargersError

    try:
        app(standalone_mode=True)
    except (JobFailed, JobRunning, StoreBusy) as error:
        _stop(error, 1)
    except ImportRefused as error:
        _stop(error, 2, error.problems)
    except (FleetError, RoutingError, ChargersError, ConsoleError) as error:
        _stop(error, 2)
    except BrokenPipeError:
        os._exit(0)


def _stop(error: Exception, code: int, details: tuple[str, ...] = ()) -> None:
    print(f"binwatt: {error}", file=sys.stderr)
    for line in details[:SHOWN_PROBLEMS]:
        print(f"  {line}", file=sys.stderr)
    if len(details) > SHOWN_PROBLEMS:
        print(f"  … and {len(details) - SHOWN_PROBLEMS} more", file=sys.stderr)
    sys.exit(code)


def _settings() -> Settings:
    from fleet.settings import load

    return load(os.environ)


def _store(settings: Settings, *, create: bool = False) -> Store:
    from fleet.store import Store

    if create and settings.db.startswith("sqlite:///"):
        Path(settings.db.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return Store.create(settings.db)
    return Store.create(settings.db) if create else Store.open(settings.db)


def _print(figures: dict[str, Any], as_json: bool, text: str) -> None:
    print(json.dumps(figures, default=str, ensure_ascii=False) if as_json else text)


def _who(settings: Settings) -> str:
    from getpass import getuser

    return settings.console.operator or getuser()


@app.command()
def demo(
    *,
    headless: Annotated[bool, typer.Option(help="Play the night without a screen.")] = False,
    minutes: Annotated[float, typer.Option(min=0.5, max=720, help="Wall minutes for a headless night.")] = 3.0,
    speed: Annotated[float, typer.Option(min=0, max=1000, help="Simulated seconds a second, with a screen.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Which city.")] = 1,
    size: Annotated[str, typer.Option(help="small or city.")] = "city",
    as_json: AsJson = False,
) -> None:
    """A simulated city on this machine, alive: nothing leaves it."""
    from console import demo as show

    if size not in ("small", "city"):
        raise typer.BadParameter("must be small or city", param_hint="--size")
    chosen: Literal["small", "city"] = "small" if size == "small" else "city"
    stage = show.Stage(chosen, seed)
    if not headless:
        print(show.open_console(stage, speed))
        return
    figures = show.play_night(stage, minutes)
    _print(figures, as_json, show.describe(figures))
    if figures["errors"]:
        raise JobFailed(f"the night had {len(figures['errors'])} errors, first: {figures['errors'][0]}")


@app.command()
def console() -> None:
    """The operations console."""
    from console.app import Desk
    from fleet.log import log_to

    settings = _settings()
    store = _store(settings)
    log_to(settings.data_dir / "log", "console")
    print(Desk(store, settings, operator=_who(settings)).run() or "")


@app.command()
def serve(*, with_parent: WithParent = False) -> None:
    """The central system for stations (OCPP) and the webhooks (HTTP)."""
    from console.processes import end_with_parent
    from console.serve import run
    from fleet.log import log_to

    settings = _settings()
    store = _store(settings, create=True)
    log_to(settings.data_dir / "log", "serve")
    if with_parent:
        end_with_parent()
    run(settings, store, ready=lambda ports: print(json.dumps(ports), flush=True))


@twins.callback(invoke_without_command=True)
def twin(
    context: typer.Context,
    *,
    ocpp: Annotated[str, typer.Option(help="Where the stations connect.")] = "ws://127.0.0.1:9000/ocpp",
    http: Annotated[
        str, typer.Option(help="Where sensors and trucks report; empty: they do not.")
    ] = "http://127.0.0.1:8080",
    seed: Annotated[int, typer.Option(min=0)] = 1,
    size: Annotated[str, typer.Option(help="small or city.")] = "city",
    minutes: Annotated[float, typer.Option(min=0, help="Wall minutes to run; 0: until ended.")] = 0.0,
    with_parent: WithParent = False,
) -> None:
    """The simulated city against any server: stations over OCPP, sensors and trucks over HTTP."""
    if context.invoked_subcommand is not None:
        return
    from console.processes import end_with_parent
    from console.twin import run
    from fleet.log import log_to

    settings = _settings()
    if with_parent:
        end_with_parent()
    log_to(settings.data_dir / "log", "twin")
    if size not in ("small", "city"):
        raise typer.BadParameter("must be small or city", param_hint="--size")
    figures = run(
        settings, ocpp=ocpp, http=http, seed=seed, size="small" if size == "small" else "city", minutes=minutes
    )
    print(json.dumps(figures, default=str), flush=True)


twins.command()(cli_twin.stations)


@twins.command()
def year(
    *,
    policy: Annotated[str, typer.Option(help="sensors, fixed (the city's calendar), or both.")] = "both",
    days: Annotated[int, typer.Option(min=1, max=3660)] = 365,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    size: Annotated[str, typer.Option(help="small or city.")] = "small",
    seconds: Annotated[float, typer.Option(min=0.1, help="The solver's budget for each night.")] = 2.0,
    mandatory_p: Annotated[
        float, typer.Option(min=0, max=1, help="A bin is due that overflows with this chance before its next round.")
    ] = 0.02,
    as_json: AsJson = False,
) -> None:
    """A simulated year planned by sensors and by a fixed calendar, side by side."""
    from console.twin.year import compare_policies, describe

    if size not in ("small", "city"):
        raise typer.BadParameter("must be small or city", param_hint="--size")
    if policy not in ("sensors", "fixed", "both"):
        raise typer.BadParameter("must be sensors, fixed or both", param_hint="--policy")
    figures = compare_policies(
        policy,
        seed=seed,
        size="small" if size == "small" else "city",
        days=days,
        seconds=seconds,
        mandatory_p=mandatory_p,
    )
    _print(figures, as_json, describe(figures))


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Whether the store is sound: its version, and that no event was changed after it was written."""
    settings = _settings()
    store = _store(settings)
    with store.read() as work:
        broken = work.events.broken_at()
        counts = work.bins.counts()
    _print({"broken_at": broken, **counts}, as_json, f"{settings.db}: events whole, {counts['bins']} bins")
    if broken is not None:
        raise JobFailed(f"event {broken} does not fit the one before it: the log was changed by another hand")


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """What a bug report needs: versions, terminal, store, ports."""
    from console.doctor import examine

    figures = examine(_settings())
    _print(figures, as_json, "\n".join(f"{name:<14} {value}" for name, value in figures.items()))


@database.command("upgrade")
def db_upgrade() -> None:
    """Make the store, or bring it up to this version."""
    settings = _settings()
    _store(settings, create=True)
    print(f"{settings.db}: ready")


def _import(
    what: Literal["bins", "trucks", "stations", "places"], file: Path | None, as_json: bool, **options: Any
) -> None:
    from console.imports import take_over

    settings = _settings()
    store = _store(settings, create=True)
    figures = take_over(store, what, file, who=_who(settings), **options)
    text = f"{figures['file']}: {figures['added']} {what} added, {figures['updated']} updated"
    _print(figures, as_json, "\n".join([text, *figures["warnings"]]))


@imports.command("roads")
def import_roads(
    file: File,
    *,
    heights: Annotated[
        Path | None, typer.Option(help="Heights for the climb: an SRTM tile (.hgt) or a CSV of lat, lon, height.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Streets from an OpenStreetMap extract (.osm.pbf)."""
    from console.roads import use_extract

    settings = _settings()
    store = _store(settings, create=True)
    network = use_extract(store, file, settings.data_dir, _who(settings), heights=heights)
    figures = {
        "file": str(file),
        "junctions": network.nodes,
        "edges": network.edges,
        "climbs": network.has_heights,
        "attribution": network.attribution,
    }
    text = f"{file}: {network.nodes} junctions, {network.edges} directed edges in use. {network.attribution}"
    _print(figures, as_json, text)


@imports.command("bins")
def import_bins(
    file: Annotated[Path | None, typer.Argument(show_default=False, help="CSV or GeoJSON.")] = None,
    *,
    from_osm: Annotated[Path | None, typer.Option(help="Take waste containers out of an .osm.pbf.")] = None,
    sensors: Annotated[bool, typer.Option(help="Give every bin a sensor that is named like it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bins and their sensors."""
    if (file is None) == (from_osm is None):
        raise typer.BadParameter("name one file: binwatt import bins FILE, or --from-osm FILE.osm.pbf")
    _import("bins", file, as_json, from_osm=from_osm, sensors=sensors)


@imports.command("trucks")
def import_trucks(file: File, *, as_json: AsJson = False) -> None:
    """Trucks and their shifts, from CSV or TOML."""
    _import("trucks", file, as_json)


@imports.command("stations")
def import_stations(file: File, *, as_json: AsJson = False) -> None:
    """Charging stations, from CSV or TOML."""
    _import("stations", file, as_json)


@imports.command("places")
def import_places(file: File, *, as_json: AsJson = False) -> None:
    """Depots, disposal sites and charging sites, from CSV or TOML."""
    _import("places", file, as_json)
