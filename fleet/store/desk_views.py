"""What the dispatcher's desk shows of charging: charges live and past with their cost, one station's power and day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, or_, select

from fleet.tables import Connector, MeterValue, Receipt, Transaction

if TYPE_CHECKING:
    from fleet.store.work import Work


LOOK_BACK = timedelta(hours=24)
"""How far before an instant a meter's register is looked for."""


class DeskViews:
    """Lists of the desk in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def charges(self, station_id: str | None = None, count: int = 500) -> list[tuple[Transaction, Receipt | None]]:
        """The last `count` charges, of one station if told, newest first, each with its receipt where it has one."""
        query = select(Transaction).order_by(col(Transaction.transaction_id).desc()).limit(count)
        if station_id is not None:
            query = query.where(Transaction.station_id == station_id)
        rows = list(self._work.session.exec(query))
        numbers = [row.transaction_id for row in rows]
        found = self._work.session.exec(select(Receipt).where(col(Receipt.transaction_id).in_(numbers)))
        receipts = {receipt.transaction_id: receipt for receipt in found}
        return [(row, receipts.get(row.transaction_id or 0)) for row in rows]

    def connectors(self, station_id: str) -> list[Connector]:
        """The connectors of a station as it last told of them, its own status (EVSE 0) left out."""
        query = select(Connector).where(Connector.station_id == station_id, Connector.evse > 0)
        return list(self._work.session.exec(query.order_by(col(Connector.evse), col(Connector.number))))

    def powers(self, station_id: str, since: datetime) -> list[MeterValue]:
        """What a station's EVSEs drew since an instant, by time."""
        query = select(MeterValue).where(
            MeterValue.measured_at >= since,
            MeterValue.measured_at <= self._work.now,
            MeterValue.station_id == station_id,
            col(MeterValue.power_w).is_not(None),
        )
        return list(self._work.session.exec(query.order_by(col(MeterValue.measured_at))))

    def energy_since(self, station_id: str, since: datetime) -> float:
        """Wh that went into charges of a station since an instant; a charge begun before counts from its register then.

        A running charge counts up to the newest register it told; one without registers counts nothing.
        """
        query = select(Transaction).where(
            Transaction.station_id == station_id,
            or_(col(Transaction.ended_at).is_(None), col(Transaction.ended_at) > since),
            or_(Transaction.state == "running", col(Transaction.ended_at).is_not(None)),
        )
        return sum(self._energy_of(row, since) for row in self._work.session.exec(query))

    def _energy_of(self, row: Transaction, since: datetime) -> float:
        begun = row.start_wh if row.started_at >= since else self._register_at(row, since)
        ended = row.end_wh if row.state != "running" else self._register_at(row, self._work.now)
        if begun is None:
            begun = row.start_wh
        return max(0.0, ended - begun) if begun is not None and ended is not None else 0.0

    def _register_at(self, row: Transaction, at: datetime) -> float | None:
        """The last register a charge told up to an instant, in Wh."""
        query = select(MeterValue.energy_wh).where(
            MeterValue.measured_at <= at,
            MeterValue.measured_at >= at - LOOK_BACK,
            MeterValue.station_id == row.station_id,
            MeterValue.ref == (row.ref or ""),
            col(MeterValue.energy_wh).is_not(None),
        )
        return self._work.session.exec(query.order_by(col(MeterValue.measured_at).desc()).limit(1)).first()
