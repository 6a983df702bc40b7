"""Depot: power over the night against the site limit, and which truck has what it needs by when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult

from console.actions import Room
from console.i18n import N_, _
from console.screens.room import RoomScreen
from console.view import DepotView, NeedView, View
from console.widgets.chart import Curves, PowerChart
from console.widgets.columns import Cell, Column, Level
from console.widgets.grid import Grid
from console.wording import NOTHING, clock, figure, percent

NIGHT = timedelta(hours=12)


class NeedLine(NamedTuple):
    """A need, what the truck has, and local time."""

    need: NeedView
    soc: float | None
    delivered_kwh: float
    power_kw: float | None
    ready: str

    @property
    def share(self) -> float:
        """How much of the need is met."""
        if self.need.state == "met":
            return 1.0
        return min(1.0, self.delivered_kwh / self.need.kwh) if self.need.kwh > 0 else 1.0


def _risk(line: NeedLine) -> Cell:
    if line.need.state == "missed":
        return Cell("✖ " + _("missed"), "bad")
    if line.need.state == "met" or line.share >= 1.0:
        return Cell("✔ " + _("met"), "good")
    if line.need.shortfall_kwh > 0:
        return Cell(f"▲ {line.need.shortfall_kwh:.0f} kWh: {line.need.reason}", "bad")
    return Cell(_("on course"), "dim")


def _bar(line: NeedLine) -> Cell:
    level: Level = "bad" if line.need.shortfall_kwh > 0 or line.need.state == "missed" else "good"
    return Cell(f"{line.share * 100:.0f}%", level, line.share)


NEED_COLUMNS: list[Column[NeedLine]] = [
    Column(N_("Truck"), 9, lambda n: Cell(n.need.truck_id, "note"), lambda n: n.need.truck_id),
    Column(N_("Ready by"), 11, lambda n: Cell(n.ready), lambda n: n.need.ready_by),
    Column(N_("Asked"), 8, lambda n: Cell(f"{n.need.kwh:.0f} kWh"), lambda n: n.need.kwh, kind="number"),
    Column(N_("Taken"), 8, lambda n: Cell(f"{n.delivered_kwh:.0f} kWh"), lambda n: n.delivered_kwh,
           kind="number", drop=1),
    Column(N_("Met"), 16, _bar, lambda n: n.share, kind="bar"),
    Column(N_("Battery"), 7, lambda n: Cell(percent(n.soc)), lambda n: n.soc, kind="number", drop=2),
    Column(N_("Now"), 8, lambda n: Cell(figure(n.power_kw, "kW") if n.power_kw else NOTHING), lambda n: n.power_kw,
           kind="number", drop=3),
    Column(N_("Risk"), 14, _risk, lambda n: -n.need.shortfall_kwh, grow=True),
]  # fmt: skip


class DepotScreen(RoomScreen):
    """Chart above, needs below."""

    ROOM: ClassVar[Room] = "depot"

    def compose_room(self) -> ComposeResult:
        """Chart and needs."""
        yield PowerChart(id="chart")
        yield Grid[NeedLine](
            NEED_COLUMNS,
            lambda line: line.need.truck_id,
            sort=1,
            hint=N_("no truck needs energy yet\nneeds follow from a published plan: 3, then p"),
            id="needs",
        )

    def draw(self, view: View, before: View | None) -> None:  # noqa: ARG002 - the chart compares for itself
        """The curves and what each truck has."""
        depot = self._depot(view)
        chart = self.query_one(PowerChart)
        place = view.places.get(depot.place_id) if depot else None
        name = place.name if place else _("Depot")
        chart.border_title = _("Power of {place} over the night").format(place=name)
        curves = self._curves(view, depot) if depot else None
        chart.show(curves)
        if curves is not None and depot is not None:
            now = curves.actual_kw[-1][1] if curves.actual_kw else 0.0
            limit = place.site_limit_kw if place else None
            chart.border_subtitle = _("now {now} of {limit}, planned peak {peak}").format(
                now=figure(now, "kW"), limit=figure(limit, "kW"), peak=figure(depot.peak_kw or None, "kW")
            )
        grid = self.query_one("#needs", Grid)
        grid.border_title = _("What trucks need")
        grid.fill({truck: self._line(view, need) for truck, need in view.needs.items()})

    def _depot(self, view: View) -> DepotView | None:
        """The site with most to show."""
        limited = [DepotView(p.place_id) for p in view.places.values() if p.site_limit_kw is not None]
        known = list(view.depots.values()) or limited
        return max(known, key=lambda d: (len(d.planned_kw) > 0, len(d.actual_kw)), default=None)

    def _curves(self, view: View, depot: DepotView) -> Curves:
        """The night's curves in local time; without a schedule the limit alone, from the evening on."""
        step = timedelta(minutes=depot.slot_minutes)
        first = depot.actual_kw[0][0] if depot.actual_kw else None
        start = depot.starts_at or self._evening(view)
        before = 0
        if first is not None and first < start:
            before = min(-(-(start - first) // step), NIGHT // step)
        place = view.places.get(depot.place_id)
        site_limit = place.site_limit_kw if place and place.site_limit_kw is not None else 0.0
        slots = max(len(depot.planned_kw), 0) or NIGHT // step
        limit = depot.limit_kw or (site_limit,) * slots
        base = depot.base_kw or (0.0,) * slots
        begin = start - before * step
        planned = tuple(p + b or None for p, b in zip(depot.planned_kw, base, strict=False))
        drawn = tuple((view.local(at), kw + self._base_at(base, start, step, at)) for at, kw in depot.actual_kw)
        return Curves(
            view.local(begin),
            step,
            (limit[0],) * before + limit,
            (None,) * before + planned,
            drawn,
            view.local(view.now),
        )

    def _evening(self, view: View) -> datetime:
        local = view.local(view.now)
        evening = local.replace(hour=19, minute=0, second=0, microsecond=0)
        return evening if local.hour >= 12 else evening - timedelta(days=1)

    @staticmethod
    def _base_at(base: tuple[float, ...], start: datetime, step: timedelta, at: datetime) -> float:
        """What else the site draws at an instant, as the schedule reckons it."""
        number = int((at - start) / step)
        return base[min(max(number, 0), len(base) - 1)] if base else 0.0

    def _line(self, view: View, need: NeedView) -> NeedLine:
        delivered, power, soc = need.delivered_kwh, None, need.soc
        truck = view.trucks.get(need.truck_id)
        if truck is not None and truck.soc is not None:
            soc = truck.soc
        for station in view.stations.values():
            for evse in station.evses:
                charge = evse.transaction
                if charge is not None and charge.truck_id == need.truck_id:
                    power = evse.power_kw
                    soc = evse.soc if evse.soc is not None else soc
                    if evse.energy_wh is not None and charge.start_wh is not None and need.state == "open":
                        delivered = max(delivered, (evse.energy_wh - charge.start_wh) / 1000)
        return NeedLine(need, soc, delivered, power, clock(view, need.ready_by))
