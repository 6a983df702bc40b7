"""What a live table of 5,000 rows costs: 200 rows change a second, drawn four times a second, in a real terminal.

    python tests/bench/grid.py [--short] [--json]

Each table runs alone in a pseudo-terminal of 140 x 45; its processor time is read from the operating system. Textual's
DataTable is the peer, fed the same rows by the same timer in the same run.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import random
import select
import struct
import sys
import termios
import time
from dataclasses import dataclass, replace
from pathlib import Path

from textual.app import App
from textual.widgets import DataTable

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from console.widgets.columns import Cell, Column
from console.widgets.grid import Grid

ROWS, RATE, HERTZ = 5000, 200, 4
COLUMNS, LINES = 140, 45
TARGET_PERCENT = 3.0


@dataclass(frozen=True, slots=True)
class Row:
    """A bin as the fleet table shows it."""

    bin_id: str
    district: str
    fill: float
    hours: float
    battery: float
    age: int


def make_rows(seed: int = 1) -> dict[str, Row]:
    """The table's rows at the start."""
    draw = random.Random(seed)
    rows = [
        Row(f"BIN-{i:05d}", f"District {i % 17:02d}", draw.random(), draw.random() * 40, draw.random(), i % 60)
        for i in range(ROWS)
    ]
    return {row.bin_id: row for row in rows}


class Changes:
    """The rows that change at each tick, the same for both tables."""

    def __init__(self, rows: dict[str, Row]) -> None:
        self.rows = rows
        self.keys = list(rows)
        self.draw = random.Random(2)

    def next(self) -> list[Row]:
        """The rows of one tick, already in `rows`."""
        changed = []
        rows = dict(self.rows)
        for _ in range(RATE // HERTZ):
            key = self.keys[self.draw.randrange(ROWS)]
            rows[key] = replace(rows[key], fill=self.draw.random(), age=0)
            changed.append(rows[key])
        self.rows = rows
        return changed


def run_ours() -> None:
    """Our grid, until the terminal goes away."""
    columns: list[Column[Row]] = [
        Column("Bin", 11, lambda r: Cell(r.bin_id), lambda r: r.bin_id),
        Column("District", 14, lambda r: Cell(r.district, "dim"), lambda r: r.district, drop=2, grow=True),
        Column(
            "Fill",
            18,
            lambda r: Cell(f"{r.fill:.0%}", "bad" if r.fill > 0.8 else "good", r.fill),
            lambda r: r.fill,
            kind="bar",
        ),
        Column("Full in", 8, lambda r: Cell(f"{r.hours:.1f} h"), lambda r: r.hours, kind="number"),
        Column("Battery", 8, lambda r: Cell(f"{r.battery:.0%}", "dim"), lambda r: r.battery, kind="number", drop=3),
        Column("Age", 6, lambda r: Cell(f"{r.age} s", "dim"), lambda r: r.age, kind="number", drop=1),
    ]
    changes = Changes(make_rows())

    class Desk(App[None]):
        def compose(self):
            yield Grid(columns, lambda r: r.bin_id, sort=2, descending=True)

        def on_mount(self) -> None:
            self.query_one(Grid).fill(changes.rows)
            self.query_one(Grid).focus()
            self.set_interval(1 / HERTZ, self.tick)

        def tick(self) -> None:
            changes.next()
            self.query_one(Grid).fill(changes.rows)

    Desk().run()


def run_peer() -> None:
    """Textual's DataTable with fixed widths, cells written as rows change."""
    changes = Changes(make_rows())

    def cells(row: Row) -> list[str]:
        return [row.bin_id, row.district, f"{row.fill:.0%}", f"{row.hours:.1f} h", f"{row.battery:.0%}", f"{row.age} s"]

    class Desk(App[None]):
        def compose(self):
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            self.columns = [
                table.add_column(name, width=14) for name in ("Bin", "District", "Fill", "Full in", "Bat", "Age")
            ]
            for row in changes.rows.values():
                table.add_row(*cells(row), key=row.bin_id)
            self.set_interval(1 / HERTZ, self.tick)

        def tick(self) -> None:
            table = self.query_one(DataTable)
            for row in changes.next():
                for column in (2, 5):
                    table.update_cell(row.bin_id, self.columns[column], cells(row)[column])

    Desk().run()


def seconds_used(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def watch(terminal: int, seconds: float) -> int:
    """Read what the program draws for a while; bytes read."""
    until, size = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            size += len(os.read(terminal, 65536))
    return size


def measure(kind: str, settle: float, seconds: float) -> dict[str, float]:
    """Run one table in a pseudo-terminal and read what it used."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
        os.execv(sys.executable, [sys.executable, __file__, "--run", kind])
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        watch(terminal, settle)
        before, start = seconds_used(pid), time.monotonic()
        size = watch(terminal, seconds)
        used, wall = seconds_used(pid) - before, time.monotonic() - start
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)
    return {"cpu_percent": round(100 * used / wall, 2), "kib_per_second": round(size / wall / 1024, 1)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="a few seconds only")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--run", choices=["ours", "peer"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        return run_ours() if asked.run == "ours" else run_peer()
    settle, seconds = (3.0, 4.0) if asked.short else (6.0, 20.0)
    ours, peer = measure("ours", settle, seconds), measure("peer", settle + 3, seconds)
    result = {
        "rows": ROWS,
        "updates_per_second": RATE,
        "seconds": seconds,
        "cpu_percent": ours["cpu_percent"],
        "target_percent": TARGET_PERCENT,
        "ours": ours,
        "peer_datatable": peer,
        "ratios": {"datatable_over_ours": round(peer["cpu_percent"] / max(ours["cpu_percent"], 0.01), 1)},
    }
    print(f"{ROWS} rows, {RATE} changed a second, drawn {HERTZ} times a second, {COLUMNS} x {LINES}, {seconds:.0f} s")
    print(f"  binwatt grid       {ours['cpu_percent']:6.2f} % of a core   {ours['kib_per_second']:7.1f} KiB/s")
    print(f"  textual DataTable  {peer['cpu_percent']:6.2f} % of a core   {peer['kib_per_second']:7.1f} KiB/s")
    if asked.json:
        print(json.dumps(result))
    return None


if __name__ == "__main__":
    main()
