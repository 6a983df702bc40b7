"""What a plan of 2,000 stops costs to look at: a key pressed in its lists or on its map, drawn to the last cell.

    python tests/bench/plan_screen.py [--short] [--json]

Ten routes of 200 stops, 1,500 bins left. Each key is pressed as a person does, and the time until everything it
changed is drawn is taken: processor of this process, and by the wall. Textual's DataTable with the same
2,000 stops is the peer, moved by the same keys in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from textual.app import App
from textual.widgets import DataTable

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from console.app import Desk, rest_collector
from console.screens.plan_lists import stop_lines
from console.view import LeftView, PlanView, RouteView, View
from console.widgets.citymap import CityMap
from console.widgets.columns import lay_out
from fleet.settings import Settings

ROUTES, STOPS, LEFT = 10, 200, 1500
SIZE = (160, 45)
TARGET_MS = 50.0
"""A frame a person does not see as a stutter: a key held down repeats thirty times a second, drawn twenty."""


def fixed_view():
    """The screen tests' own city."""
    spec = spec_from_file_location("fixed_view", Path(__file__).resolve().parents[1] / "console" / "fixed_view.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_view() -> View:
    """A city of 3,500 bins, 2,000 of them on ten routes."""
    city = fixed_view()
    bins = city.make_bins(ROUTES * STOPS + LEFT)
    names = list(bins)
    small = city.make_plan(city.make_bins())
    like = small.routes[1].stops[0]
    routes = []
    for number in range(ROUTES):
        mine = [bins[name] for name in names[number * STOPS : (number + 1) * STOPS]]
        leaves = small.routes[0].departs_at
        stops = tuple(
            replace(like, seq=seq, bin_id=tin.bin_id, lat=tin.lat, lon=tin.lon, why=city.make_why("due", tin),
                    arrives_at=leaves + timedelta(minutes=2 * seq))
            for seq, tin in enumerate(mine, 1)
        )  # fmt: skip
        line = tuple((tin.lat, tin.lon) for tin in mine for _ in range(6))
        routes.append(RouteView(f"T{number:02d}", leaves, leaves + timedelta(hours=7), 88.0, 120.0, 9000.0, STOPS, 2,
                                140.0, 180.0, line, stops))  # fmt: skip
    left = tuple(
        LeftView(name, False, "can wait", 0.3, 0.05, city.make_why("not_needed", bins[name]))
        for name in names[ROUTES * STOPS :]
    )
    plan: PlanView = replace(small, routes=tuple(routes), left=left, served=ROUTES * STOPS)
    return city.make_view(bins=bins, plan=plan)


@dataclass(frozen=True, slots=True)
class Frames:
    """Times of many frames of one kind, in milliseconds of processor and of the wall."""

    cpu: list[float]
    wall: list[float]

    def at(self, share: float) -> tuple[float, float]:
        """The processor and wall time that this share of the frames stays below."""
        place = min(len(self.cpu) - 1, round(share * len(self.cpu)))
        return sorted(self.cpu)[place], sorted(self.wall)[place]


async def press(pilot, app: App, keys: list[str]) -> Frames:
    """Press each key and wait until all it changed is drawn."""
    cpu, wall = [], []
    for key in keys:
        used, begun = time.process_time(), time.perf_counter()
        await pilot.press(key)
        await pilot.pause()
        app.screen._compositor.render_strips()
        cpu.append((time.process_time() - used) * 1000)
        wall.append((time.perf_counter() - begun) * 1000)
    return Frames(cpu, wall)


async def measure_ours(view: View, count: int) -> dict[str, Frames]:
    """The Plan screen: cursor down and page down in the stops, another route, the bins left, the map panned."""
    desk = Desk(None, Settings(), operator="bench", view=view)
    async with desk.run_test(size=SIZE) as pilot:
        begun = time.process_time()
        await pilot.press("3")
        await pilot.pause()
        rest_collector()  # as the console does when its first view has come
        found = {"open": Frames([(time.process_time() - begun) * 1000], [0.0])}
        screen = desk.screen
        for name, widget, keys in (
            ("cursor in the stops", "#stops", ["j"] * count),
            ("page in the stops", "#stops", ["pagedown", "pageup"] * (count // 4)),
            ("another route", "#routes", ["j"] * (ROUTES - 1) + ["k"] * (ROUTES - 1)),
            ("map panned", CityMap, ["right", "up", "left", "down"] * (count // 4)),
            ("map zoomed", CityMap, ["plus", "plus", "minus", "minus"] * (count // 8)),
        ):
            screen.query_one(widget).focus()
            await pilot.pause()
            found[name] = await press(pilot, desk, keys)
        await pilot.press("v")
        await pilot.pause()
        found["cursor in the bins left"] = await press(pilot, desk, ["j"] * count)
    return found


async def measure_peer(view: View, count: int) -> dict[str, Frames]:
    """Textual's DataTable with all stops and the same columns."""
    assert view.plan is not None
    screen_columns = [column for column, _ in lay_out(_stop_columns(), SIZE[0] // 2)]
    lines = [line for route in view.plan.routes for line in stop_lines(view, route.stops).values()]

    class Peer(App[None]):
        def compose(self):
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            for column in screen_columns:
                table.add_column(column.title, width=column.width)
            table.add_rows([[column.show(line).text for column in screen_columns] for line in lines])
            table.focus()

    peer = Peer()
    async with peer.run_test(size=SIZE) as pilot:
        await pilot.pause()
        return {
            "cursor in the stops": await press(pilot, peer, ["down"] * count),
            "page in the stops": await press(pilot, peer, ["pagedown", "pageup"] * (count // 4)),
        }


def _stop_columns():
    from console.screens.plan_lists import STOP_COLUMNS

    return STOP_COLUMNS


def show(frames: dict[str, Frames]) -> None:
    """Print median and p95."""
    for name, found in frames.items():
        (cpu, wall), (cpu95, wall95) = found.at(0.5), found.at(0.95)
        print(f"  {name:<26} {cpu:7.1f} {cpu95:7.1f}   {wall:7.1f} {wall95:7.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few keys only")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    asked = parser.parse_args()
    count = 24 if asked.short else 120
    view = make_view()
    run: Callable[[Awaitable[dict[str, Frames]]], dict[str, Frames]] = asyncio.run  # type: ignore[assignment]
    ours, peer = run(measure_ours(view, count)), run(measure_peer(view, count))
    print(f"{ROUTES * STOPS} stops, {LEFT} bins left, {SIZE[0]} x {SIZE[1]}; ms a key: processor p50 p95, wall p50 p95")
    show(ours)
    print("Textual's DataTable, the same stops")
    show(peer)
    worst = max(found.at(0.95)[0] for name, found in ours.items() if name != "open")
    print(f"p95 of the slowest kind {worst:.1f} ms of processor, target {TARGET_MS:.0f} ms")
    if asked.json:
        figures = {name: {"cpu_ms_p50": round(found.at(0.5)[0], 1), "cpu_ms_p95": round(found.at(0.95)[0], 1)}
                   for name, found in ours.items()}  # fmt: skip
        ratio = peer["cursor in the stops"].at(0.95)[0] / max(0.1, ours["cursor in the stops"].at(0.95)[0])
        print(json.dumps({"stops": ROUTES * STOPS, "target_ms": TARGET_MS, "p95_ms": round(worst, 1), "ours": figures,
                          "ratios": {"datatable_over_ours": round(ratio, 1)}}))  # fmt: skip


if __name__ == "__main__":
    main()
