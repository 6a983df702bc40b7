"""What an order by hand may not do to a site's connection: refused, with the figures, before anything is sent.

The night and the sharing of a site count every station themselves (I3 of chargers.safety), and need no guard. Whoever
sets a limit by hand may lower what he likes; what raises is measured against all that the others may draw then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chargers.central.installing import watts_at
from chargers.errors import ChargersError
from chargers.profile import ChargingProfile, Purpose, from_v16, from_v201
from fleet.orders import OrderKind
from fleet.store import Work
from fleet.tables import InstalledProfile, Order, Place, Station

PLANNERS = frozenset({"depot", "sites"})
"""Who orders what was counted already."""
STEP, STEPS = timedelta(minutes=15), 96
"""A day is looked at, a quarter of an hour at a time."""
SLACK_KW = 0.05
ANY_EVSE = 0


def fault_of(work: Work, order: Order) -> str | None:
    """Why an order would let a site draw more than its connection carries; None where it would not."""
    if order.who in PLANNERS:
        return None
    site = _site_of(work, order.target)
    if site is None or site.site_limit_kw is None:
        return None
    if order.kind == OrderKind.LIMIT_STATION:
        return _too_much(site, order.args.get("limit_kw"))
    asked = _profile_of(order)
    if asked is None:
        return None
    evse, profile = asked
    if profile.purpose in (Purpose.TX, Purpose.TX_DEFAULT):
        return _overdrawn(work, site, order.target, evse, profile)
    now = work.now
    return _too_much(site, max((_kw(profile, at) or 0.0 for at in _instants(profile, now)), default=0.0))


def _site_of(work: Work, station_id: str) -> Place | None:
    station = work.stations.get(station_id)
    return None if station is None or station.place_id is None else work.places.get(station.place_id)


def _too_much(site: Place, kw: object) -> str | None:
    """A limit for a whole station above what its site carries is a slip of the pen."""
    room = (site.site_limit_kw or 0.0) - site.base_load_kw
    if isinstance(kw, bool) or not isinstance(kw, int | float) or kw <= room + SLACK_KW:
        return None
    return f"{kw:g} kW is more than {site.name or site.place_id} has for charging ({room:g} kW); give that or less"


def _profile_of(order: Order) -> tuple[int, ChargingProfile] | None:
    """EVSE and profile of an order that sends one, as an order or as a raw call; None where it cannot be read."""
    args = order.args
    raw = args.get("payload") if order.kind == OrderKind.CALL and args.get("action") == "SetChargingProfile" else None
    try:
        if order.kind == OrderKind.SET_PROFILE:
            return int(args["evse"]), from_v201(args["profile"])
        if isinstance(raw, dict) and "csChargingProfiles" in raw:
            return int(raw["connectorId"]), from_v16(raw["csChargingProfiles"])
        if isinstance(raw, dict):
            return int(raw["evseId"]), from_v201(raw["chargingProfile"])
    except (ChargersError, KeyError, TypeError, ValueError, AttributeError):
        return None  # it is refused for what it is when it is carried out
    return None


@dataclass(frozen=True, slots=True)
class _Outlet:
    """An EVSE of the site and all that may bind it."""

    station: Station
    number: int
    most_kw: float
    installed: Sequence[tuple[InstalledProfile, ChargingProfile]]

    def held_kw(self, at: datetime) -> float:
        """The most it may draw at an instant, whatever it follows; its hardware before it confirmed its fall-back."""
        if self.station.fallback_at is None:
            return self.most_kw
        said = [_kw(profile, at) for row, profile in self.installed if row.evse in (ANY_EVSE, self.number)]
        return min(self.most_kw, max([self.station.fallback_kw, *(kw for kw in said if kw is not None)]))


def _overdrawn(work: Work, site: Place, station_id: str, evse: int, profile: ChargingProfile) -> str | None:
    outlets = list(_outlets(work, site))
    bound = [one for one in outlets if one.station.station_id == station_id and evse in (ANY_EVSE, one.number)]
    others = [one for one in outlets if not any(one is mine for mine in bound)]
    for at in _instants(profile, work.now):
        wanted = _kw(profile, at)
        if wanted is None:
            continue
        held = [one.held_kw(at) for one in bound]
        raised = sum(max(kw, min(wanted, one.most_kw)) for kw, one in zip(held, bound, strict=True))
        taken = sum(one.held_kw(at) for one in others)
        limit = site.site_limit_kw or 0.0
        room = limit - site.base_load_kw - taken
        if raised > sum(held) + SLACK_KW and raised > room + SLACK_KW:
            name = site.name or site.place_id
            return (
                f"at {at:%H:%M} UTC {name} could draw {limit - room + raised:.1f} kW of {limit:g}:"
                f" others may take {taken:.1f} kW; give {station_id} at most {max(room, 0.0):.1f} kW"
            )
    return None


def _outlets(work: Work, site: Place) -> Iterator[_Outlet]:
    for station in work.stations.all():
        if station.place_id == site.place_id and station.admission == "accepted":
            installed = _held_profiles(work, station.station_id)
            for number, most_kw in _evses(work, station):
                yield _Outlet(station, number, most_kw, installed)


def _evses(work: Work, station: Station) -> list[tuple[int, float]]:
    """Number and hardware of each EVSE, none above the station's."""
    rows = [(row.number, min(row.max_kw, station.max_kw)) for row in work.stations.evses(station.station_id)]
    return rows or [(1, station.max_kw)]


def _held_profiles(work: Work, station_id: str) -> list[tuple[InstalledProfile, ChargingProfile]]:
    """What may be in force there: default profiles, and those of charges under way, confirmed or on their way."""
    refs = {row.ref for row in work.charging.running(station_id)}
    found = []
    for row in work.charging.profiles(station_id):
        known = row.purpose == Purpose.TX_DEFAULT or (row.purpose == Purpose.TX and row.ref in refs)
        if known and row.state in ("sent", "accepted"):
            try:
                found.append((row, from_v201(row.body)))
            except ChargersError:
                continue
    return found


def _instants(profile: ChargingProfile, now: datetime) -> list[datetime]:
    """Now, the coming quarters of an hour, and where the profile steps."""
    start = profile.schedule.start or now
    steps = (start + timedelta(seconds=period.start_s) for period in profile.schedule.periods)
    coming = [at for at in steps if now < at < now + STEPS * STEP]
    return sorted({now, *(now + number * STEP for number in range(1, STEPS)), *coming})


def _kw(profile: ChargingProfile, at: datetime) -> float | None:
    watts = watts_at(profile, at)
    return None if watts is None else watts / 1000.0
