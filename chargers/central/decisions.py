"""Orders that are decisions: carried out here, whether or not the station they are about is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from chargers.central.arguments import Arguments
from chargers.central.desk import Desk
from chargers.central.outcome import Outcome
from chargers.central.session import Session
from chargers.central.socket import CloseCode
from chargers.errors import OrderUnclear
from fleet.events import Kind
from fleet.orders import OrderKind
from fleet.passwords import hash_password, is_digest
from fleet.store import Work
from fleet.tables import Certificate, Order

Sessions: TypeAlias = Mapping[str, Session]
"""Those connected now, by station id."""


async def admit(desk: Desk, sessions: Sessions, order: Order) -> Outcome:
    """A station is let in or shown out."""
    want = Arguments(order.args)
    admission = want.choice("admission", ("accepted", "refused"))
    password, digest = order.args.get("password"), order.args.get("password_hash")
    if digest is not None and not is_digest(digest):
        raise OrderUnclear("password_hash is none: give the digest fleet.passwords makes, or the password")
    kept = await asyncio.to_thread(hash_password, str(password)) if password else digest
    fault = await desk.writer.do(lambda work: decide(work, order, admission, kept))
    if fault is not None:
        return Outcome(accepted=False, answer={"why": fault})
    session = sessions.get(order.target)
    if session is not None and admission == "refused":
        session.dismiss(CloseCode.POLICY_VIOLATION, "refused by a dispatcher")
    elif session is not None and kept is not None:
        session.dismiss(CloseCode.SERVICE_RESTART, "connect again with the password")
    elif session is not None and not session.admitted:
        session.admit()
    return Outcome(accepted=True, answer={"admission": admission})


def decide(work: Work, order: Order, admission: str, password_hash: str | None) -> str | None:
    """A dispatcher has decided on a station, and may have named and placed it; why it cannot be, or None."""
    station = work.stations.get(order.target)
    if station is None:
        return f"there is no station {order.target}"
    name, place_id = order.args.get("name"), order.args.get("place_id")
    if place_id is not None and all(place.place_id != place_id for place in work.places.all()):
        return f"there is no place {place_id!r}"
    station.admission = admission
    station.name = str(name) if name else station.name
    station.place_id = str(place_id) if place_id else station.place_id
    if password_hash is not None:
        station.password_hash, station.next_password_hash = password_hash, None
    work.session.add(station)
    work.session.flush()
    work.alarms.clear("station.parked", station.station_id)
    told: dict[str, Any] = {"admission": admission, "name": station.name, "place_id": station.place_id}
    work.events.append(Kind.STATION_ADMITTED, station.station_id, who=order.who, **told)
    return None


async def revoke(desk: Desk, _sessions: Sessions, order: Order) -> Outcome:
    """A station's own certificate holds no more: it goes onto the authority's list, then the store says so.

    Whoever is connected with it is sent away by the vigil within seconds. Twice is once.
    """
    number = Arguments(order.args).whole("certificate_id")
    authority = desk.authority
    if authority is None:
        return Outcome(accepted=False, answer={"why": "there is no authority here: set ocpp.tls_port first"})

    def look(work: Work) -> Certificate | None:
        row = work.trust.certificate(number)
        return row if row is not None and row.station_id == order.target and row.use == "station" else None

    row = await desk.writer.read(look)
    if row is None:
        return Outcome(accepted=False, answer={"why": f"{order.target} has no certificate {number} of its own"})
    await asyncio.to_thread(authority.revoke, row.serial)
    await desk.writer.do(lambda work: work.trust.mark_certificate(number, "revoked", order.why))
    return Outcome(accepted=True, answer={"serial": row.serial})


DEEDS: Mapping[OrderKind, Callable[[Desk, Sessions, Order], Awaitable[Outcome]]] = {
    OrderKind.ADMIT_STATION: admit,
    OrderKind.REVOKE_CERTIFICATE: revoke,
}
