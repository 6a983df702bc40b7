"""What a frame of the city map costs: 12,000 street segments, 500 bins and ten routes at 160 x 45, every street drawn.

    python tests/bench/map.py [--short] [--json]

A frame is a pan: all layers rasterised, strips cut, the screen composed and written to a pseudo-terminal; processor
milliseconds, median.
The peer draws the same segments into the same dots with a Bresenham loop in Python, in the same run.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import math
import os
import pty
import random
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import numpy as np
from textual.app import App

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from console.widgets.citymap import CityMap
from console.widgets.painter import Painter
from console.widgets.raster import draw_lines
from console.widgets.scene import Line, Look, Mark, Scene
from routing.roads.streets import StreetSegments

SEGMENTS, BINS, ROUTES = 12_000, 500, 10
SIZE = (160, 45)
TARGET_MS = 25.0
STEP = 0.1
"""Wall seconds given to each frame to reach the terminal; only processor time is counted."""
MIDDLE = (34.92, -2.32)
LOOKS: tuple[Look, ...] = ("low", "half", "high", "over")


def make_city(seed: int = 1) -> tuple[StreetSegments, Scene]:
    """Districts of turned, jittered lattices with links left out: as many short segments as a city of 100,000 has."""
    draw = random.Random(seed)
    ends, rank = [], []
    while len(ends) < SEGMENTS:
        turn, size = draw.random() * math.pi, draw.choice((48, 62, 82)) / 111_000
        lat0, lon0 = MIDDLE[0] + draw.uniform(-0.022, 0.022), MIDDLE[1] + draw.uniform(-0.027, 0.027)
        for i in range(12):
            for j in range(12):
                for di, dj in ((0, 1), (1, 0)):
                    if draw.random() < 0.2:
                        continue
                    corners = []
                    for a, b in ((i, j), (i + di, j + dj)):
                        x = a * math.cos(turn) - b * math.sin(turn)
                        y = a * math.sin(turn) + b * math.cos(turn)
                        corners += [lat0 + y * size, lon0 + x * size]
                    ends.append(corners)
                    rank.append(draw.choices((0, 1, 2, 3), (80, 12, 5, 3))[0])
    at = np.array(ends[:SEGMENTS], np.float32).T
    streets = StreetSegments(*at, np.array(rank[:SEGMENTS], np.int8), (), "streets are synthetic")
    marks = []
    for number in range(BINS):
        lat, lon = ends[draw.randrange(SEGMENTS)][:2]
        marks.append(Mark(f"BIN-{number:04d}", lat, lon, draw.choice(LOOKS)))
    lines = []
    for number in range(ROUTES):
        points = tuple(tuple(ends[draw.randrange(SEGMENTS)][:2]) for _ in range(60))
        lines.append(Line(f"T{number}", points, number))
    return streets, Scene(tuple(marks), tuple(lines))


class Desk(App[None]):
    """One map, panned and changed by a timer; ends by writing what each step used."""

    def __init__(self, frames: int, report: Path) -> None:
        super().__init__()
        self.streets, self.scene = make_city()
        self.left, self.report = frames, report
        self.pans: list[float] = []
        self.ticks: list[float] = []
        self.draw = random.Random(3)

    def compose(self):
        yield CityMap()

    def on_mount(self) -> None:
        self.city = self.query_one(CityMap)
        self.city.lay_streets(self.streets)
        self.city.show(self.scene)
        self.set_timer(1.0, self.begin)

    def begin(self) -> None:
        self.city._painter.every_street = True
        self.used = time.process_time()
        self.set_interval(STEP, self.step)

    def step(self) -> None:
        """Count what the step before used, down to the bytes written, and make the next."""
        used, self.used = time.process_time() - self.used, time.process_time()
        (self.pans if self.left % 2 else self.ticks).append(used)
        self.left -= 1
        if self.left < 0:
            figures = {"frame_ms": middle(self.pans[1:]), "tick_ms": middle(self.ticks[1:])}
            self.report.write_text(json.dumps(figures))
            self.exit()
        elif self.left % 2:
            self.city.action_pan(1 if self.left % 4 == 1 else -1, 0)
        else:
            marks = list(self.city.scene.marks)
            for _ in range(20):
                at = self.draw.randrange(len(marks))
                marks[at] = marks[at]._replace(look=self.draw.choice(LOOKS))
            self.city.show(Scene(tuple(marks), self.scene.lines))


def middle(seconds: list[float]) -> float:
    """Median in milliseconds."""
    return round(1000 * statistics.median(seconds), 2)


def time_frames(frames: int) -> dict[str, float]:
    """Run the map in a pseudo-terminal: what a pan uses, and a change of bins while the window stands."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
            os.environ.update(COLUMNS=str(SIZE[0]), LINES=str(SIZE[1]))
            os.execv(sys.executable, [sys.executable, __file__, "--run", str(report), "--frames", str(frames)])
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        until = time.monotonic() + 10 + 2 * frames * STEP
        try:
            while time.monotonic() < until and select.select([terminal], [], [], 5)[0]:
                os.read(terminal, 65536)
        except OSError:  # the program ended and took its terminal along
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        return json.loads(report.read_text())


def time_rasters(frames: int) -> dict[str, float]:
    """The same segments by our raster and by the peer's, in one process."""
    streets, scene = make_city()
    painter = Painter(streets, scene)
    window = painter.fit(scene, SIZE[0], SIZE[1] - 1)
    ours, peer = [], []
    for number in range(frames):
        start = time.process_time()
        draw_lines(painter._segments, painter._inks, window)
        ours.append(time.process_time() - start)
        if number % 5 == 0:
            segments, inks = painter._segments.tolist(), painter._inks.tolist()
            start = time.process_time()
            bresenham(segments, inks, window)
            peer.append(time.process_time() - start)
    return {"raster_ms": middle(ours), "peer_raster_ms": middle(peer)}


def bresenham(segments, inks, window) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """The same raster, a dot at a time in plain Python (Bresenham 1965)."""
    masks, inked = {}, {}
    weights = ((1, 8), (2, 16), (4, 32), (64, 128))
    wide, high, dot = 2 * window.columns, 4 * window.rows, window.metres_per_dot
    for (ax, ay, bx, by), ink in zip(segments, inks, strict=True):
        x, y = int((ax - window.x) / dot + wide / 2), int(high / 2 - (ay - window.y) / dot)
        x1, y1 = int((bx - window.x) / dot + wide / 2), int(high / 2 - (by - window.y) / dot)
        if (x < 0 and x1 < 0) or (y < 0 and y1 < 0) or (x >= wide and x1 >= wide) or (y >= high and y1 >= high):
            continue
        dx, dy = abs(x1 - x), -abs(y1 - y)
        sx, sy, error = (1 if x < x1 else -1), (1 if y < y1 else -1), dx + dy
        while True:
            if 0 <= x < wide and 0 <= y < high:
                cell = (y >> 2, x >> 1)
                masks[cell] = masks.get(cell, 0) | weights[y & 3][x & 1]
                inked[cell] = ink
            if (x, y) == (x1, y1):
                break
            twice = 2 * error
            if twice >= dy:
                error += dy
                x += sx
            if twice <= dx:
                error += dx
                y += sy
    return masks, inked


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="few frames only")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--frames", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        Desk(asked.frames, asked.run).run()
        return
    frames = 20 if asked.short else 100
    figures = {**time_frames(2 * frames), **time_rasters(frames)}
    ratio = round(figures["peer_raster_ms"] / max(figures["raster_ms"], 0.01), 1)
    print(f"{SEGMENTS} street segments, {BINS} bins, {ROUTES} routes at {SIZE[0]} x {SIZE[1]}, every street drawn")
    print(f"  a frame (pan)            {figures['frame_ms']:7.2f} ms of processor")
    print(f"  20 bins change           {figures['tick_ms']:7.2f} ms")
    print(f"  raster alone             {figures['raster_ms']:7.2f} ms")
    print(f"  Bresenham in Python      {figures['peer_raster_ms']:7.2f} ms   ({ratio} times ours)")
    if asked.json:
        sizes = {"segments": SEGMENTS, "bins": BINS, "columns": SIZE[0], "rows": SIZE[1]}
        print(json.dumps({**sizes, **figures, "target_ms": TARGET_MS, "ratios": {"bresenham_over_ours": ratio}}))


if __name__ == "__main__":
    main()
