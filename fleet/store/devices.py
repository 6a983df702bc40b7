"""What stations are made of and say of themselves: variables, monitors, events, messages on their screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import DeviceEvent, DisplayMessage, Monitor, StationVariable

if TYPE_CHECKING:
    from fleet.store.work import Work

GRAVE = 3
"""Severities up to this (danger, hardware failure, system failure, critical) are alarms (2.0.1 Part 2, N07)."""


class Devices:
    """Device models in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def keep_variables(self, station_id: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Variables as read; `rows` by column, without the station. Gives how many there were."""
        count = 0
        for row in rows:
            key = {name: row.get(name, 0) for name in ("evse", "connector")}
            key |= {name: row[name] for name in ("component", "variable", "attribute")}
            values = {name: value for name, value in row.items() if name not in key}
            fresh = {**_BLANK, **values, "read_at": self._work.now}
            told = {*values, "read_at"}
            self._work.upsert(StationVariable, {"station_id": station_id, **key}, fresh, only=told)
            count += 1
        return count

    def variables(self, station_id: str, like: str = "") -> list[StationVariable]:
        """Variables of a station, by component and name; with `like`, those whose name or component has it."""
        query = select(StationVariable).where(StationVariable.station_id == station_id)
        if like:
            has = f"%{like}%"
            query = query.where(col(StationVariable.variable).ilike(has) | col(StationVariable.component).ilike(has))
        order = (StationVariable.component, StationVariable.evse, StationVariable.variable, StationVariable.attribute)
        return list(self._work.session.exec(query.order_by(*(col(one) for one in order))))

    def note_event(self, station_id: str, values: Mapping[str, Any]) -> bool:
        """A station noticed something of itself; `values` by column. True when it was not told before."""
        if not self._work.insert_new(DeviceEvent, {"station_id": station_id, **values}):
            return False
        names = ("number", "component", "variable", "trigger", "value", "severity", "cleared")
        told: dict[str, Any] = {name: values.get(name) for name in names}
        self._work.events.append(Kind.STATION_EVENT, station_id, **told)
        subject = f"{station_id}/{values['component']}.{values['variable']}"
        if values.get("cleared"):
            self._work.alarms.clear("station.device", subject)
        elif values.get("severity") is not None and values["severity"] <= GRAVE:
            text = f"{subject} is {values['value']}"[:200]
            self._work.alarms.sound("station.device", subject, "warning", text)
        return True

    def events(self, station_id: str, count: int = 200) -> list[DeviceEvent]:
        """The last `count` events of a station, newest first."""
        query = select(DeviceEvent).where(DeviceEvent.station_id == station_id)
        return list(self._work.session.exec(query.order_by(col(DeviceEvent.at).desc()).limit(count)))

    def monitor(self, station_id: str, number: int) -> Monitor | None:
        """One monitor, by the number the station gave it."""
        query = select(Monitor).where(Monitor.station_id == station_id, Monitor.number == number)
        return self._work.session.exec(query).first()

    def monitors(self, station_id: str) -> list[Monitor]:
        """Monitors of a station, by number."""
        query = select(Monitor).where(Monitor.station_id == station_id).order_by(col(Monitor.number))
        return list(self._work.session.exec(query))

    def keep_monitor(self, station_id: str, number: int, values: Mapping[str, Any]) -> None:
        """A monitor is set at a station; `values` by column."""
        key = {"station_id": station_id, "number": number}
        self._work.upsert(Monitor, key, {**values, "read_at": self._work.now})

    def forget_monitors(self, station_id: str, numbers: Iterable[int] | None = None) -> None:
        """Monitors are gone: these, or all of the station."""
        gone = None if numbers is None else set(numbers)
        for row in self.monitors(station_id):
            if gone is None or row.number in gone:
                self._work.session.delete(row)
        self._work.session.flush()

    def messages(self, station_id: str) -> list[DisplayMessage]:
        """Messages on a station's screen, by number."""
        query = select(DisplayMessage).where(DisplayMessage.station_id == station_id)
        return list(self._work.session.exec(query.order_by(col(DisplayMessage.number))))

    def keep_message(self, station_id: str, number: int, state: str, body: Mapping[str, Any] | None = None) -> None:
        """A message was sent, accepted, rejected or cleared; `body` in 2.0.1 words."""
        key = {"station_id": station_id, "number": number}
        values: dict[str, object] = {"state": state, "sent_at": self._work.now, "body": dict(body or {})}
        self._work.upsert(DisplayMessage, key, values, only=None if body is not None else ("state",))


_BLANK: dict[str, Any] = {
    "value": None,
    "mutability": "ReadWrite",
    "data_type": "",
    "unit": "",
    "min_limit": None,
    "max_limit": None,
    "values_list": "",
    "reboot_required": False,
}
