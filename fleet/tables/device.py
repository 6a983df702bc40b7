"""What a station is made of and says of itself: variables, monitors, events, messages on its screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


def place_mark(evse: int, connector: int) -> str:
    """An EVSE and connector as they stand behind a component's name; nothing for the station itself."""
    return f"#{evse}:{connector}" if connector else f"#{evse}" if evse else ""


class StationVariable(SQLModel, table=True):
    """A variable of a station's device model as last read (OCPP 2.0.1 part 1). A 1.6 key has no component."""

    __tablename__ = "station_variable"
    __table_args__ = (UniqueConstraint("station_id", "component", "evse", "connector", "variable", "attribute"),)

    variable_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    component: str = Field(default="", max_length=120)
    """Name, and "Name[instance]" where it has one."""
    evse: int = 0
    """0: of the station."""
    connector: int = 0
    """0: of the EVSE."""
    variable: str = Field(max_length=120)
    """Name, and "Name[instance]" where it has one."""
    attribute: str = "Actual"
    """"Actual", "Target", "MinSet", "MaxSet"."""
    value: str | None = None
    """None: it may be written but not read, or was never told."""
    mutability: str = "ReadWrite"
    """"ReadOnly", "WriteOnly", "ReadWrite"."""
    data_type: str = ""
    unit: str = ""
    min_limit: float | None = None
    max_limit: float | None = None
    values_list: str = ""
    """Comma separated, of the choices there are."""
    reboot_required: bool = False
    read_at: datetime

    @property
    def name(self) -> str:
        """As orders name it: `Component[instance]#EVSE:connector.Variable[instance]`; a 1.6 key by itself."""
        return f"{self.component}{place_mark(self.evse, self.connector)}.{self.variable}".removeprefix(".")


class Monitor(SQLModel, table=True):
    """A variable monitor set at a station (2.0.1 block N)."""

    __tablename__ = "variable_monitor"
    __table_args__ = (UniqueConstraint("station_id", "number"),)

    monitor_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    number: int
    """The id the station gave it."""
    component: str
    evse: int = 0
    variable: str
    kind: str
    """"UpperThreshold", "LowerThreshold", "Delta", "Periodic", "PeriodicClockAligned"."""
    value: float
    severity: int
    """0 danger to 9 debug."""
    on_transaction: bool = False
    """Only while a transaction runs."""
    read_at: datetime


class DeviceEvent(SQLModel, table=True):
    """What a station noticed about itself (NotifyEvent)."""

    __tablename__ = "device_event"
    __table_args__ = (UniqueConstraint("station_id", "number", "at"),)

    device_event_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    number: int
    """The station's eventId."""
    at: datetime
    component: str
    evse: int = 0
    variable: str
    trigger: str
    """"Alerting", "Delta", "Periodic"."""
    value: str
    severity: int | None = None
    cleared: bool = False
    cause: int | None = None
    tech_code: str = ""
    tech_info: str = ""
    transaction_ref: str = ""


class DisplayMessage(SQLModel, table=True):
    """A message on a station's screen (2.0.1 block O)."""

    __tablename__ = "display_message"
    __table_args__ = (UniqueConstraint("station_id", "number"),)

    display_message_id: int | None = Field(default=None, primary_key=True)
    station_id: str = Field(foreign_key="station.station_id", ondelete="CASCADE")
    number: int
    """The message id at the station."""
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """MessageInfoType in 2.0.1 words."""
    state: str
    """"sent", "accepted", "rejected", "cleared"."""
    sent_at: datetime


class WireBlock(SQLModel, table=True):
    """Frames exchanged with stations within a moment, one row for all of them, so that keeping them costs little."""

    __tablename__ = "wire_block"

    wire_block_id: int | None = Field(default=None, primary_key=True)
    since: datetime = Field(index=True)
    until: datetime
    stations: str
    """The stations in it, as "|a|b|c|"."""
    frames: int
    body: bytes
    """Packed by fleet.frames: station, instant, direction, frame."""
