"""What stations are made of and say of themselves: variables, monitors, events, messages on their screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import DeviceEvent, DisplayMessage, Monitor, StationVariable

if TYPE_CHECKING:
    from fleet.store.work import Work

GRAVE = 3
"""Severities up to this (danger, hardware failure, system failure, critical) are alarms (2.0.1 Part 2, N07)."""


VEHICLE = "ConnectedEV"
"""The component a vehicle's needs are kept under, as the device model of 2.0.1 has it."""


@dataclass(frozen=True, slots=True)
class VehicleNeeds:
    """What a plugged vehicle told of itself (NotifyEVChargingNeeds); None: it did not say.

    wanted_wh: energy it wants; most_a is per phase for AC; soc_percent and capacity_wh of its battery.
    """

    transfer: str = ""
    wanted_wh: int | None = None
    soc_percent: int | None = None
    capacity_wh: int | None = None
    most_a: int | None = None
    most_w: int | None = None
    departs_at: datetime | None = None
    told_at: datetime | None = None


_NEEDS = {
    "transfer": ("EnergyTransfer", ""),
    "wanted_wh": ("EnergyImport", "Wh"),
    "soc_percent": ("StateOfCharge", "Percent"),
    "capacity_wh": ("EnergyCapacity", "Wh"),
    "most_a": ("CurrentMax", "A"),
    "most_w": ("PowerMax", "W"),
    "departs_at": ("DepartureTime", ""),
}


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

    def keep_vehicle_needs(self, station_id: str, evse: int, needs: VehicleNeeds) -> None:
        """A vehicle at an EVSE has told its needs; those told before are forgotten."""
        told = {name: getattr(needs, name) for name in _NEEDS}
        rows = [
            {
                "component": VEHICLE,
                "evse": evse,
                "variable": variable,
                "attribute": "Actual",
                "unit": unit,
                "mutability": "ReadOnly",
                "value": None if told[name] is None else _as_value(told[name]),
            }
            for name, (variable, unit) in _NEEDS.items()
        ]
        self.keep_variables(station_id, rows)

    def vehicle_needs(self, station_id: str, evse: int, since: datetime | None = None) -> VehicleNeeds | None:
        """What the vehicle at an EVSE told last; None for nothing, or nothing `since` (the start of its charge)."""
        query = select(StationVariable).where(
            StationVariable.station_id == station_id,
            StationVariable.component == VEHICLE,
            StationVariable.evse == evse,
        )
        rows = {row.variable: row for row in self._work.session.exec(query)}
        newest = max((row.read_at for row in rows.values()), default=None)
        if newest is None or (since is not None and newest < since):
            return None
        said = {name: rows[variable].value if variable in rows else None for name, (variable, _) in _NEEDS.items()}
        departs = said.pop("departs_at")
        transfer = said.pop("transfer") or ""
        return VehicleNeeds(
            transfer=transfer,
            departs_at=None if departs is None else datetime.fromisoformat(departs),
            told_at=newest,
            **{name: None if value is None else int(value) for name, value in said.items()},
        )

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


def _as_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


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
