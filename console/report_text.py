"""The report of a plan as text for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

HEAD = (
    "Plan {number} for {day} ({state})",
    "  {routes} routes, {km} km, {hours} h, {tonnes} t, {kwh} kWh, cost {cost} {currency}, {co2_kg} kg CO2",
    "  {served} of {bins} bins served; {due} were due, {unserved} of them are left; {waiting} can wait",
    "  {expected_overflows} overflows are expected before the next round",
    "  checked: {violations} violations; found by {engine} in {solve_seconds} s on {roads}",
)
TRUCK = (
    "  {truck:<14} {departs}-{returns}  {bins:>4} bins {tips:>2} tips {km:>7.1f} km {hours:>5.1f} h {tonnes:>6.1f} t"
)
SHOWN = 12


def describe(figures: Mapping[str, Any]) -> str:
    """The report for a person."""
    state = "published" if figures["published"] else figures["state"]
    number = "?" if figures["plan_id"] is None else figures["plan_id"]
    words = {**figures, "state": state, "number": number, "waiting": figures["left"] - figures["unserved"]}
    lines = [line.format(**words) for line in HEAD]
    if figures["trucks"]:
        lines += ["", *(_truck(row, figures["currency"]) for row in figures["trucks"])]
    lines += _reasons("served", figures["served_by_reason"]) + _reasons("left", figures["left_by_reason"])
    lines += _missed(figures["unserved_bins"])
    if figures["outside"]:
        lines.append(f"  no street near: {', '.join(figures['outside'][:SHOWN])}")
    lines += [f"  planned without: {note}" for note in figures["without"]]
    lines += [f"  street rule kept: {rule}" for rule in figures["street_rules"]]
    if figures["energy"].get("dropped"):
        lines.append(f"  left for want of energy: {', '.join(figures['energy']['dropped'][:SHOWN])}")
    lines += [f"  short of energy: {one['reason']}" for one in figures["shortfalls"]]
    lines += _ahead(figures["horizon"])
    if figures["last_week"] is not None:
        lines += ["", f"against {figures['last_week']['day']}, plan {figures['last_week']['plan_id']}:"]
        lines += changes(figures["last_week"]["change"])
    return "\n".join(lines)


def changes(change: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A line for each figure that differs."""
    differing = [(name, one) for name, one in change.items() if one["change"]]
    lines = [f"  {name.replace('_', ' '):<20} {one['change']:+g} (was {one['was']:g})" for name, one in differing]
    return lines or ["  nothing differs"]


def describe_what_if(found: Mapping[str, Any]) -> str:
    """A supposed plan beside the plan in force."""
    from console.report import compare

    lines = ["What if (nothing is kept):", describe(found["what_if"])]
    if found["in_force"] is None:
        return "\n".join([*lines, "", "There is no plan of that day to compare with."])
    before = found["in_force"]
    lines += ["", f"against plan {before['plan_id']} ({before['state']}):"]
    return "\n".join([*lines, *changes(compare(found["what_if"], before))])


def _truck(row: Mapping[str, Any], currency: str) -> str:
    times = {name: f"{datetime.fromisoformat(row[name]):%H:%M}" for name in ("departs", "returns")}
    line = TRUCK.format(**{**row, **times})
    energy = f" {row['kwh']:>6.1f} kWh" if row["electric"] else " " * 11
    late = f"  {row['overtime_minutes']:.0f} min over" if row["overtime_minutes"] else ""
    return f"{line}{energy} {row['cost']:>8.0f} {currency}{late}"


def _missed(bins: list[dict[str, str]]) -> list[str]:
    """The due bins that are left: each with its figures where they are few, else by reason."""
    if len(bins) <= SHOWN:
        return [f"  left: {one['bin']}: {one['reason']}" for one in bins]
    named: dict[str, list[str]] = {}
    for one in bins:
        named.setdefault(one["reason"].partition(":")[0], []).append(one["bin"])
    return [
        f"  left: {len(names)} due bins, {reason}: {', '.join(names[:SHOWN])}{' …' if len(names) > SHOWN else ''}"
        for reason, names in named.items()
    ]


def _reasons(what: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    return [f"  {what}: " + ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in counts.items())]


def _ahead(nights: list[dict[str, Any]]) -> list[str]:
    if not nights:
        return []
    lines = ["", "the nights ahead (tonight in full, the others as drafts):"]
    lines += [
        f"  {one['day']}  {one['bins']:>5} bins of {one['room']} it has room for, {one['kg'] / 1000:.1f} t, "
        f"{one['expected_overflows']} overflows expected, a place is worth {one['price']}"
        for one in nights
    ]
    return lines
