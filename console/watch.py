"""Which events deserve an alarm, and which end one. Pure: an event in, alarms to sound and to clear out.

Stations are not here: the central system sounds their alarms in the commit that tells of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleet.events import Event, Kind

NEARLY = 0.95
"""Share of its overflow fill from which a bin counts as overdue."""
EMPTIED = 0.5
"""Below this share of it the alarm ends, even if no truck reported the emptying."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An alarm to raise, unless it stands."""

    kind: str
    subject: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Clear:
    """An alarm that is over, if it stands."""

    kind: str
    subject: str


def judge(event: Event, overflow_fill: Mapping[str, float]) -> Iterator[Sound | Clear]:
    """Alarms that follow from one event. `overflow_fill` by bin."""
    if event.kind in (Kind.BIN_READ, Kind.BIN_EMPTIED):
        yield from _judge_bin(event, overflow_fill)
    elif event.kind is Kind.SCHEDULE_MADE:
        yield from _judge_schedule(event)
    else:
        yield from _judge_night(event)


def _judge_bin(event: Event, overflow_fill: Mapping[str, float]) -> Iterator[Sound | Clear]:
    fill = 0.0 if event.kind is Kind.BIN_EMPTIED else event.data["fill"]
    full = overflow_fill.get(event.subject, 1.0)
    if fill is None:
        return
    if fill >= NEARLY * full:
        yield Sound("bin.overdue", event.subject, "warning", f"{event.subject} is {fill:.0%} full")
    elif fill < EMPTIED * full:
        yield Clear("bin.overdue", event.subject)


def _judge_night(event: Event) -> Iterator[Sound | Clear]:
    data = event.data
    match event.kind:
        case Kind.NEED_CLOSED:
            yield Clear("charge.short", event.subject)
            if data["state"] == "missed":
                yield Sound("truck.unready", event.subject, "critical", f"{event.subject} left short of its charge")
            else:
                yield Clear("truck.unready", event.subject)
        case Kind.PLANNING_FAILED:
            yield Sound("plan.failed", data["day"], "critical", f"the plan of {data['day']} failed: {data['why']}")
        case Kind.PLAN_MADE:
            yield Clear("plan.failed", data["day"])
            if data["unserved"]:
                text = f"plan {event.subject} leaves {data['unserved']} due bins"
                yield Sound("plan.unserved", data["day"], "warning", text)
            else:
                yield Clear("plan.unserved", data["day"])


def _judge_schedule(event: Event) -> Iterator[Sound | Clear]:
    short = {item["truck"]: item for item in event.data["shortfalls"]}
    for power in event.data["powers"]:
        if power["truck"] not in short:
            yield Clear("charge.short", power["truck"])
    for truck, item in short.items():
        text = f"{truck} will be {item['kwh']:.0f} kWh short: {item['reason']}"
        yield Sound("charge.short", truck, "critical", text)
