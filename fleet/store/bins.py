"""Bins, sensors, readings and emptyings."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import Bin, Emptying, Reading, Sensor, Uplink

if TYPE_CHECKING:
    from fleet.store.work import Work


class Bins:
    """Bins in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> list[Bin]:
        """Every active bin, by name."""
        query = select(Bin).where(col(Bin.active).is_(True)).order_by(col(Bin.bin_id))
        return list(self._work.session.exec(query))

    def get(self, bin_id: str) -> Bin | None:
        """One bin."""
        return self._work.session.get(Bin, bin_id)

    def sensors(self) -> list[Sensor]:
        """Every sensor."""
        return list(self._work.session.exec(select(Sensor).order_by(col(Sensor.device_id))))

    def sensor_of(self, device_ids: Iterable[str], dev_eui: str | None = None) -> Sensor | None:
        """The sensor known by the first of `device_ids` that is known, or the one with this EUI."""
        for device_id in device_ids:
            found = self._work.session.get(Sensor, device_id)
            if found is not None:
                return found
        if dev_eui:
            return self._work.session.exec(select(Sensor).where(Sensor.dev_eui == dev_eui.upper())).first()
        return None

    def latest(self) -> dict[str, Reading]:
        """The newest reading with a fill of every bin that has one: a step back in the index for each bin."""
        newest = (
            select(Reading.reading_id)
            .where(Reading.bin_id == Bin.bin_id, col(Reading.fill).is_not(None))
            .order_by(col(Reading.measured_at).desc(), col(Reading.reading_id).desc())
            .limit(1)
            .correlate(Bin)
            .scalar_subquery()
        )
        query = select(Reading).select_from(Bin).join(Reading, col(Reading.reading_id) == newest)
        return {row.bin_id: row for row in self._work.session.exec(query)}

    def fills_since(self, since: datetime) -> list[tuple[str, datetime, float]]:
        """(bin, measured at, fill) since `since`, by bin and time; readings without a fill are left out."""
        query = (
            select(Reading.bin_id, Reading.measured_at, Reading.fill)
            .where(Reading.measured_at >= since, col(Reading.fill).is_not(None))
            .order_by(col(Reading.bin_id), col(Reading.measured_at))
        )
        return [(bin_id, at, fill) for bin_id, at, fill in self._work.session.exec(query) if fill is not None]

    def readings_of(self, bin_id: str, since: datetime) -> list[Reading]:
        """One bin's readings since `since`, by time."""
        query = (
            select(Reading)
            .where(Reading.bin_id == bin_id, Reading.measured_at >= since)
            .order_by(col(Reading.measured_at))
        )
        return list(self._work.session.exec(query))

    def emptyings_since(self, since: datetime) -> list[Emptying]:
        """Emptyings since `since`, by bin and time."""
        query = (
            select(Emptying)
            .where(Emptying.emptied_at >= since)
            .order_by(col(Emptying.bin_id), col(Emptying.emptied_at))
        )
        return list(self._work.session.exec(query))

    def take_uplink(self, uplink: Uplink, reading: Reading | None) -> bool:
        """Keep a message and what it says; False when the same message was kept before, and then nothing changes."""
        if not self._work.insert_new(Uplink, uplink.model_dump(exclude={"uplink_id"})):
            return False
        if reading is not None:
            self.take_reading(reading)
        return True

    def take_reading(self, reading: Reading) -> bool:
        """Keep a reading; False when it was kept before. The tail tells the console of it."""
        new = self._work.insert_new(Reading, reading.model_dump(exclude={"reading_id"}))
        if new and reading.device_id is not None:
            self.see_sensor(reading.device_id, reading.measured_at, reading.battery)
        return new

    def see_sensor(self, device_id: str, at: datetime, battery: float | None) -> None:
        """A sensor was heard; what it said later than `at` stands."""
        sensor = self._work.session.get(Sensor, device_id)
        if sensor is not None and (sensor.last_seen_at is None or sensor.last_seen_at < at):
            sensor.last_seen_at = at
            sensor.battery = battery if battery is not None else sensor.battery
            self._work.session.add(sensor)
            self._work.session.flush()

    def take_emptying(self, emptying: Emptying) -> bool:
        """Keep an emptying; False when it was kept before."""
        if not self._work.insert_new(Emptying, emptying.model_dump(exclude={"emptying_id"})):
            return False
        self._work.reports.answer(emptying.bin_id, emptying.emptied_at)
        self._work.events.append(
            Kind.BIN_EMPTIED,
            emptying.bin_id,
            at=emptying.emptied_at,
            source=emptying.source,
            truck=emptying.truck_id,
            fill_before=emptying.fill_before,
        )
        return True

    def upsert(self, row: Bin, only: Collection[str] | None = None) -> bool:
        """Add a bin, or update it (`only` these columns); True when it is new."""
        values = row.model_dump(exclude={"bin_id"})
        return self._work.upsert(Bin, {"bin_id": row.bin_id}, values, only)

    def upsert_sensor(self, row: Sensor, only: Collection[str] | None = None) -> bool:
        """Add a sensor, or update it (`only` these columns); what it last reported is kept; True when it is new."""
        values = row.model_dump(exclude={"device_id", "battery", "last_seen_at"})
        return self._work.upsert(Sensor, {"device_id": row.device_id}, values, only)

    def counts(self) -> dict[str, int]:
        """How many bins, sensors, readings and emptyings there are."""
        session = self._work.session
        tables = {"bins": Bin, "sensors": Sensor, "readings": Reading, "emptyings": Emptying}
        return {name: session.exec(select(func.count()).select_from(table)).one() for name, table in tables.items()}
