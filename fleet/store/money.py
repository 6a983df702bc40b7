"""Tariffs, the rules that pick one, and receipts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete
from sqlalchemy import select as select_rows
from sqlmodel import col, func, select

from fleet.events import Kind
from fleet.tables import MeterValue, Receipt, Tariff, TariffRule, Transaction

if TYPE_CHECKING:
    from fleet.store.work import Work

PRICES = ("currency", "vat", "elements")
"""What may not change once a charge was billed by it."""
CLOCK_SLACK = timedelta(days=1)
"""A station's clock may run ahead of ours."""


@dataclass(frozen=True, slots=True)
class EnergySample:
    """A register told within a transaction."""

    number: int
    station_id: str
    ref: str
    at: datetime
    wh: float


class Money:
    """Prices and receipts in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def tariffs(self) -> list[Tariff]:
        """Every tariff, by name."""
        return list(self._work.session.exec(select(Tariff).order_by(col(Tariff.tariff_id))))

    def tariff(self, tariff_id: str) -> Tariff | None:
        """One tariff."""
        return self._work.session.get(Tariff, tariff_id)

    def rules(self, tariff_id: str | None = None) -> list[TariffRule]:
        """The rules of one tariff or of all, in the order they were made."""
        query = select(TariffRule).order_by(col(TariffRule.tariff_rule_id))
        if tariff_id is not None:
            query = query.where(TariffRule.tariff_id == tariff_id)
        return list(self._work.session.exec(query))

    def put_tariff(
        self, tariff_id: str, values: Mapping[str, Any], rules: Iterable[Mapping[str, Any]] | None, who: str = ""
    ) -> str | None:
        """Add or change a tariff, and its rules where given; None when done, else why not.

        Prices under which a charge was billed do not change: a receipt can always be worked out again.
        """
        session = self._work.session
        row = self.tariff(tariff_id)
        if row is None:
            row = Tariff(tariff_id=tariff_id)
        elif any(name in values and values[name] != getattr(row, name) for name in PRICES) and self.was_billed(
            tariff_id
        ):
            return f"charges were billed by {tariff_id}: give the new prices another name, and this one an end"
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        if rules is not None:
            session.execute(delete(TariffRule).where(col(TariffRule.tariff_id) == tariff_id))
            for rule in rules:
                session.add(TariffRule(tariff_id=tariff_id, **rule))
            session.flush()
        self._work.events.append(Kind.TARIFF_CHANGED, tariff_id, who=who, currency=row.currency, vat=row.vat)
        return None

    def delete_tariff(self, tariff_id: str, who: str = "") -> bool:
        """Delete a tariff and its rules; receipts keep its name. False when there is none."""
        row = self.tariff(tariff_id)
        if row is None:
            return False
        self._work.session.execute(delete(TariffRule).where(col(TariffRule.tariff_id) == tariff_id))
        self._work.session.delete(row)
        self._work.session.flush()
        self._work.events.append(Kind.TARIFF_CHANGED, tariff_id, who=who, currency=row.currency, vat=None)
        return True

    def was_billed(self, tariff_id: str) -> bool:
        """Whether there is a receipt by a tariff."""
        query = select(Receipt.transaction_id).where(Receipt.tariff_id == tariff_id).limit(1)
        return self._work.session.exec(query).first() is not None

    def receipt(self, transaction_id: int) -> Receipt | None:
        """What one charge came to."""
        return self._work.session.get(Receipt, transaction_id)

    def keep_receipt(self, receipt: Receipt) -> bool:
        """Keep a receipt in place of the one before; False when it says the same, and then nothing changes."""
        before = self.receipt(receipt.transaction_id)
        values = receipt.model_dump(exclude={"made_at"})
        if before is not None and before.model_dump(exclude={"made_at"}) == values:
            return False
        self._work.session.merge(receipt)
        self._work.session.flush()
        return True

    def receipts(self, since: datetime, until: datetime) -> list[tuple[Receipt, Transaction]]:
        """Receipts of charges that ended in a span, by their end."""
        query = (
            select(Receipt, Transaction)
            .where(
                Receipt.transaction_id == Transaction.transaction_id,
                col(Transaction.ended_at) >= since,
                col(Transaction.ended_at) < until,
            )
            .order_by(col(Transaction.ended_at), col(Transaction.transaction_id))
        )
        return [(receipt, transaction) for receipt, transaction in self._work.session.exec(query)]

    def without_receipt(self, since: datetime) -> list[Transaction]:
        """Charges that ended since an instant and have no receipt."""
        query = (
            select(Transaction)
            .outerjoin(Receipt, col(Receipt.transaction_id) == col(Transaction.transaction_id))
            .where(col(Transaction.ended_at) >= since, col(Receipt.transaction_id).is_(None))
        )
        return list(self._work.session.exec(query.order_by(col(Transaction.transaction_id))))

    def samples_of(self, row: Transaction) -> list[tuple[datetime, float]]:
        """Energy registers told within a transaction: instant and Wh, by time."""
        query = (
            select(MeterValue.measured_at, MeterValue.energy_wh)
            .where(
                MeterValue.measured_at >= row.started_at,
                MeterValue.measured_at <= (row.ended_at or self._work.now + CLOCK_SLACK),
                MeterValue.station_id == row.station_id,
                MeterValue.ref == row.ref,
                col(MeterValue.energy_wh).is_not(None),
            )
            .order_by(col(MeterValue.measured_at))
        )
        return [(at, wh) for at, wh in self._work.session.exec(query) if wh is not None]

    def newest_sample(self) -> int:
        """The number of the meter value stored last."""
        return self._work.session.exec(select(func.max(MeterValue.meter_value_id))).one() or 0

    def samples_after(self, number: int, most: int = 50_000) -> tuple[list[EnergySample], int]:
        """Energy registers of transactions stored after the meter value `number`, and the number to go on from."""
        table = MeterValue.__table__.c  # type: ignore[attr-defined] # SQLModel tells mypy nothing of it
        query = select_rows(table.meter_value_id, table.station_id, table.ref, table.measured_at, table.energy_wh)
        query = query.where(table.meter_value_id > number).order_by(table.meter_value_id).limit(most)
        rows = self._work.session.connection().execute(query).all()
        told = [EnergySample(*row) for row in rows if row[2] and row[4] is not None]
        return told, int(rows[-1][0]) if rows else number
