"""`binwatt roads override`: our own rules of streets from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.errors import RuleUnclear

if TYPE_CHECKING:
    from fleet.orders import Wanted
    from fleet.store import Store
    from fleet.tables import RoadOverride

roads = typer.Typer(help="The roads in use.", no_args_is_help=True)
override = typer.Typer(help="Our own rules of streets, left of what the map says.", no_args_is_help=True)
roads.add_typer(override, name="override")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", show_default=False)]
SHOWN = 6


@override.command()
def add(
    street: Annotated[str, typer.Argument(show_default=False, help="Its name or a part of it, or a bin in it.")],
    *,
    kind: Annotated[str, typer.Option(help="closed, one_way, max_t, max_height, max_width or speed.")] = "closed",
    value: Annotated[str, typer.Option(help="Tonnes, metres or km/h, by kind.")] = "",
    when: Annotated[str, typer.Option(help='Like "today", "2026-11-24..2026-12-01", "mon,thu 06:00-13:00".')] = "",
    towards: Annotated[str, typer.Option(help="For one_way: the side it runs to, like north-east.")] = "",
    why: Annotated[str, typer.Option(help="The reason, for who reads it later.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a rule: from the next plan on trucks keep it."""
    from console.cli import _print, _settings, _store, _who
    from console.roads import open_roads
    from console.streets import KINDS, chain_of, find_streets, read_period, read_value, street_at
    from fleet.orders import OrderKind, Wanted

    if kind not in KINDS:
        raise typer.BadParameter(f"must be one of {', '.join(KINDS)}", param_hint="--kind")
    settings = _settings()
    store = _store(settings)
    network, _row = open_roads(store)
    with store.read() as work:
        tin = work.bins.get(street)
    found = [street_at(network, tin.lat, tin.lon)] if tin else find_streets(network.names, street)
    if len(found) != 1 or not found[0]:
        some = ", ".join(name for name in found[:SHOWN] if name)
        raise RuleUnclear(f"{street!r} is {'one of several streets: ' + some if some else 'no street with a name'}")
    args: dict[str, Any] = {"do": "add", "kind": kind, "street": found[0], "value": read_value(kind, value)}
    if kind == "one_way":
        chain = chain_of(network, found[0])
        sides = {chain.ahead: chain.line, chain.back: chain.line[::-1]}
        if towards not in sides:
            raise RuleUnclear(f"{found[0]} runs {chain.ahead} or {chain.back}: say --towards one of them")
        args["line"] = [list(point) for point in sides[towards]]
    args |= read_period(when, store.clock.now().astimezone(settings.zone).date())
    figures = _order(store, Wanted(OrderKind.RULE_STREET, "new", args, who=_who(settings), why=why))
    _print(
        figures, as_json, f"rule {figures['rule']}: {figures['street']} {figures['says']} {figures['when']}".rstrip()
    )


@override.command("list")
def list_rules(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were ended as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """The rules there are."""
    from console.cli import _print, _settings, _store

    store = _store(_settings())
    with store.read() as work:
        rules = [_figures(row) for row in work.roads.overrides(ended=ended)]
    lines = [
        f"{rule['rule']:>4}  {rule['street'] or 'a stretch'}: {rule['says']}"
        + (f", {rule['when']}" if rule["when"] else "")
        + (f" ({rule['why']}, {rule['who']})" if rule["why"] else f" ({rule['who']})")
        + ("" if rule["active"] else ", ended")
        for rule in rules
    ]
    _print({"rules": rules}, as_json, "\n".join(lines) or "no rules: every street is as the map says")


@override.command()
def end(number: Number, *, as_json: AsJson = False) -> None:
    """End a rule: it stays on record, and holds no more."""
    from console.cli import _print, _settings, _store, _who
    from fleet.orders import OrderKind, Wanted

    settings = _settings()
    figures = _order(_store(settings), Wanted(OrderKind.RULE_STREET, str(number), {"do": "end"}, who=_who(settings)))
    _print(figures, as_json, f"rule {number} is ended")


def _order(store: Store, wanted: Wanted) -> dict[str, Any]:
    """Place an order about a rule and give the rule."""
    with store.begin() as work:
        placed = work.orders.place(wanted)
        refusal = placed.answer.get("why") if placed.state == "rejected" and placed.answer else None
        rules = work.roads.overrides(ended=True)
        same = [row for row in rules if wanted.target in {"new", str(row.override_id)}]
    if refusal:
        raise RuleUnclear(refusal)
    return _figures(same[-1])


def _figures(row: RoadOverride) -> dict[str, Any]:
    from console.streets import tell_period, tell_rule

    return {
        "rule": row.override_id,
        "street": row.street,
        "kind": row.kind,
        "value": row.value,
        "says": tell_rule(row.kind, row.value),
        "when": tell_period(row),
        "why": row.why,
        "who": row.who,
        "active": row.active,
    }
