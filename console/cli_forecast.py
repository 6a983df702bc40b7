"""`binwatt forecast`: backtest, show, rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

forecast = typer.Typer(help="The bin forecast: how good it is, and what it says of a bin.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@forecast.command()
def backtest(
    file: Annotated[
        Path | None, typer.Argument(show_default=False, help="CSV with a bin, a time and a fill in each row.")
    ] = None,
    *,
    from_store: Annotated[
        bool, typer.Option("--store", help="Play the store's own readings instead of a file.")
    ] = False,
    days: Annotated[int, typer.Option(min=2, max=1200, help="With --store: how far back.")] = 120,
    threshold: Annotated[float, typer.Option(min=0.1, max=1, help="The fill that counts as full.")] = 0.8,
    per_bin: Annotated[bool, typer.Option("--per-bin", help="A line for each bin as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Play a history night by night: skill, coverage, Brier score and CPU against naive models."""
    from console.cli import _print, _settings, _store
    from console.forecasts import backtest_file, backtest_store, describe_backtest

    if (file is None) != from_store:
        raise typer.BadParameter("name one history: binwatt forecast backtest FILE, or --store")
    settings = _settings()
    figures = (
        backtest_store(_store(settings), settings, threshold, days)
        if file is None
        else backtest_file(file, settings, threshold)
    )
    text = describe_backtest(figures, per_bin=per_bin)
    if as_json and not per_bin:
        figures = {name: value for name, value in figures.items() if name != "bins"}
    _print(figures, as_json, text)


@forecast.command()
def show(
    name: Annotated[str, typer.Argument(metavar="BIN", show_default=False)],
    *,
    hours: Annotated[int, typer.Option(min=1, max=24 * 28, help="How far ahead.")] = 48,
    as_json: AsJson = False,
) -> None:
    """What is expected of one bin, hour by hour."""
    from console.cli import _print, _settings, _store
    from console.forecasts import describe_bin, show_bin

    settings = _settings()
    figures = show_bin(_store(settings), settings, name, hours)
    _print(figures, as_json, describe_bin(figures))


@forecast.command("rebuild")
def rebuild_all(*, as_json: AsJson = False) -> None:
    """Learn everything anew from the store's readings, e.g. after the streams or quarters of bins changed."""
    from console.cli import _print, _settings, _store
    from console.forecasts import rebuild

    settings = _settings()
    figures = rebuild(_store(settings), settings)
    _print(figures, as_json, f"{figures['bins']} bins learned from {figures['readings']} readings")
