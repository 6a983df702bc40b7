"""Pictures of the console for the README, taken from a simulated night that really runs.

    python -m console.pictures [--out docs/pictures] [--seconds 75] [--speed 150] [--size city]

The demo's own processes run behind it: a plan is made and published, trucks come home and charge. Then Overview, Depot
and the page of a station that charges are drawn at 132 x 40 and written as SVG without any reference to the network.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from console.app import Desk
from console.screens.places import open_station

if TYPE_CHECKING:
    from console.demo import Stage
    from console.view import View
    from fleet.store import Store

SIZE = (132, 40)
ROOMS = ("overview", "depot", "station")
FONTS = "'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"


async def photograph(desk: Desk, out: Path, seconds: float) -> list[Path]:
    """Let the night run for `seconds`, then draw each room; gives the files."""
    files = []
    async with desk.run_test(size=SIZE) as pilot:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await pilot.pause(0.25)
        for room in ROOMS:
            if room == "station":
                open_station(desk, *one_that_charges(desk.view))
            else:
                await desk.switch_mode(room)
            await pilot.pause(1.0)
            file = out / f"{room}.svg"
            file.write_text(without_network(desk.export_screenshot(title="binwatt")), encoding="utf-8")
            files.append(file)
    return files


def one_that_charges(view: View) -> tuple[str, int]:
    """The EVSE that draws most now, with its station; the first there is where none draws."""
    places = [(evse.power_kw or 0.0, station.station_id, evse.number)
              for station in view.stations.values() for evse in station.evses]  # fmt: skip
    return max(places, default=(0.0, "", 0))[1:]


def without_network(svg: str) -> str:
    """The picture with fonts of the reader's machine instead of one fetched from elsewhere."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: ?[^;]+;", f"font-family: {FONTS};", svg)


def take(stage: Stage, store: Store, out: Path, seconds: float) -> list[Path]:
    """Play the night behind the console and take the pictures."""
    from console.demo import PLAN_SECONDS, WHO, backstage

    out.mkdir(parents=True, exist_ok=True)
    with backstage(stage, store, PLAN_SECONDS) as behind:
        threading.Thread(target=behind.start, daemon=True).start()
        return asyncio.run(photograph(Desk(store, stage.settings, operator=WHO), out, seconds))


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m console.pictures", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="folder for the SVG files")
    parser.add_argument("--seconds", type=float, default=75.0, help="wall seconds the night runs before")
    parser.add_argument("--speed", type=float, default=150.0, help="simulated seconds a second")
    parser.add_argument("--size", choices=["small", "city"], default="city")
    asked = parser.parse_args()

    from console.demo import Stage

    size: Literal["small", "city"] = asked.size
    stage = Stage(size, 1)
    for word in stage.prepare():
        print(f"building the simulated city: {word}")  # noqa: T201 - a command's own words
    store = stage.open(asked.speed)
    try:
        for file in take(stage, store, asked.out, asked.seconds):
            print(file)  # noqa: T201
    finally:
        store.close()
        stage.strike()


if __name__ == "__main__":
    main()
