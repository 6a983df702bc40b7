"""One-time names under which stations fetch firmware and leave logs."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlmodel import col, select

from fleet.tables import Firmware, StationFile

if TYPE_CHECKING:
    from fleet.store.work import Work

NAME_BYTES = 24


class Files:
    """Files of stations in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def make(
        self,
        station_id: str,
        direction: Literal["down", "up"],
        what: str,
        path: str,
        most_bytes: int,
        lifetime: timedelta,
        request_id: int | None = None,
    ) -> str:
        """A new name for one file of a station; the name cannot be guessed."""
        name = secrets.token_urlsafe(NAME_BYTES)
        row = StationFile(
            name=name,
            station_id=station_id,
            direction=direction,
            what=what,
            path=path,
            most_bytes=most_bytes,
            request_id=request_id,
            made_at=self._work.now,
            expires_at=self._work.now + lifetime,
        )
        self._work.session.add(row)
        self._work.session.flush()
        return name

    def get(self, name: str) -> StationFile | None:
        """The file behind a name, if the name still holds."""
        row = self._work.session.get(StationFile, name)
        return None if row is None or row.expires_at <= self._work.now else row

    def find(self, name: str) -> StationFile | None:
        """The file behind a name, whether the name still holds or not."""
        return self._work.session.get(StationFile, name)

    def add_firmware(self, row: Firmware) -> Firmware:
        """A firmware, for stations to fetch; one of the same name takes its place."""
        before = self._work.session.exec(select(Firmware).where(Firmware.name == row.name)).first()
        if before is not None:
            row.firmware_id = before.firmware_id
            row = self._work.session.merge(row)
        self._work.session.add(row)
        self._work.session.flush()
        return row

    def note_used(self, name: str, size: int) -> None:
        """The file was fetched or left: so many bytes of it."""
        row = self._work.session.get(StationFile, name)
        if row is not None:
            row.used_at, row.bytes = self._work.now, size
            self._work.session.add(row)
            self._work.session.flush()

    def left(self, station_id: str | None = None, count: int = 100) -> list[StationFile]:
        """What stations left here, newest first."""
        query = select(StationFile).where(StationFile.direction == "up", col(StationFile.used_at).is_not(None))
        if station_id is not None:
            query = query.where(StationFile.station_id == station_id)
        return list(self._work.session.exec(query.order_by(col(StationFile.used_at).desc()).limit(count)))

    def firmware(self, firmware_id: int) -> Firmware | None:
        """One firmware."""
        return self._work.session.get(Firmware, firmware_id)

    def firmwares(self) -> list[Firmware]:
        """Every firmware, newest first."""
        return list(self._work.session.exec(select(Firmware).order_by(col(Firmware.firmware_id).desc())))
