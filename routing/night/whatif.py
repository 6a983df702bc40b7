"""What if: the same night with fewer trucks, another disposal site, a street or place closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from routing.errors import ProblemError
from routing.night.gather import Situation


@dataclass(frozen=True, slots=True)
class Change:
    """What is supposed. Empty fields suppose nothing.

    `trucks`: how many trucks there are; `without`: these are away; `sites`: only these disposal sites take loads;
    `without_sites`: these do not; `closed`: places or streets nobody may use.
    """

    trucks: int | None = None
    without: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    without_sites: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def suppose(situation: Situation, change: Change) -> tuple[Situation, tuple[str, ...]]:
    """The situation as it would be, and the streets that are closed: what is no place is taken for a street.

    Raises:
        ProblemError: a truck or place nobody knows.
    """
    trucks = {row.truck_id for row, _ in situation.crews}
    sites = {place.place_id for place in situation.disposal}
    _know("truck", change.without, trucks, "with a shift that day")
    _know("disposal site", (*change.sites, *change.without_sites), sites, "in the store")
    shut = {name for name in change.closed if name in sites}
    depots = {place.place_id for place in situation.depots}
    streets = tuple(name for name in change.closed if name not in sites | depots)
    away = set(change.without)
    if change.trucks is not None:
        if change.trucks < 1:
            raise ProblemError(f"{change.trucks} trucks plan nothing; name at least one")
        away |= set(sorted(trucks - away)[change.trucks :])
    crews = tuple(
        (row, shift) for row, shift in situation.crews if row.truck_id not in away and row.depot_id not in change.closed
    )
    disposal = tuple(
        place
        for place in situation.disposal
        if place.place_id not in shut
        and place.place_id not in change.without_sites
        and (not change.sites or place.place_id in change.sites)
    )
    return replace(situation, crews=crews, disposal=disposal), streets


def _know(what: str, named: tuple[str, ...], known: set[str], where: str) -> None:
    for name in named:
        if name not in known:
            raise ProblemError(f"there is no {what} {name} {where}; there are: {', '.join(sorted(known)) or 'none'}")
