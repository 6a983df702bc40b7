"""`binwatt plan` with all its options, `binwatt plan show`, and `binwatt report`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.errors import JobFailed, NoRoads
from fleet.errors import SettingsError, StoreError, StoreUnusable
from routing.errors import RoutingError

if TYPE_CHECKING:
    from fleet.settings import Settings

plan = typer.Typer(help="The plan of a night: forecast, routes, check, needs.", invoke_without_command=True)
ENGINES = ("portfolio", "own", "ortools", "pyvrp")
Report = Annotated[str, typer.Option("--report", metavar="text|json|FILE.pdf", help="The report's form.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@plan.callback()
def make(
    ctx: typer.Context,
    *,
    day: Annotated[
        str, typer.Option("--date", "--day", help="The day the trucks drive, YYYY-MM-DD; default: the next one.")
    ] = "",
    seconds: Annotated[float | None, typer.Option(min=1, max=3600, help="For the solver.")] = None,
    publish: Annotated[bool | None, typer.Option(help="Put the plan in force.")] = None,
    order: Annotated[int | None, typer.Option(hidden=True, help="The order this job carries out.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    engine: Annotated[str | None, typer.Option(help=f"One of {', '.join(ENGINES)}.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes that search.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=7, help="Nights looked ahead.")] = None,
    what_if: Annotated[bool, typer.Option("--what-if", help="Plan and compare; keep and publish nothing.")] = False,
    trucks: Annotated[int | None, typer.Option(min=1, help="What if there were so many trucks.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="What if this truck were away.")] = None,
    mandatory_p: Annotated[
        float | None, typer.Option(min=0, max=1, help="What if bins were due at this chance.")
    ] = None,
    site: Annotated[list[str] | None, typer.Option(help="What if only this disposal site took loads.")] = None,
    without_site: Annotated[list[str] | None, typer.Option(help="What if this disposal site were shut.")] = None,
    closed: Annotated[list[str] | None, typer.Option(help="What if this place or street were closed.")] = None,
    report: Report = "",
    as_json: AsJson = False,
) -> None:
    """Make the plan of a night: forecast, routes, check, needs. Safe to run twice."""
    if ctx.invoked_subcommand is not None:
        return
    from console.cli import _settings, _store, _who
    from console.nightly import Job, make_plan
    from console.nightly import what_if as try_plan
    from fleet.log import log_to
    from routing.night.whatif import Change

    change = Change(trucks, *(tuple(names or ()) for names in (without, site, without_site, closed)))
    if not what_if and (mandatory_p is not None or change != Change()):
        raise typer.BadParameter("suppositions need --what-if; nothing was planned", param_hint="--what-if")
    if engine is not None and engine not in ENGINES:
        raise typer.BadParameter(f"must be one of {', '.join(ENGINES)}", param_hint="--engine")
    chosen = _day(day)
    form = _form(report, as_json=as_json)
    settings = _settings()
    try:
        store = _store(settings)
    except StoreUnusable as error:
        raise JobFailed(str(error)) from error
    with failing():
        log_to(settings.data_dir / "log", "plan")
        if what_if:
            job = Job(chosen, seconds, seed, engine, workers, days, mandatory_p)
            _show_what_if(try_plan(store, settings, job, change), settings, form)
            return
        figures = make_plan(
            store,
            settings,
            day=chosen,
            seconds=settings.plan.seconds if seconds is None else seconds,
            publish=settings.plan.publish if publish is None else publish,
            seed=seed,
            who=_who(settings),
            order_id=order,
            engine=engine,
            workers=workers,
            days=days,
        )
    _show(figures, settings, form)


@plan.command()
def show(
    number: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="Default: the plan in force, or the newest.")
    ] = None,
    *,
    report: Report = "",
    as_json: AsJson = False,
) -> None:
    """The report of a plan that was made before."""
    from console.cli import _settings, _store
    from console.report import sum_up

    settings = _settings()
    form = _form(report, as_json=as_json)
    with _store(settings).read() as work:
        newest = work.plans.newest() if number is None else work.plans.get(number)
        whole = work.plans.whole(newest.plan_id) if newest is not None and newest.plan_id is not None else None
        if whole is None:
            wanted = "no plan yet; make one with: binwatt plan" if number is None else f"there is no plan {number}"
            raise typer.BadParameter(wanted)
        figures = sum_up(work, whole, settings)
    _show(figures, settings, form)


def report(
    bin_id: Annotated[str, typer.Argument(metavar="BIN_ID", show_default=False)],
    code: Annotated[str, typer.Argument(metavar="CODE", help="overflow, missed, damaged, fire, dumping or other.")],
    text: Annotated[str, typer.Argument(help="What was said.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Enter a citizen's report of a bin. An overflow or a missed bin is due at the next plan."""
    from console.cli import _print, _settings, _store, _who
    from fleet.store.reports import CODES
    from fleet.tables import CitizenReport

    if code not in CODES:
        raise typer.BadParameter(f"{code!r} is none of {', '.join(CODES)}", param_hint="CODE")
    settings = _settings()
    with _store(settings).begin() as work:
        row = work.bins.get(bin_id)
        if row is None:
            raise typer.BadParameter(f"there is no bin {bin_id}", param_hint="BIN_ID")
        number = work.reports.take(
            CitizenReport(
                at=work.now, lat=row.lat, lon=row.lon, bin_id=bin_id, code=code, text=text, who=_who(settings)
            )
        )
    _print({"report_id": number, "bin": bin_id, "code": code}, as_json, f"report {number}: {bin_id}, {code}")


@contextmanager
def failing() -> Iterator[None]:
    """A plan that cannot be made is a job that failed: exit code 1, one line, the plan in force stays.

    Raises:
        JobFailed: with the line of whatever went wrong.
    """
    try:
        yield
    except SettingsError:
        raise
    except (RoutingError, StoreError, NoRoads) as error:
        raise JobFailed(str(error)) from error


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write YYYY-MM-DD", param_hint="--date") from None


def _form(report: str, *, as_json: bool) -> str:
    if report in ("", "text", "json"):
        return "json" if as_json else report or "text"
    if not report.lower().endswith(".pdf"):
        raise typer.BadParameter(f"{report!r} is no form; write text, json or a file name that ends in .pdf")
    return report


def _show(figures: dict[str, Any], settings: Settings, form: str) -> None:
    from console.report_text import describe

    if form == "json":
        print(json.dumps(figures, default=str, ensure_ascii=False))
    elif form == "text":
        print(describe(figures))
    else:
        from console.report_pdf import write_report

        write_report(figures, settings.city.name, settings.console.language, Path(form))
        print(form)


def _show_what_if(found: dict[str, Any], settings: Settings, form: str) -> None:
    from console.report_text import describe_what_if

    if form in ("text", "json"):
        print(json.dumps(found, default=str, ensure_ascii=False) if form == "json" else describe_what_if(found))
    else:
        _show(found["what_if"], settings, form)
