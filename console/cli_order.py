"""`binwatt order KIND TARGET… key=value…`: what the console and POST /api/v1/orders order, checked the same way."""

from __future__ import annotations

import json
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.errors import JobFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.orders import OrderKind, Wanted
    from fleet.store import Store, Work

LOOK_SECONDS = 0.3
"""How often the store is asked for answers."""
GRACE_SECONDS = 60.0
"""How long after its lifetime an order may still be answered."""


def order(
    kind: Annotated[str, typer.Argument(show_default=False, help="What is ordered, e.g. reset or set_variables.")],
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET… [KEY=VALUE…]",
            show_default=False,
            help="Targets: ids, patterns (ST-*) or groups (group:NAME). Values are JSON where they can be, else texts.",
        ),
    ],
    *,
    why: Annotated[str, typer.Option(help="The reason, kept with the order.")] = "",
    lifetime: Annotated[
        float, typer.Option(min=0.1, max=43200, help="Minutes it waits for a station that is away.")
    ] = 10.0,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until every order is answered.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Order something of stations, cards, transactions or plans; each state of it is kept and shown in the console."""
    from dataclasses import replace
    from datetime import timedelta

    from console.cli import _settings, _store, _who
    from console.ordering import refusal_of

    settings = _settings()
    store = _store(settings)
    meant = read_kind(kind)
    targets, args = read_words(words)
    with store.begin() as work:
        wanted = wanted_of(work, meant, targets, args)
        life = timedelta(minutes=lifetime)
        wanted = [replace(one, who=_who(settings), why=why, lifetime=life) for one in wanted]
        for one in wanted:
            fault = refusal_of(work, one)
            if fault is not None:
                raise typer.BadParameter(f"{fault}; nothing was ordered", param_hint="ORDER")
        numbers = [work.orders.place(one).order_id for one in wanted]
    told = follow(store, numbers, lifetime * 60 + GRACE_SECONDS) if wait else states(store, numbers)
    if as_json:
        print(json.dumps({"orders": told}, default=str, ensure_ascii=False))
    else:
        for row in told:
            answer = f"  {json.dumps(row['answer'], ensure_ascii=False, default=str)}" if row["answer"] else ""
            print(f"#{row['order_id']}  {row['target']}  {row['state']}{answer}")
    bad = [row for row in told if row["state"] in ("rejected", "failed", "expired", "withdrawn")]
    if bad:
        raise JobFailed(f"{len(bad)} of {len(told)} orders were not carried out")


def read_kind(text: str) -> OrderKind:
    """The kind a word names; hyphens will do for underscores."""
    from fleet.orders import OrderKind

    try:
        return OrderKind(text.replace("-", "_"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no order; there are {', '.join(OrderKind)}", param_hint="KIND") from None


def read_words(words: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Targets, and arguments of the words that hold "="; a value is JSON where it can be read as such."""
    targets: list[str] = []
    args: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            targets.append(word)
            continue
        try:
            args[name] = json.loads(value)
        except ValueError:
            args[name] = value
    return targets, args


def wanted_of(work: Work, kind: OrderKind, targets: Sequence[str], args: dict[str, Any]) -> list[Wanted]:
    """One order per target; patterns and groups stand for the accepted stations they match."""
    from fleet.orders import Wanted

    if not targets:
        raise typer.BadParameter("say what it is about: an id, a pattern or group:NAME", param_hint="TARGET")
    names: dict[str, None] = {}
    for target in targets:
        names.update(dict.fromkeys(_named(work, target)))
    return [Wanted(kind, name, dict(args)) for name in names]


def _named(work: Work, target: str) -> Iterable[str]:
    is_group = target.startswith("group:")
    if not is_group and not any(letter in target for letter in "*?["):
        return [target]
    rows = [row for row in work.stations.all() if row.admission == "accepted"]
    if is_group:
        group = target.removeprefix("group:")
        found = [row.station_id for row in rows if group in map(str.strip, row.groups.split(","))]
    else:
        found = [row.station_id for row in rows if fnmatchcase(row.station_id, target)]
    if not found:
        raise typer.BadParameter(f"no accepted station matches {target!r}", param_hint="TARGET")
    return found


def states(store: Store, numbers: Sequence[int | None]) -> list[dict[str, Any]]:
    """How far orders are, in the order of their numbers."""
    told: list[dict[str, Any]] = []
    with store.read() as work:
        for number in numbers:
            row = work.orders.get(number) if number is not None else None
            if row is not None:
                told.append(
                    {
                        "order_id": row.order_id,
                        "kind": row.kind,
                        "target": row.target,
                        "state": row.state,
                        "answer": row.answer,
                    }
                )
    return told


def follow(store: Store, numbers: Sequence[int | None], most_seconds: float) -> list[dict[str, Any]]:
    """The same once all are settled, or when the time is over: nobody may be there to carry them out."""
    from fleet.orders import SETTLED

    end = time.monotonic() + most_seconds
    while True:
        told = states(store, numbers)
        if all(row["state"] in SETTLED for row in told) or time.monotonic() > end:
            return told
        time.sleep(LOOK_SECONDS)
