"""One station read from the store, in a thread: rows become values, profiles what they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from chargers.errors import ProfileError
from chargers.profile import ChargingProfile, from_v201
from console.station.curves import AHEAD, BEHIND
from console.station.power import Rack, Running, allowed, binding, put_in
from console.station.values import ConnectorFacts, Holding, MessageLine, ProblemLine, StationFacts

if TYPE_CHECKING:
    from fleet.store import Work
    from fleet.tables import Certificate, InstalledProfile, MeterValue, Station

MESSAGES = 12
TALK = timedelta(hours=1)
"""How far back messages are looked for: a station that is away is not worth unpacking days of blocks."""
STALE = timedelta(minutes=15)
"""A figure older than this says nothing of what is drawn now."""
PROBLEMS = 5


def read_station(work: Work, station_id: str, zone: tzinfo) -> StationFacts | None:
    """What the page of a station shows; None where the store does not know it."""
    row = work.stations.get(station_id)
    if row is None:
        return None
    now = work.now
    certificate = _own_certificate(work, station_id)
    messages = _read_messages(work, station_id, now)
    heard = (row.last_seen_at, *(one.at for one in messages if not one.sent))
    rack, profiles = _read_rack(work, row)
    return StationFacts(
        station_id,
        serial=row.serial,
        last_seen_at=max((at for at in heard if at is not None), default=None),
        booted_at=row.booted_at,
        clock_error_s=row.clock_error_s,
        connected_profile=row.connected_profile if row.online else None,
        least_profile=row.security_profile,
        certificate_until=certificate.not_after if certificate else None,
        certificate_state=certificate.state if certificate else "",
        quirks=tuple(row.quirks),
        rate_unit=row.rate_unit or "",
        fallback_kw=row.fallback_kw if row.fallback_at else None,
        connectors=tuple(
            ConnectorFacts(one.evse, one.number, one.status, one.error_code, one.info, one.status_at)
            for one in work.desk.connectors(station_id)
        ),
        kwh_today=work.desk.energy_since(station_id, midnight(now, zone)) / 1000.0,
        drawn_kw=add_up(work.desk.powers(station_id, now - BEHIND)),
        allowed_kw=allowed(rack, now, AHEAD),
        holding=_read_holding(work, rack, profiles, now),
        messages=messages,
        problems=_read_problems(work, station_id),
    )


def midnight(now: datetime, zone: tzinfo) -> datetime:
    """When the city's day began."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def add_up(rows: Sequence[MeterValue]) -> tuple[tuple[datetime, float], ...]:
    """What all EVSEs of a station drew together, in kW, at each instant one of them told."""
    last: dict[int, tuple[datetime, float]] = {}
    drawn: dict[datetime, float] = {}
    for row in rows:
        last[row.evse] = row.measured_at, (row.power_w or 0.0) / 1000.0
        # a meter of the whole station (EVSE 0) stands for its EVSEs
        parts = [last[0]] if 0 in last else list(last.values())
        drawn[row.measured_at] = sum(kw for at, kw in parts if row.measured_at - at < STALE)
    return tuple(drawn.items())


@dataclass(frozen=True, slots=True)
class _Confirmed:
    """A profile a station confirmed, and the row it was read from."""

    row: InstalledProfile
    profile: ChargingProfile


def _read_rack(work: Work, row: Station) -> tuple[Rack, list[_Confirmed]]:
    """The station as its profiles see it, and the profiles it confirmed."""
    confirmed: list[_Confirmed] = []
    for sent in work.charging.profiles(row.station_id):
        if sent.state == "accepted":
            try:
                confirmed.append(_Confirmed(sent, from_v201(sent.body)))
            except ProfileError:
                continue  # written by hand and taken by the station all the same: nobody can draw it
    confirmed.sort(key=lambda one: one.row.confirmed_at or one.row.sent_at)
    charges = {
        charge.evse: Running(charge.ref or "", charge.started_at) for charge in work.charging.running(row.station_id)
    }
    numbers = tuple(evse.number for evse in work.stations.evses(row.station_id)) or (1,)
    held = put_in((one.row.evse, one.profile) for one in confirmed)
    return Rack(numbers, row.max_kw, held, charges), confirmed


def _read_holding(work: Work, rack: Rack, confirmed: Sequence[_Confirmed], now: datetime) -> Holding | None:
    one = binding(rack, now)
    if one is None:
        return None
    row = next(known.row for known in confirmed if known.profile is one.profile)
    order = work.orders.get(row.order_id) if row.order_id is not None else None
    return Holding(
        str(one.profile.purpose),
        row.order_id,
        order.who if order else "",
        order.why if order else "",
        row.confirmed_at,
    )


def _own_certificate(work: Work, station_id: str) -> Certificate | None:
    """The certificate a station shows of itself: the valid one that holds longest."""
    mine = [row for row in work.trust.certificates(station_id) if row.use == "station"]
    return max(mine, key=lambda row: (row.state == "valid", row.not_after), default=None)


def _read_messages(work: Work, station_id: str, now: datetime) -> tuple[MessageLine, ...]:
    found = work.frames.exchanges(station_id, count=MESSAGES, since=now - TALK)
    return tuple(
        MessageLine(
            number,
            one.at,
            one.sent,
            one.action,
            one.error or ("OK" if one.reply is not None else ""),
            one.milliseconds,
        )
        for number, one in enumerate(found)
    )


def _read_problems(work: Work, station_id: str) -> tuple[ProblemLine, ...]:
    """What it noticed last and has not taken back: of each part the newest word."""
    newest: dict[tuple[str, str], ProblemLine | None] = {}
    for row in work.devices.events(station_id):
        line = ProblemLine(row.at, row.component, row.variable, row.value, row.tech_code)
        over = row.cleared or row.trigger != "Alerting" or row.value.casefold() == "false"
        newest.setdefault((row.component, row.variable), None if over else line)
    return tuple(line for line in newest.values() if line is not None)[:PROBLEMS]
