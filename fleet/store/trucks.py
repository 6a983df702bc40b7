"""Trucks, shifts, and what trucks say of themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.events import Kind
from fleet.tables import IdToken, Shift, Truck, TruckState

if TYPE_CHECKING:
    from fleet.store.work import Work


class Trucks:
    """Trucks in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def all(self) -> list[Truck]:
        """Every active truck, by name."""
        query = select(Truck).where(col(Truck.active).is_(True)).order_by(col(Truck.truck_id))
        return list(self._work.session.exec(query))

    def get(self, truck_id: str) -> Truck | None:
        """One truck."""
        return self._work.session.get(Truck, truck_id)

    def by_token(self, token: str) -> Truck | None:
        """The truck that charges with this card."""
        return self._work.session.exec(select(Truck).where(Truck.id_token == token)).first()

    def shifts_on(self, day: date) -> list[Shift]:
        """Shifts worked on a local day, by truck."""
        rows = self._work.session.exec(select(Shift).order_by(col(Shift.truck_id), col(Shift.starts)))
        return [row for row in rows if day.weekday() in row.weekdays]

    def states(self) -> dict[str, TruckState]:
        """What each truck last said of itself."""
        return {row.truck_id: row for row in self._work.session.exec(select(TruckState))}

    def report(self, state: TruckState) -> bool:
        """A truck says where it is; False when it said something newer before, and then nothing changes."""
        before = self._work.session.get(TruckState, state.truck_id)
        if before is not None and before.at >= state.at:
            return False
        self._work.upsert(TruckState, {"truck_id": state.truck_id}, state.model_dump(exclude={"truck_id"}))
        if before is not None:
            self._work.session.expire(before)
        self._work.events.append(
            Kind.TRUCK_REPORTED,
            state.truck_id,
            at=state.at,
            **state.model_dump(exclude={"truck_id", "at"}),
        )
        return True

    def upsert(self, row: Truck, only: Collection[str] | None = None) -> bool:
        """Add a truck and its card, or update it (`only` these columns); True when it is new."""
        new = self._work.upsert(Truck, {"truck_id": row.truck_id}, row.model_dump(exclude={"truck_id"}), only)
        if row.id_token:
            holder: dict[str, object] = {"truck_id": row.truck_id, "holder": row.name or row.truck_id}
            self._work.upsert(IdToken, {"token": row.id_token}, {"kind": "ISO14443", "status": "Accepted", **holder})
        return new

    def upsert_shift(self, row: Shift, only: Collection[str] | None = None) -> bool:
        """Add a shift, or update it (`only` these columns); True when it is new."""
        return self._work.upsert(Shift, {"shift_id": row.shift_id}, row.model_dump(exclude={"shift_id"}), only)
