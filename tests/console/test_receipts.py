"""A month of receipts as CSV: the city's months, a row a charge, sums by currency."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from console.errors import ExportRefused
from console.receipts import COLUMNS, export_receipts, read_month
from fleet.store import Store
from fleet.tables import IdToken, Receipt, Station, Transaction

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Africa/Casablanca")


def charge(work, ended: datetime, total: float, holder: str = "=Amal") -> None:
    work.stations.upsert_token(IdToken(token="CARD", holder=holder))
    row = Transaction(
        station_id="CP1", evse=1, token="CARD", group_id="staff", state="ended",
        started_at=ended - timedelta(hours=1), ended_at=ended, start_wh=0.0, end_wh=10_000.0,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    line = {"what": "ENERGY", "quantity": 10.0, "unit": "kWh", "price": 2.5, "amount": 25.0}
    figures = {"kwh": 10.0, "minutes": 60.0, "net": total / 1.2, "vat": total - total / 1.2, "total": total}
    work.session.add(
        Receipt(
            transaction_id=row.transaction_id, tariff_id="T", currency="MAD", lines=[line], made_at=ended, **figures
        )
    )


@pytest.fixture
def billed(store: Store) -> Store:
    with store.begin() as work:
        work.stations.upsert(Station(station_id="CP1", name="Town hall"), [])
        charge(work, datetime(2026, 10, 31, 22, 59, tzinfo=UTC), 30.0)  # 23:59 in Casablanca
        charge(work, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), 36.0)  # half past midnight, November
    return store


def test_a_month_is_the_citys(billed: Store, tmp_path: Path):
    """What ended half past midnight is of the new month, though UTC says otherwise; formulas are defused."""
    path, rows = export_receipts(billed, "2026-11", ZONE, tmp_path / "out")
    assert [row["total"] for row in rows] == [36.0]
    with path.open(encoding="utf-8", newline="") as file:
        (kept,) = csv.DictReader(file)
    assert tuple(kept) == COLUMNS
    assert (kept["name"], kept["holder"], kept["lines"]) == ("Town hall", "'=Amal", "ENERGY 10 kWh x 2.5")
    assert kept["ended"] == "2026-11-01T00:30:00+01:00"


@pytest.mark.parametrize("text", ["2026", "2026-13", "november", ""])
def test_a_month_that_is_none_is_refused(text):
    """One line, with an example."""
    with pytest.raises(ExportRefused, match="write YYYY-MM"):
        read_month(text, ZONE)


def test_december_ends_with_the_year():
    """The next month of December is January."""
    assert read_month("2026-12", ZONE)[1].year == 2027


def test_the_command_says_what_it_wrote(billed: Store, sqlite_url: str, tmp_path: Path):
    """`binwatt export receipts --month`."""
    env = {**os.environ, "BINWATT_DB": sqlite_url, "BINWATT_STORE_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "console", "export", "receipts", "--month", "2026-10", "--to", str(tmp_path)]
    done = subprocess.run([*command, "--json"], env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["receipts"], found["totals"]) == (1, {"MAD": 30.0})
    assert Path(found["file"]).name == "receipts-2026-10.csv"
