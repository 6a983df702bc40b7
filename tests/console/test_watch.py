"""Which events sound an alarm, and which end one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from console.watch import Clear, Sound, judge
from fleet.events import Event, Kind

AT = datetime(2026, 3, 10, 19, tzinfo=UTC)


def verdicts(kind: Kind, subject: str, **data: Any) -> list[Sound | Clear]:
    return list(judge(Event(kind, subject, AT, data), {"B1": 1.0, "LOW": 0.8}))


def reading(bin_id: str, fill: float | None) -> list[Sound | Clear]:
    return verdicts(Kind.BIN_READ, bin_id, fill=fill, quality="ok", battery=None)


def test_nearly_full_bin_is_overdue():
    """From 95 % of its overflow fill a bin is overdue; in between nothing is said."""
    assert [type(one) for one in reading("B1", 0.96)] == [Sound]
    assert reading("B1", 0.9) == []
    assert [type(one) for one in reading("LOW", 0.77)] == [Sound]


def test_implausible_reading_says_nothing():
    """A reading without a fill neither sounds nor clears."""
    assert reading("B1", None) == []


def test_emptying_and_low_reading_clear():
    """An emptying ends the alarm, and so does a low level without one."""
    assert verdicts(Kind.BIN_EMPTIED, "B1") == [Clear("bin.overdue", "B1")]
    assert reading("B1", 0.2) == [Clear("bin.overdue", "B1")]


def test_shortfall_sounds_and_ends_with_the_schedule():
    """A schedule sounds for every truck it leaves short and clears the others."""
    powers = [
        {"truck": "T1", "station": "S", "evse": 1, "kw": []},
        {"truck": "T2", "station": "S", "evse": 2, "kw": []},
    ]
    short = [{"truck": "T1", "kwh": 12.4, "ready_by": "", "reason": "the site limit binds"}]
    found = verdicts(Kind.SCHEDULE_MADE, "depot", powers=powers, shortfalls=short)
    assert Clear("charge.short", "T2") in found
    assert Sound("charge.short", "T1", "critical", "T1 will be 12 kWh short: the site limit binds") in found


def test_missed_need_is_critical_and_a_met_one_clears():
    """A truck that left short is an alarm until it leaves ready."""
    missed = verdicts(Kind.NEED_CLOSED, "T1", truck="T1", state="missed", delivered_kwh=1, kwh=2, soc=0.5)
    assert Sound("truck.unready", "T1", "critical", "T1 left short of its charge") in missed
    met = verdicts(Kind.NEED_CLOSED, "T1", truck="T1", state="met", delivered_kwh=2, kwh=2, soc=0.9)
    assert Clear("truck.unready", "T1") in met


def test_failed_plan_sounds_until_one_is_made():
    """The alarm of a failed plan ends with the next plan of that day."""
    failed = verdicts(Kind.PLANNING_FAILED, "2026-03-11", day="2026-03-11", why="no trucks")
    made = verdicts(Kind.PLAN_MADE, "7", day="2026-03-11", unserved=0)
    assert [(one.kind, one.subject) for one in failed] == [("plan.failed", "2026-03-11")]
    assert Clear("plan.failed", "2026-03-11") in made
