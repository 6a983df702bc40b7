"""TransactionEvents of OCPP 2.0.1, taken in whatever order they come (Part 2, section E; E12 on replayed ones).

`seqNo` orders the events of a transaction. A start that comes after an update corrects what the update could not know;
an event seen before changes nothing; meter values are merged by their time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chargers.central import ledger
from chargers.central.ledger import End, Start
from fleet.store import Work
from fleet.tables import MeterValue, Transaction


@dataclass(frozen=True, slots=True)
class Told:
    """One TransactionEvent."""

    station_id: str
    ref: str
    kind: str
    """"Started", "Updated", "Ended"."""
    seq_no: int
    at: datetime
    evse: int | None
    connector: int | None
    token: str | None
    charging_state: str | None
    reason: str
    rows: list[dict[str, Any]]

    def tells_meter_only(self, known: Known) -> bool:
        """Whether it says nothing of a known transaction but meter values."""
        return (
            self.kind == "Updated"
            and bool(self.rows)
            and self.token is None
            and self.evse in (None, known.evse)
            and self.charging_state in (None, known.charging_state)
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What a session remembers of a transaction under way, so that meter values need not ask the store."""

    evse: int
    charging_state: str | None
    seq_no: int
    """The highest seqNo seen; the store is told with the next event that changes something."""


def take_event(work: Work, told: Told, seen: int = -1) -> Transaction:
    """Keep one event; the same again changes nothing. `seen`: a seqNo taken in without telling the store."""
    before = work.charging.transaction(told.station_id, told.ref)
    if before is None and told.kind == "Ended" and told.seq_no > 0:
        row = ledger.end_transaction(work, _end(told))
    else:
        row = before or ledger.start_transaction(work, _start(work, told))
        if before is not None:
            _correct(work, row, told)
        if told.kind == "Ended":
            row = ledger.end_transaction(work, _end(told))
    row.seq_no = max(row.seq_no, seen)
    if told.seq_no > row.seq_no:
        row.seq_no = told.seq_no
        if told.charging_state is not None:
            row.charging_state = told.charging_state
    work.session.add(row)
    work.session.flush()
    for values in told.rows:
        work.insert_new(MeterValue, {**values, "evse": row.evse})
    return row


def _start(work: Work, told: Told) -> Start:
    wh = _energy(told, "Transaction.Begin") if told.kind == "Started" else None
    evse = told.evse or _only_evse(work, told.station_id)
    return Start(told.station_id, evse, told.connector or 1, told.token, told.at, wh, ref=told.ref)


def _only_evse(work: Work, station_id: str) -> int:
    """Where a charge runs that did not say so; 0 where there is a choice, until an event tells (E03: card first)."""
    evses = work.stations.evses(station_id)
    return evses[0].number if len(evses) == 1 else 0


def _end(told: Told) -> End:
    wh = _energy(told, "Transaction.End")
    return End(told.station_id, told.ref, told.at, wh, told.reason, told.token, evse=told.evse or 1)


def _energy(told: Told, context: str) -> float | None:
    """The register at the beginning or the end: by its context, else what came with the event."""
    with_energy = [row for row in told.rows if row["energy_wh"] is not None]
    marked = [row for row in with_energy if row["context"] == context]
    chosen = marked or with_energy
    return float(chosen[-1]["energy_wh"]) if chosen else None


def _correct(work: Work, row: Transaction, told: Told) -> None:
    """What an earlier event did not tell: who charges, where, and since when."""
    if told.kind == "Started" and told.at <= row.started_at:
        row.started_at = told.at
        wh = _energy(told, "Transaction.Begin")
        row.start_wh = wh if wh is not None else row.start_wh
        if row.state == ledger.ENDED_UNSEEN:
            row.state = ledger.ENDED
    if told.evse and told.evse != row.evse and (told.kind == "Started" or row.evse == 0):
        row.evse, row.connector = told.evse, told.connector or 1
    if row.token is None and told.token is not None:
        ledger.name_holder(work, row, told.token)
