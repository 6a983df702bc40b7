"""Which events deserve an alarm, and which end one. Pure: an event in, alarms to sound and to clear out."""

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
    data = event.data
    match event.kind:
        case Kind.BIN_READ if data["fill"] is not None:
            full = overflow_fill.get(event.subject, 1.0)
            if data["fill"] >= NEARLY * full:
                yield Sound("bin.overdue", event.subject, "warning", f"{event.subject} is {data['fill']:.0%} full")
            elif data["fill"] < EMPTIED * full:
                yield Clear("bin.overdue", event.subject)
        case Kind.BIN_EMPTIED:
            yield Clear("bin.overdue", event.subject)
        case Kind.CONNECTOR_CHANGED:
            subject = f"{event.subject}/{data['evse']}"
            if data["status"] == "Faulted":
                code = ", ".join(part for part in (data["error_code"], data["info"]) if part) or "no code given"
                yield Sound("evse.faulted", subject, "critical", f"{event.subject} EVSE {data['evse']} faulted: {code}")
            else:
                yield Clear("evse.faulted", subject)
        case Kind.STATION_DISCONNECTED:
            yield Sound(
                "station.offline", event.subject, "warning", f"{event.subject} is offline: {data.get('why', '')}"
            )
        case Kind.STATION_CONNECTED:
            yield Clear("station.offline", event.subject)
        case Kind.STATION_PARKED:
            yield Sound(
                "station.parked", event.subject, "warning", f"unknown station {event.subject} asks to be admitted"
            )
        case Kind.STATION_ADMITTED:
            yield Clear("station.parked", event.subject)
        case Kind.SCHEDULE_MADE:
            yield from _judge_schedule(event)
        case Kind.NEED_CLOSED:
            yield Clear("charge.short", event.subject)
            if data["state"] == "missed":
                yield Sound("truck.unready", event.subject, "critical", f"{event.subject} left short of its charge")
            else:
                yield Clear("truck.unready", event.subject)
        case Kind.PLANNING_FAILED:
            yield Sound("plan.failed", event.subject, "critical", f"the plan of {event.subject} failed: {data['why']}")
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
