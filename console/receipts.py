"""A month's receipts as a table: a row a charge, by the city's calendar."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from console.errors import ExportRefused
from fleet.store import Store, Work
from fleet.tables import Receipt, Transaction

COLUMNS = (
    *("transaction", "station", "name", "place", "evse", "token", "holder", "group", "started", "ended"),
    *("kwh", "minutes", "idle_minutes", "tariff", "currency", "net", "vat", "total", "lines"),
)


def read_month(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant of a month written YYYY-MM and that of the next one.

    Raises:
        ExportRefused
    """
    try:
        since = datetime.strptime(text, "%Y-%m").replace(tzinfo=zone)
    except ValueError:
        raise ExportRefused(f"{text!r} is no month; write YYYY-MM, e.g. 2026-11") from None
    until = since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)
    return since, until


def list_receipts(work: Work, since: datetime, until: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Receipts of charges that ended in a span, a row each, by their end."""
    stations = {row.station_id: row for row in work.stations.all()}
    cards = {row.token: row for row in work.tokens.all()}
    rows = []
    for receipt, charge in work.money.receipts(since, until):
        station, card = stations.get(charge.station_id), cards.get(charge.token or "")
        rows.append(
            {
                "transaction": charge.transaction_id,
                "station": charge.station_id,
                "name": station.name if station is not None else "",
                "place": (station.place_id if station is not None else None) or "",
                "evse": charge.evse,
                "token": charge.token or "",
                "holder": card.holder if card is not None else "",
                "group": charge.group_id,
                **_span(charge, zone),
                **_figures(receipt),
            }
        )
    return rows


def export_receipts(store: Store, month: str, zone: ZoneInfo, folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    """Write a month's receipts as CSV into `folder`; gives the file and its rows.

    Raises:
        ExportRefused: the month is none, or the folder cannot be written.
    """
    since, until = read_month(month, zone)
    with store.read() as work:
        rows = list_receipts(work, since, until, zone)
    path = folder / f"receipts-{month}.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(write_csv(rows), encoding="utf-8", newline="")
    except OSError as error:
        raise ExportRefused(f"{folder}: cannot be written ({error.strerror or error})") from error
    return path, rows


def write_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV (RFC 4180). Texts a spreadsheet would take for a formula are kept from it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(row[name]) for name in COLUMNS})
    return out.getvalue()


def total_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What they come to, by currency."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["currency"]] = round(totals.get(row["currency"], 0.0) + row["total"], 2)
    return totals


def _span(charge: Transaction, zone: ZoneInfo) -> dict[str, str]:
    ended = charge.ended_at or charge.started_at
    return {
        "started": charge.started_at.astimezone(zone).isoformat(timespec="seconds"),
        "ended": ended.astimezone(zone).isoformat(timespec="seconds"),
    }


def _figures(receipt: Receipt) -> dict[str, Any]:
    lines = [f"{line['what']} {line['quantity']:g} {line['unit']} x {line['price']:g}" for line in receipt.lines]
    return {
        "kwh": receipt.kwh,
        "minutes": receipt.minutes,
        "idle_minutes": receipt.idle_minutes,
        "tariff": receipt.tariff_id,
        "currency": receipt.currency,
        "net": receipt.net,
        "vat": receipt.vat,
        "total": receipt.total,
        "lines": "; ".join(" ".join(line.split()) for line in lines),
    }


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
