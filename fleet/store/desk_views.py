"""What the dispatcher's lists show of charging: charges live and past with their cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlmodel import col, select

from fleet.tables import Receipt, Transaction

if TYPE_CHECKING:
    from fleet.store.work import Work


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
