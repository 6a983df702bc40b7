"""What OCPP 2.x stations tell of limits and of what vehicles need (2.0.1 Part 2, K11 to K17)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chargers.central.session import START_PROFILES, transaction_limit
from chargers.errors import CallFailed, ProfileError
from fleet.errors import StoreError
from fleet.store import Work
from fleet.tables import Transaction

if TYPE_CHECKING:
    from chargers.central.v201 import StationV201


async def answer_needs(session: StationV201, evse: int) -> dict[str, Any]:
    """NotifyEVChargingNeeds (K15): accepted where a charge runs, whose limit follows as a TxProfile.

    At a site whose connection others draw from too it is the fall-back; whoever shares the site's limit lifts it.
    """

    def look(work: Work) -> Transaction | None:
        return next((row for row in work.charging.running(session.id) if row.evse == evse), None)

    row = await session.desk.writer.read(look)
    if row is None:
        return {"status": "Rejected"}
    session.desk.spawn(_limit(session, row))
    return {"status": "Accepted"}


async def _limit(session: StationV201, row: Transaction) -> None:
    number = row.transaction_id or 0
    unit = session.limits.unit_for(session.current)
    kw = await session.start_limit(session.max_kw)
    profile = replace(
        transaction_limit(0, kw, unit, session.phases), id=START_PROFILES + number, transaction_id=row.ref
    )
    try:
        status = await session.install(row.evse, profile)
    except (CallFailed, ProfileError, StoreError) as error:
        status = str(error)
    session.log.info("limit for a vehicle's needs", transaction=number, status=status)


def note_limit(work: Work, station_id: str, evse: int, source: str) -> None:
    """NotifyChargingLimit (K12): another system limits the station, which people should know."""
    subject = f"{station_id}/{evse}"
    work.alarms.sound("evse.limited", subject, "info", f"{subject} is limited by another system ({source})")


def note_cleared_limit(work: Work, station_id: str, evse: int) -> None:
    """ClearedChargingLimit (K13): it does so no longer."""
    work.alarms.clear("evse.limited", f"{station_id}/{evse}")
