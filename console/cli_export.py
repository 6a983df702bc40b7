"""`binwatt export`: a plan out of the store into files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

export = typer.Typer(help="Write plans into files: sheets for crews, layers for other programs.", no_args_is_help=True)


@export.callback()
def choose() -> None:
    """Write plans into files: sheets for crews, layers for other programs."""


@export.command("plan")
def export_one(
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", show_default=False, help="Its number; default: the newest.")
    ] = None,
    *,
    kind: Annotated[str, typer.Option("--format", help="pdf, html, gpx, geojson, csv or gpkg.")] = "pdf",
    language: Annotated[str, typer.Option("--lang", help="fr, ar or en.")] = "fr",
    truck: Annotated[str | None, typer.Option(help="This truck's rounds only.")] = None,
    to: Annotated[Path, typer.Option("--to", help="The folder; made if it is missing.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Route sheets per truck (pdf, html, gpx), or the whole plan for other programs (geojson, csv, gpkg)."""
    from console.cli import _settings, _store
    from console.export import export_plan

    settings = _settings()
    store = _store(settings)
    written = export_plan(store, settings, number, kind=kind, language=language, truck=truck, folder=to)
    lines = [str(path) for path in written]
    print(json.dumps({"files": lines}, ensure_ascii=False) if as_json else "\n".join(lines))
