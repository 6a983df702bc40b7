"""What the central system writes of stations and transactions, as verbs on one unit of work.

Each may be repeated without harm: stations send again what was stored but not yet answered, replay what they queued
while offline, and report the end of charges whose start never arrived (OCPP 1.6 sections 4.8 and 4.10; 2.0.1 Part 2,
section E).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import select

from chargers.errors import UnsafeLimits
from chargers.safety import check_fallbacks
from fleet.events import Kind
from fleet.store import Work
from fleet.tables import Evse, InstalledProfile, Transaction

RUNNING, ENDED, ENDED_UNSEEN = "running", "ended", "ended-unseen"
LOST = "Lost"
"""End reason of a charge whose end never came; when it does come after all, it counts."""
MOST_WH = 5_000_000.0
"""No charge takes more: the largest batteries of ships on shore power do not."""
MOST_EVSES = 32
"""A station that numbers its EVSEs higher is not believed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a station says it is at boot."""

    vendor: str
    model: str
    serial: str = ""
    firmware: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """A charge that began."""

    station_id: str
    evse: int
    connector: int
    token: str | None
    at: datetime
    wh: float | None
    ref: str | None = None
    """2.0.1: the station's own name for it."""
    start_key: str | None = None
    """1.6: what makes the same StartTransaction the same."""
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """A charge that ended."""

    station_id: str
    ref: str
    at: datetime
    wh: float | None
    reason: str
    token: str | None = None
    evse: int = 0
    unseen_ref: str | None = None
    """Its name if its start was never seen. 1.6 numbers are ours, and another system's must not meet one of them."""


def forget_connections(work: Work) -> None:
    """After a start of the central system nobody is connected, whatever the store says."""
    for station in work.stations.all():
        if station.online:
            station.online = False
            work.session.add(station)
            work.events.append(Kind.STATION_DISCONNECTED, station.station_id, why="the central system was restarted")
    work.session.flush()


def connect(work: Work, station_id: str, protocol: str) -> None:
    """A station has opened its connection."""
    station = work.stations.get(station_id)
    if station is None:
        return
    station.online, station.protocol = True, protocol
    station.connected_at = station.last_seen_at = work.now
    work.session.add(station)
    work.session.flush()
    work.events.append(Kind.STATION_CONNECTED, station_id, protocol=protocol)
    work.alarms.clear("station.offline", station_id)


def disconnect(work: Work, station_id: str, why: str) -> None:
    """A station's connection is gone."""
    station = work.stations.get(station_id)
    if station is None:
        return
    station.online = False
    station.last_seen_at = work.now
    work.session.add(station)
    work.session.flush()
    work.events.append(Kind.STATION_DISCONNECTED, station_id, why=why)
    if station.admission == "accepted" and work.charging.running(station_id):
        work.alarms.sound("station.offline", station_id, "warning", f"{station_id} is silent while it charges: {why}")


def boot(
    work: Work, station_id: str, identity: Identity, status: str, known: Iterable[str] = (), *, again: bool = False
) -> list[str]:
    """A station said what it is. Gives its quirks: those `known` of what it is, and those learned of this firmware.

    `again`: it has said so too often of late, which is an alarm and no more events.
    """
    station = work.stations.get(station_id)
    if station is None:
        return sorted(known)
    before = (station.vendor, station.model, station.firmware)
    station.vendor, station.model = identity.vendor[:50], identity.model[:50]
    station.serial, station.firmware = identity.serial[:50], identity.firmware[:50]
    station.booted_at = work.now
    learned: list[str] = []
    if before == (station.vendor, station.model, station.firmware):
        learned = station.quirks or []
    else:
        again = False
    station.quirks = sorted({*known, *learned})
    work.session.add(station)
    work.session.flush()
    if again:
        work.alarms.sound("station.reboots", station_id, "warning", f"{station_id} boots again and again")
        return station.quirks
    work.alarms.clear("station.reboots", station_id)
    work.events.append(
        Kind.STATION_BOOTED,
        station_id,
        vendor=station.vendor,
        model=station.model,
        serial=station.serial,
        firmware=station.firmware,
        reason=identity.reason[:50],
        status=status,
    )
    return station.quirks


def set_status(work: Work, station_id: str, evse: int, connector: int, status: str, error: str, info: str) -> None:
    """A connector reported its status; a faulted one sounds an alarm until it is well again."""
    if evse > 0:
        _know_evse(work, station_id, evse)
    work.stations.set_connector(station_id, evse, connector, status=status[:20], error_code=error[:50], info=info[:100])
    subject = f"{station_id}/{evse}"
    if status == "Faulted":
        work.alarms.sound("evse.faulted", subject, "critical", f"{subject} is faulted: {error} {info}".rstrip())
    else:
        work.alarms.clear("evse.faulted", subject)


def _know_evse(work: Work, station_id: str, number: int) -> None:
    station = work.stations.get(station_id)
    if station is not None and number <= MOST_EVSES:
        work.insert_new(Evse, {"station_id": station_id, "number": number, "max_kw": station.max_kw})


def may_start(work: Work, station_id: str) -> bool:
    """Whether a charge may begin there: silence must stay safe for ever after.

    A station that has confirmed its fall-back may. One that has not might draw all it can, so it may only if its site
    carries that: the sum over the site of fall-backs, or of hardware maxima where none was confirmed, with the base
    load under the limit (invariants I1 and I6 of chargers.safety). Otherwise an alarm says so.
    """
    station = work.stations.get(station_id)
    if station is None or station.fallback_at is not None or station.place_id is None:
        return True
    place = work.places.get(station.place_id)
    if place is None or place.site_limit_kw is None:
        return True
    silent_kw = {
        other.station_id: other.max_kw
        if other.fallback_at is None
        else other.fallback_kw * max(1, len(work.stations.evses(other.station_id)))
        for other in work.stations.all()
        if other.place_id == place.place_id and other.admission == "accepted"
    }
    try:
        check_fallbacks(silent_kw, base_max_kw=place.base_load_kw, limit_kw=place.site_limit_kw)
    except UnsafeLimits:
        text = f"{station_id} confirmed no fall-back power and its site cannot carry all it may draw: no charge starts"
        work.alarms.sound("station.no_fallback", station_id, "warning", text)
        return False
    return True


def shares_limit(work: Work, station_id: str) -> bool:
    """Whether a station is at a site whose connection others draw from too."""
    station = work.stations.get(station_id)
    place = work.places.get(station.place_id) if station is not None and station.place_id is not None else None
    return place is not None and place.site_limit_kw is not None


def start_transaction(work: Work, start: Start) -> Transaction:
    """Keep a start; the same start again is the same transaction."""
    before = _find(work, start)
    if before is not None:
        return before
    truck = None if start.token is None else work.trucks.by_token(start.token)
    card = None if start.token is None else work.stations.token(start.token)
    row = Transaction(
        station_id=start.station_id,
        evse=start.evse,
        connector=start.connector,
        ref=start.ref,
        start_key=start.start_key,
        token=start.token,
        truck_id=truck.truck_id if truck is not None else card.truck_id if card is not None else None,
        started_at=start.at,
        start_wh=start.wh,
        group_id="" if card is None else card.group_id,
        heard_at=work.now,
    )
    _end_lost(work, row)
    work.session.add(row)
    work.session.flush()
    if row.ref is None:
        row.ref = str(row.transaction_id)
        work.session.add(row)
        work.session.flush()
    _tell_start(work, row)
    work.reservations.use(start.station_id, start.evse, start.token, start.reservation_id)
    return row


def _find(work: Work, start: Start) -> Transaction | None:
    query = select(Transaction).where(Transaction.station_id == start.station_id)
    if start.ref is not None:
        query = query.where(Transaction.ref == start.ref)
    else:
        query = query.where(Transaction.start_key == start.start_key)
    return work.session.exec(query).first()


def name_holder(work: Work, row: Transaction, token: str) -> None:
    """A charge that began without a card now has one: the event log says its start again, with the holder."""
    truck, card = work.trucks.by_token(token), work.stations.token(token)
    row.token = token
    row.truck_id = truck.truck_id if truck is not None else card.truck_id if card is not None else None
    work.session.add(row)
    work.session.flush()
    _tell_start(work, row)


def _end_lost(work: Work, new: Transaction) -> None:
    """Two charges cannot run on one EVSE: what is still open there from before has ended without telling.

    EVSE 0 is not known yet, so nothing follows of it.
    """
    if new.evse == 0:
        return
    for row in work.charging.running(new.station_id):
        if row.evse == new.evse and row.ref is not None and row.started_at < new.started_at:
            end_transaction(work, End(row.station_id, row.ref, new.started_at, None, LOST))


def _tell_start(work: Work, row: Transaction) -> None:
    work.events.append(
        Kind.TRANSACTION_STARTED,
        row.station_id,
        at=row.started_at,
        transaction_id=row.transaction_id,
        evse=row.evse,
        ref=row.ref,
        token=row.token,
        truck=row.truck_id,
        start_wh=row.start_wh,
    )


def end_transaction(work: Work, end: End) -> Transaction:
    """Keep an end; of a start never seen too. The same end again changes nothing."""
    row = work.charging.transaction(end.station_id, end.ref)
    if row is None and end.unseen_ref is not None:
        row = work.charging.transaction(end.station_id, end.unseen_ref)
    if row is None:
        row = Transaction(
            station_id=end.station_id,
            evse=end.evse,
            ref=end.unseen_ref or end.ref,
            token=end.token,
            state=ENDED_UNSEEN,
            started_at=end.at,
        )
    elif row.state != RUNNING and row.end_reason != LOST and not row.closed_by:
        return row
    else:
        row.state, row.closed_by = ENDED, ""  # the station's own end counts more; the event log keeps who closed it
    row.ended_at, row.end_wh, row.end_reason = end.at, end.wh, end.reason[:20]
    work.session.add(row)
    work.session.flush()
    _forget_profiles(work, row)
    work.alarms.clear("transaction.stuck", f"{row.station_id}#{row.transaction_id}")
    energy = _energy(work, row)
    work.events.append(
        Kind.TRANSACTION_ENDED,
        row.station_id,
        at=end.at,
        transaction_id=row.transaction_id,
        evse=row.evse,
        ref=row.ref,
        token=row.token,
        truck=row.truck_id,
        energy_wh=energy,
        reason=row.end_reason,
    )
    return row


def _energy(work: Work, row: Transaction) -> float | None:
    """What a charge took, in Wh; a meter that runs backwards or races is told and not believed."""
    if row.start_wh is None or row.end_wh is None:
        return None
    energy = row.end_wh - row.start_wh
    if 0.0 <= energy <= MOST_WH:
        return energy
    went = f"its meter went from {row.start_wh:g} to {row.end_wh:g} Wh"
    text = f"transaction {row.transaction_id} at {row.station_id}: {went}"
    work.alarms.sound("transaction.meter", f"{row.station_id}#{row.transaction_id}", "warning", text)
    return None


def _forget_profiles(work: Work, row: Transaction) -> None:
    """A TxProfile ends with its transaction (1.6 section 3.13.1, 2.0.1 K01.FR.31)."""
    for profile in work.charging.profiles(row.station_id):
        if profile.purpose == "TxProfile" and profile.ref == row.ref:
            profile.state = "cleared"
            work.session.add(profile)
    work.session.flush()


def note_sent_profile(work: Work, profile: InstalledProfile) -> None:
    """A profile is on its way. Until it is confirmed it may or may not hold."""
    key: dict[str, object] = {
        "station_id": profile.station_id,
        "evse": profile.evse,
        "profile_id": profile.profile_id,
    }
    work.upsert(InstalledProfile, key, profile.model_dump(exclude={"installed_id", *key}))


def note_answered_profile(work: Work, station_id: str, evse: int, profile_id: int, status: str) -> None:
    """The station has answered a profile: "Accepted" or why not."""
    query = select(InstalledProfile).where(
        InstalledProfile.station_id == station_id,
        InstalledProfile.evse == evse,
        InstalledProfile.profile_id == profile_id,
    )
    row = work.session.exec(query).first()
    if row is None:
        return
    row.state = "accepted" if status == "Accepted" else "rejected"
    row.confirmed_at = work.now
    work.session.add(row)
    work.session.flush()
    work.events.append(
        Kind.PROFILE_CONFIRMED, station_id, evse=evse, profile_id=profile_id, purpose=row.purpose, status=status
    )


def note_cleared_profiles(work: Work, station_id: str, criteria: dict[str, Any]) -> None:
    """Profiles matching all of `criteria` (column: value) are installed no more."""
    for row in work.charging.profiles(station_id):
        if all(getattr(row, name) == value for name, value in criteria.items()):
            row.state = "cleared"
            work.session.add(row)
    work.session.flush()


def note_fallback(work: Work, station_id: str) -> None:
    """The station has confirmed its fall-back: from now on silence is safe."""
    station = work.stations.get(station_id)
    if station is not None:
        station.fallback_at = work.now
        work.session.add(station)
        work.session.flush()
        work.alarms.clear("station.no_fallback", station_id)


def learn(work: Work, station_id: str, values: dict[str, Any]) -> None:
    """What a station told of its limits: columns of its row."""
    station = work.stations.get(station_id)
    if station is not None:
        for name, value in values.items():
            setattr(station, name, value)
        work.session.add(station)
        work.session.flush()
