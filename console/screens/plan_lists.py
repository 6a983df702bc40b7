"""The lists of the plan: routes, stops, and the bins left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from console.i18n import N_, _
from console.view import LeftView, RouteView, StopView, View
from console.why import tell_short
from console.widgets.columns import Cell, Column
from console.wording import STATE_WORDS, percent

LOCK = "▪"
"""Settled by hand."""


class RouteLine(NamedTuple):
    """A route with its times in the city's own time."""

    key: str
    route: RouteView
    leaves: str
    back: str


class StopLine(NamedTuple):
    """A stop with its time in the city's own time, and why in short."""

    stop: StopView
    time: str
    why: str


def route_lines(view: View, routes: Sequence[RouteView]) -> dict[str, RouteLine]:
    """Lines by truck; a second shift of a truck by truck and shift."""
    lines: dict[str, RouteLine] = {}
    for route in routes:
        key = route.truck_id if route.truck_id not in lines else f"{route.truck_id}@{route.shift_id}"
        leaves, back = (f"{view.local(at):%H:%M}" for at in (route.departs_at, route.returns_at))
        lines[key] = RouteLine(key, route, leaves, back)
    return lines


def stop_lines(view: View, stops: Sequence[StopView]) -> dict[str, StopLine]:
    """Lines by number."""
    return {
        str(stop.seq): StopLine(
            stop, f"{view.local(stop.arrives_at):%H:%M}", tell_short(stop.why, stop.reason) or _kind(stop)
        )
        for stop in stops
    }


def _level(stop: StopView) -> Literal["plain", "warn", "note"]:
    return "plain" if stop.kind == "bin" else "warn" if stop.kind == "tip" else "note"


def _kind(stop: StopView) -> str:
    return _(STATE_WORDS.get(stop.kind, stop.kind))


def _name(stop: StopView) -> str:
    name = stop.bin_id or stop.place_id or _kind(stop)
    return f"{LOCK}{name}" if stop.locked else name


ROUTE_COLUMNS: list[Column[RouteLine]] = [
    Column(N_("Truck"), 8, lambda r: Cell(f"{LOCK if r.route.locked else ''}{r.key}", "note"), lambda r: r.key),
    Column(N_("Leaves"), 6, lambda r: Cell(r.leaves), lambda r: r.route.departs_at),
    Column(N_("Back"), 6, lambda r: Cell(r.back, "warn" if r.route.overtime_minutes else "plain"),
           lambda r: r.route.returns_at, drop=2),
    Column(N_("Bins"), 5, lambda r: Cell(str(r.route.bins)), lambda r: r.route.bins, kind="number"),
    Column(N_("Tips"), 5, lambda r: Cell(str(r.route.tips)), lambda r: r.route.tips, kind="number", drop=3),
    Column("km", 6, lambda r: Cell(f"{r.route.km:.1f}"), lambda r: r.route.km, kind="number"),
    Column("kWh", 6, lambda r: Cell(f"{r.route.kwh:.0f}"), lambda r: r.route.kwh, kind="number"),
    Column("t", 5, lambda r: Cell(f"{r.route.kg / 1000:.1f}"), lambda r: r.route.kg, kind="number", drop=1, grow=True),
]  # fmt: skip
STOP_COLUMNS: list[Column[StopLine]] = [
    Column("#", 4, lambda s: Cell(str(s.stop.seq), "dim"), lambda s: s.stop.seq, kind="number"),
    Column(N_("Time"), 6, lambda s: Cell(s.time), lambda s: s.stop.arrives_at),
    Column(
        N_("Place"), 14, lambda s: Cell(_name(s.stop), _level(s.stop)), lambda s: s.stop.bin_id or s.stop.kind,
    ),
    Column(N_("Fill"), 6, lambda s: Cell(percent(s.stop.fill)), lambda s: s.stop.fill, kind="number", drop=2),
    Column(N_("Overflow"), 8, lambda s: Cell(percent(s.stop.overflow_p)), lambda s: s.stop.overflow_p, kind="number",
           drop=3),
    Column(N_("Load"), 7, lambda s: Cell(f"{s.stop.load_kg / 1000:.1f} t", "dim"), lambda s: s.stop.load_kg,
           kind="number", drop=4),
    Column(N_("Why"), 14, lambda s: Cell(s.why, "dim"), lambda s: s.why, grow=True, drop=1),
]  # fmt: skip
LEFT_COLUMNS: list[Column[LeftView]] = [
    Column(N_("Bin"), 12, lambda b: Cell(b.bin_id, "bad" if b.due else "plain"), lambda b: b.bin_id),
    Column(N_("Due"), 4, lambda b: Cell(_("due") if b.due else "", "bad"), lambda b: (b.due, b.overflow_p or 0.0)),
    Column(N_("Fill"), 6, lambda b: Cell(percent(b.fill)), lambda b: b.fill, kind="number"),
    Column(N_("Overflow"), 8, lambda b: Cell(percent(b.overflow_p)), lambda b: b.overflow_p, kind="number", drop=1),
    Column(N_("Why"), 20, lambda b: Cell(tell_short(b.why, b.reason), "dim"), lambda b: tell_short(b.why, b.reason),
           grow=True),
]  # fmt: skip
