"""`binwatt export receipts`: what a month's charges came to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def export_receipts(
    *,
    month: Annotated[str, typer.Option(show_default=False, help="YYYY-MM, of the charge's end in the city's time.")],
    to: Annotated[Path, typer.Option("--to", help="The folder; made if it is missing.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """A month's receipts as CSV, a line for each charge."""
    from console.cli import _settings, _store
    from console.receipts import export_receipts as export
    from console.receipts import total_of

    settings = _settings()
    path, rows = export(_store(settings), month, settings.zone, to)
    totals = total_of(rows)
    if as_json:
        print(json.dumps({"file": str(path), "receipts": len(rows), "totals": totals}, ensure_ascii=False))
    else:
        money = ", ".join(f"{total:.2f} {currency}" for currency, total in sorted(totals.items())) or "nothing"
        print(f"{path}: {len(rows)} receipts, {money}")
