"""Stations, EVSEs, connectors and id tokens."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import Connector, Evse, IdToken, Station

if TYPE_CHECKING:
    from fleet.store.work import Work


DESCRIBED = (
    *("name", "place_id", "lat", "lon", "admission", "password_hash"),
    *("current", "phases", "max_kw", "fallback_kw"),
)
"""What people say of a station; the rest it says of itself."""


class Stations:
    """Stations in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> list[Station]:
        """Every station, by identity."""
        return list(self._work.session.exec(select(Station).order_by(col(Station.station_id))))

    def get(self, station_id: str) -> Station | None:
        """One station."""
        return self._work.session.get(Station, station_id)

    def evses(self, station_id: str | None = None) -> list[Evse]:
        """EVSEs of one station or of all, in order."""
        query = select(Evse).order_by(col(Evse.station_id), col(Evse.number))
        if station_id is not None:
            query = query.where(Evse.station_id == station_id)
        return list(self._work.session.exec(query))

    def connectors(self) -> list[Connector]:
        """Every connector, in order."""
        query = select(Connector).order_by(col(Connector.station_id), col(Connector.evse), col(Connector.number))
        return list(self._work.session.exec(query))

    def upsert(self, row: Station, evses: list[Evse], only: Collection[str] | None = None) -> bool:
        """Add a station as a person describes it, or update it (`only` these columns); True when it is new.

        What it said of itself is kept, and its password where `row` has none.
        """
        told = DESCRIBED if only is None else [name for name in DESCRIBED if name in {*only, "password_hash"}]
        values: dict[str, object] = {name: getattr(row, name) for name in told}
        before = self.get(row.station_id)
        if before is None:
            self._work.session.add(row)
            self._work.session.flush()
        else:
            if row.password_hash is None:
                values.pop("password_hash")
            for name, value in values.items():
                setattr(before, name, value)
            self._work.session.add(before)
            self._work.session.flush()
        for evse in evses:
            key: dict[str, object] = {"station_id": row.station_id, "number": evse.number}
            self._work.upsert(Evse, key, {"max_kw": evse.max_kw})
            self._work.insert_new(
                Connector, {"station_id": row.station_id, "evse": evse.number, "number": 1, "status": "Unavailable"}
            )
        return before is None

    def set_connector(
        self, station_id: str, evse: int, number: int, *, status: str, error_code: str = "", info: str = ""
    ) -> bool:
        """A connector reported its status; True when it changed."""
        query = select(Connector).where(
            Connector.station_id == station_id, Connector.evse == evse, Connector.number == number
        )
        row = self._work.session.exec(query).first() or Connector(station_id=station_id, evse=evse, number=number)
        changed = (row.status, row.error_code, row.info) != (status, error_code, info) or row.status_at is None
        row.status, row.error_code, row.info, row.status_at = status, error_code, info, self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        if changed:
            self._work.events.append(
                Kind.CONNECTOR_CHANGED,
                station_id,
                evse=evse,
                connector=number,
                status=status,
                error_code=error_code,
                info=info,
            )
        return changed

    def token(self, token: str) -> IdToken | None:
        """A card, whichever way its letters are written."""
        found = self._work.session.get(IdToken, token)
        return found or self._work.session.get(IdToken, token.upper())

    def upsert_token(self, row: IdToken) -> bool:
        """Add or update a card; True when it is new."""
        return self._work.upsert(IdToken, {"token": row.token}, row.model_dump(exclude={"token"}))
