"""A year under one policy or both, told as a table."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.twin.year.play import Policy, play_year

if TYPE_CHECKING:
    from fleet.twin.streets import Size

ROWS = (
    ("km", "{km:,.0f}", "kilometres"),
    ("hours", "{hours:,.0f}", "hours on duty"),
    ("kwh", "{kwh:,.0f}", "kWh"),
    ("tonnes", "{tonnes:,.0f}", "tonnes"),
    ("emptyings", "{emptyings:,}", "bins emptied"),
    ("mean_fill", "{mean_fill:.1%}", "mean fill at emptying"),
    ("overflow_hours", "{overflow_hours:,.0f}", "hours of overflow"),
    ("service", "{service:.3%}", "bin-days without overflow"),
    ("skipped", "{skipped:,}", "bins a truck had no room for"),
    ("missed", "{missed:,}", "due bins no route could take"),
)
SAVED = ("km", "hours", "kwh", "emptyings")


def compare_policies(
    policy: str, *, seed: int, size: Size, days: int, seconds: float, mandatory_p: float
) -> dict[str, Any]:
    """Play `policy` ("sensors", "fixed" or "both") and give its figures, and what sensors save when both are played."""
    chosen: tuple[Policy, ...] = ("fixed",) if policy == "fixed" else ("sensors",)
    if policy == "both":
        chosen = ("sensors", "fixed")
    played: dict[str, Any] = {}
    for each in chosen:
        with tempfile.TemporaryDirectory(prefix="binwatt-year-") as folder:
            played[each] = asdict(
                play_year(
                    Path(folder),
                    policy=each,
                    seed=seed,
                    size=size,
                    days=days,
                    seconds=seconds,
                    mandatory_p=mandatory_p,
                    told=_Progress(each, days),
                )
            )
    saved = {}
    if len(chosen) == 2:
        saved = {name: round(1 - played["sensors"][name] / (played["fixed"][name] or 1), 4) for name in SAVED}
    asked = {"seed": seed, "size": size, "days": days, "seconds": seconds, "mandatory_p": mandatory_p}
    return asked | {"policies": played, "saved": saved}


def describe(figures: dict[str, Any]) -> str:
    """The table for a person."""
    played, saved = figures["policies"], figures["saved"]
    bins = next(iter(played.values()))["bins"]
    lines = [
        f"{figures['days']} days, {bins} bins (seed {figures['seed']}), {figures['seconds']:g} s of search a night",
        "  " + " " * 30 + "".join(f"{name:>12}" for name in played) + (f"{'saved':>10}" if saved else ""),
    ]
    for name, shape, words in ROWS:
        cells = "".join(f"{shape.format(**one):>12}" for one in played.values())
        share = f"{saved[name]:>10.1%}" if name in saved else ""
        lines.append(f"  {words:<30}{cells}{share}")
    return "\n".join(lines)


class _Progress:
    """A line on a terminal that says how far the year is."""

    def __init__(self, policy: Policy, days: int) -> None:
        self._policy, self._days = policy, days
        self._shown = sys.stderr.isatty()

    def __call__(self, day: int) -> None:
        if self._shown:
            end = "\n" if day == self._days else ""
            sys.stderr.write(f"\r{self._policy}: day {day} of {self._days}{end}")
            sys.stderr.flush()
