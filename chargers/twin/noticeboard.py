"""What a 2.x station shows, watches and keeps beside charging: display messages, monitors, tariffs, networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Literal

from chargers.twin.notices import Asked, Notice
from chargers.twin.outbox import Payload
from chargers.twin.variables import Variable, place_of
from chargers.twin.wording import time_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargers.twin.spec import StationSpec

MonitorKind = Literal["UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"]
LEAST_SEVERE = 9
PRIORITIES = frozenset({"AlwaysFront", "InFront", "NormalCycle"})


@dataclass(frozen=True, slots=True)
class Monitor:
    """A watch on one variable (2.0.1 N04). reference: the value a Delta counts from; due: of a periodic one."""

    number: int
    variable: Variable
    kind: MonitorKind
    value: float
    severity: int
    on_transaction: bool = False
    crossed: bool = False
    reference: float = 0.0
    due: datetime | None = None


class Noticeboard:
    """State of one station beside its outlets."""

    def __init__(self, spec: StationSpec, now: Callable[[], datetime], say: Callable[[Notice], None]) -> None:
        self._spec = spec
        self._now = now
        self._say = say
        self._numbers = count(1)
        self._events = count(1)
        self.messages: dict[int, Payload] = {}
        self.monitors: dict[int, Monitor] = {}
        self.level = LEAST_SEVERE
        self.tariffs: dict[int, Payload] = {}
        """The default tariff of each EVSE (2.1 I07); 0 is all."""
        self.networks: dict[int, Payload] = {}

    def show(self, message: Payload) -> str:
        """SetDisplayMessage: the same id replaces, and so does another that is always in front (2.0.1 O01, O06)."""
        if message["priority"] not in PRIORITIES:
            return "NotSupportedPriority"
        if message["message"]["format"] != "UTF8" and message["message"]["format"] != "ASCII":
            return "NotSupportedMessageFormat"
        if message["priority"] == "AlwaysFront":
            self.messages = {
                number: other for number, other in self.messages.items() if other["priority"] != "AlwaysFront"
            }
        self.messages[message["id"]] = message
        return "Accepted"

    def watch(self, asked: Payload, variable: Variable) -> tuple[str, int | None]:
        """SetVariableMonitoring of one: what became of it, and its number."""
        kind: MonitorKind = asked["type"]
        numeric = variable.data_type in {"integer", "decimal"}
        if not numeric and kind in {"UpperThreshold", "LowerThreshold"}:
            return "UnsupportedMonitorType", None
        twin = any(
            other.variable is variable
            and (other.kind, other.severity) == (kind, asked["severity"])
            and other.number != asked.get("id")
            for other in self.monitors.values()
        )
        if twin:
            return "Duplicate", None
        number: int = asked["id"] if "id" in asked else next(self._numbers)
        if "id" in asked and number not in self.monitors:
            return "Rejected", None
        periodic = kind.startswith("Periodic") and asked["value"] > 0
        self.monitors[number] = Monitor(
            number,
            variable,
            kind,
            float(asked["value"]),
            asked["severity"],
            bool(asked.get("transaction", False)),
            reference=_number(variable.value),
            due=self._now() + timedelta(seconds=float(asked["value"])) if periodic else None,
        )
        self.look(variable)
        return "Accepted", number

    def look(self, variable: Variable) -> None:
        """A variable changed: monitors it set off tell so (2.0.1 N07)."""
        for monitor in [one for one in self.monitors.values() if one.variable is variable]:
            now = _number(variable.value)
            match monitor.kind:
                case "UpperThreshold":
                    crossed = now > monitor.value
                case "LowerThreshold":
                    crossed = now < monitor.value
                case "Delta":
                    crossed = abs(now - monitor.reference) >= monitor.value
                case _:
                    continue
            if crossed != monitor.crossed or (crossed and monitor.kind == "Delta"):
                self._tell(monitor, "Delta" if monitor.kind == "Delta" else "Alerting", cleared=not crossed)
            delta = crossed and monitor.kind == "Delta"
            self.monitors[monitor.number] = replace(
                monitor, crossed=crossed and not delta, reference=now if delta else monitor.reference
            )

    def advance(self, now: datetime) -> None:
        """Periodic monitors whose time has come tell the value."""
        for monitor in list(self.monitors.values()):
            if monitor.due is not None and monitor.due <= now:
                self._tell(monitor, "Periodic", cleared=None)
                self.monitors[monitor.number] = replace(monitor, due=now + timedelta(seconds=monitor.value))

    def next_due(self) -> datetime | None:
        return min((one.due for one in self.monitors.values() if one.due is not None), default=None)

    def _tell(self, monitor: Monitor, trigger: str, *, cleared: bool | None) -> None:
        if monitor.severity > self.level:
            return
        at = time_text(self._spec, self._now())
        event = {
            "eventId": next(self._events),
            "timestamp": at,
            "trigger": trigger,
            "actualValue": monitor.variable.value,
            "eventNotificationType": "CustomMonitor",
            "variableMonitoringId": monitor.number,
            **place_of(monitor.variable),
        }
        if cleared:
            event["cleared"] = True
        self._say(Asked("NotifyEvent", {"generatedAt": at, "seqNo": 0, "tbc": False, "eventData": [event]}))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
