"""What OCPP 2.x stations tell of limits and of what vehicles need (2.0.1 Part 2, K11 to K17)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chargers.central.device_rows import number, text
from chargers.central.meters import parse_time
from chargers.central.session import START_PROFILES, transaction_limit
from chargers.errors import CallFailed, ProfileError
from fleet.errors import StoreError
from fleet.store import Work
from fleet.store.devices import VehicleNeeds
from fleet.tables import Transaction

if TYPE_CHECKING:
    from chargers.central.v201 import StationV201

MOST_TOLD = 5_000_000
"""Above this no vehicle is believed, in Wh, W, A or percent."""


async def answer_needs(session: StationV201, evse: int, told: Any) -> dict[str, Any]:
    """NotifyEVChargingNeeds (K15): accepted where a charge runs, whose limit follows as a TxProfile.

    What the vehicle wants is kept for whoever plans the site (`work.devices.vehicle_needs`). At a site whose connection
    others draw from too the limit is the fall-back; whoever shares the site's limit lifts it.
    """
    needs = read_needs(told)

    def keep(work: Work) -> Transaction | None:
        row = next((row for row in work.charging.running(session.id) if row.evse == evse), None)
        if row is not None:
            work.devices.keep_vehicle_needs(session.id, evse, needs)
        return row

    row = await session.desk.writer.do(keep)
    if row is None:
        return {"status": "Rejected"}
    session.desk.spawn(_limit(session, row))
    return {"status": "Accepted"}


def read_needs(told: Any) -> VehicleNeeds:
    """ChargingNeedsType (Part 2, 2.13); what is missing or cannot be is None. Pure."""
    said = told if isinstance(told, dict) else {}
    ac, dc = (said.get(name) for name in ("acChargingParameters", "dcChargingParameters"))
    parts = [part for part in (ac, dc) if isinstance(part, dict)]
    of = {name: value for part in parts for name, value in part.items()}

    def whole_or_none(name: str) -> int | None:
        value = number(of.get(name))  # 2.1 tells fractions
        return int(value) if value is not None and 0 <= value <= MOST_TOLD else None

    departs = said.get("departureTime")
    return VehicleNeeds(
        transfer=text(said.get("requestedEnergyTransfer"), 30),
        wanted_wh=whole_or_none("energyAmount"),
        soc_percent=whole_or_none("stateOfCharge"),
        capacity_wh=whole_or_none("evEnergyCapacity"),
        most_a=whole_or_none("evMaxCurrent"),
        most_w=whole_or_none("evMaxPower"),
        departs_at=parse_time(departs) if isinstance(departs, str) else None,
    )


async def _limit(session: StationV201, row: Transaction) -> None:
    transaction = row.transaction_id or 0
    unit = session.limits.unit_for(session.current)
    kw = await session.start_limit(session.max_kw)
    profile = replace(
        transaction_limit(0, kw, unit, session.phases), id=START_PROFILES + transaction, transaction_id=row.ref
    )
    try:
        status = await session.install(row.evse, profile)
    except (CallFailed, ProfileError, StoreError) as error:
        status = str(error)
    session.log.info("limit for a vehicle's needs", transaction=transaction, status=status)


def note_limit(work: Work, station_id: str, evse: int, source: str) -> None:
    """NotifyChargingLimit (K12): another system limits the station, which people should know."""
    subject = f"{station_id}/{evse}"
    work.alarms.sound("evse.limited", subject, "info", f"{subject} is limited by another system ({source})")


def note_cleared_limit(work: Work, station_id: str, evse: int) -> None:
    """ClearedChargingLimit (K13): it does so no longer."""
    work.alarms.clear("evse.limited", f"{station_id}/{evse}")
