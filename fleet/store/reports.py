"""What citizens report: an overflowing bin, a missed one, damage, fire, dumping."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlmodel import col, select, update

from fleet.tables import CitizenReport

if TYPE_CHECKING:
    from fleet.store.work import Work

CODES: Final = ("overflow", "missed", "damaged", "fire", "dumping", "other")
ASKING: Final = ("overflow", "missed")
"""Reports that an emptying answers: it makes them done."""


class Reports:
    """Citizens' reports in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def take(self, row: CitizenReport) -> int:
        """Keep a report and give its number."""
        self._work.session.add(row)
        self._work.session.flush()
        assert row.report_id is not None
        return row.report_id

    def asking(self) -> list[CitizenReport]:
        """Open reports of bins that ask for an emptying, oldest first."""
        query = (
            select(CitizenReport)
            .where(
                CitizenReport.state == "open",
                col(CitizenReport.bin_id).is_not(None),
                col(CitizenReport.code).in_(ASKING),
            )
            .order_by(col(CitizenReport.at), col(CitizenReport.report_id))
        )
        return list(self._work.session.exec(query))

    def answer(self, bin_id: str, emptied_at: datetime) -> None:
        """A bin was emptied: what had been reported of it before, and asked for that, is done."""
        self._work.session.execute(
            update(CitizenReport)
            .where(
                col(CitizenReport.bin_id) == bin_id,
                col(CitizenReport.state) == "open",
                col(CitizenReport.code).in_(ASKING),
                col(CitizenReport.at) <= emptied_at,
            )
            .values(state="done", done_at=emptied_at)
        )
