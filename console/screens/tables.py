"""The columns of bins, alarms, events and orders, wherever they are listed."""

from __future__ import annotations

from typing import NamedTuple

from console.i18n import N_, _
from console.view import AlarmView, BinView, OrderView, View
from console.view.fold import is_routine
from console.view.values import HALF_FILL, HIGH_FILL
from console.widgets.columns import Cell, Column, Level
from console.widgets.scene import SHAPES, Look
from console.wording import ORDER_SIGNS, ORDER_WORDS, STATE_WORDS, percent, tell, tell_order
from fleet.events import Event

SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
SEVERITY_SIGNS = {"critical": "▲", "warning": "△", "info": "·"}
SEVERITY_LEVELS: dict[str, Level] = {"critical": "bad", "warning": "warn", "info": "dim"}
BIN_LEVELS: dict[Look, Level] = {"low": "good", "half": "warn", "high": "bad", "over": "bad", "blind": "dim"}


def look_of(tin: BinView) -> Look:
    """How a bin looks by its last reading, whenever that was."""
    if tin.fill is None:
        return "blind"
    if tin.fill >= tin.overflow_fill:
        return "over"
    return "high" if tin.fill >= HIGH_FILL else "half" if tin.fill >= HALF_FILL else "low"


def _bar_cell(tin: BinView) -> Cell:
    if tin.fill is None:
        return Cell("·", "dim", 0.0)
    return Cell(f"{tin.fill * 100:.0f}%", BIN_LEVELS[look_of(tin)], tin.fill / tin.overflow_fill)


def _sign_cell(tin: BinView) -> Cell:
    return Cell(f"{SHAPES[look_of(tin)].glyph} {tin.bin_id}")


BIN_COLUMNS: list[Column[BinView]] = [
    Column(N_("Bin"), 12, _sign_cell, lambda tin: tin.bin_id),
    Column(N_("Fill"), 16, _bar_cell, lambda tin: tin.fill, kind="bar"),
    Column(
        N_("Expected"), 8, lambda tin: Cell(percent(tin.expected_fill), "dim"), lambda tin: tin.expected_fill,
        kind="number", drop=3,
    ),
    Column(
        N_("Overflow"), 8,
        lambda tin: Cell(percent(tin.overflow_p), "warn" if (tin.overflow_p or 0) >= 0.5 else "dim"),
        lambda tin: tin.overflow_p, kind="number", drop=2,
    ),
    Column(N_("Truck"), 8, lambda tin: Cell(tin.truck_id or "·", "note" if tin.truck_id else "dim"),
           lambda tin: tin.truck_id or None, drop=1),
    Column(N_("Stream"), 8, lambda tin: Cell(tin.stream, "dim"), lambda tin: tin.stream, drop=5),
    Column(N_("Where"), 16, lambda tin: Cell(tin.address or tin.name, "dim"), lambda tin: tin.address or tin.name,
           drop=4, grow=True),
    Column(N_("Battery"), 8, lambda tin: Cell(percent(tin.battery), "dim"), lambda tin: tin.battery, kind="number",
           drop=6),
]  # fmt: skip


ALARM_COLUMNS: list[Column[AlarmView]] = [
    Column(
        "", 1, lambda a: Cell(SEVERITY_SIGNS.get(a.severity, "·"), SEVERITY_LEVELS.get(a.severity, "dim")),
        lambda a: (bool(a.acknowledged_by), SEVERITY_ORDER.get(a.severity, 3), a.raised_at),
    ),
    Column(
        N_("Alarm"), 20, lambda a: Cell(f"✓ {a.text}" if a.acknowledged_by else a.text,
                                        "dim" if a.acknowledged_by else "plain"),
        lambda a: a.text, grow=True,
    ),
    Column(N_("Owner"), 10, lambda a: Cell(a.acknowledged_by or "·", "dim"), lambda a: a.acknowledged_by or None,
           drop=1),
]  # fmt: skip


class LogLine(NamedTuple):
    """An event with its number in the view and its local time."""

    number: int
    event: Event
    time: str


def event_columns() -> list[Column[LogLine]]:
    """When, what about, what happened, by whom."""
    return [
        Column(N_("Time"), 11, lambda line: Cell(line.time, "dim"), lambda line: line.number),
        Column(N_("About"), 14, lambda line: Cell(line.event.subject), lambda line: line.event.subject, drop=1),
        Column(N_("What"), 30, lambda line: Cell(tell(line.event), _event_level(line.event)),
               lambda line: line.event.kind, grow=True),
        Column(N_("Who"), 12, lambda line: Cell(line.event.who, "dim"), lambda line: line.event.who or None, drop=2),
    ]  # fmt: skip


def _event_level(event: Event) -> Level:
    kind = str(event.kind)
    if kind == "alarm.raised":
        return SEVERITY_LEVELS.get(str(event.data.get("severity")), "warn")
    if kind in {"planning.failed", "station.refused", "frame.rejected", "uplink.refused"}:
        return "bad"
    if kind == "connector.changed" and event.data.get("status") == "Faulted":
        return "bad"
    return "note" if kind.startswith(("plan.", "schedule.")) else "plain"


class OrderLine(NamedTuple):
    """An order and its local time; while it waits, how long it still will ("-9:41")."""

    order: OrderView
    time: str


ORDER_LEVELS: dict[str, Level] = {
    "accepted": "good",
    "rejected": "bad",
    "failed": "bad",
    "expired": "warn",
    "withdrawn": "dim",
    "sent": "note",
}

ORDER_COLUMNS: list[Column[OrderLine]] = [
    Column(N_("Order"), 6, lambda line: Cell(f"#{line.order.order_id}", "dim"), lambda line: line.order.order_id,
           drop=3),
    Column(N_("Time"), 5, lambda line: Cell(line.time, "warn" if line.order.waits else "dim"),
           lambda line: line.order.at, drop=1),
    Column(
        N_("State"), 12,
        lambda line: Cell(
            f"{ORDER_SIGNS.get(line.order.state, ' ')} {_(STATE_WORDS.get(line.order.state, line.order.state))}",
            ORDER_LEVELS.get(line.order.state, "dim"),
        ),
        lambda line: line.order.state,
    ),
    Column(N_("Target"), 12, lambda line: Cell(line.order.target), lambda line: line.order.target),
    Column(
        N_("What"), 14,
        lambda line: Cell(_what(line.order)), lambda line: line.order.kind, grow=True,
    ),
    Column(N_("Who"), 10, lambda line: Cell(line.order.who, "dim"), lambda line: line.order.who, drop=2),
]  # fmt: skip


def _what(order: OrderView) -> str:
    """Kind, arguments and answer of an order, short."""
    words = _(ORDER_WORDS.get(order.kind, order.kind))
    args = ", ".join(
        f"{name} {value}" for name, value in order.args.items() if isinstance(value, str | int | float) and value != ""
    )
    answer = tell_order(order.kind, order.state, order.answer).partition("(")[2].removesuffix(")")
    return f"{words} {args}" + (f" — {answer}" if answer else "")


def order_lines(view: View, targets: frozenset[str] | None = None, *, routine: bool = True) -> dict[str, OrderLine]:
    """Orders of the view as lines: of some targets or of all, with or without what jobs do all night."""
    return {
        str(number): OrderLine(order, _order_time(view, order))
        for number, order in view.orders.items()
        if (targets is None or order.target in targets) and (routine or not is_routine(order.kind, order.state))
    }


def _order_time(view: View, order: OrderView) -> str:
    """When it was last heard of; while it waits, what is left of its life."""
    if not order.waits or order.expires_at is None:
        return f"{view.local(order.at):%H:%M}"
    left = max(0, int((order.expires_at - view.now).total_seconds()))
    if left < 600:
        return f"-{left // 60}:{left % 60:02}"
    return f"-{left // 60} m" if left < 5940 else f"-{left // 3600} h"
