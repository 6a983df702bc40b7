"""What a site draws beside its stations, from its own meter: slow to believe less, quick to believe more.

The meter is posted to the site, or it is read by a station of the site in the group "site-meter", which tells it as
Power.Active.Import at its inlet, EVSE 0. Chargers' power is taken off where it is known of the same two minutes; what
is not known stays in, so a mistake makes the base load too large and never too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from fleet.store import Work
from fleet.tables import MeterValue, Place

FRESH = timedelta(minutes=2)
"""An older reading tells nothing of now: the highest base load holds (I5 of chargers.safety)."""
WINDOW = timedelta(minutes=5)
"""The largest base load of so long counts."""
GROUP = "site-meter"
POWER, INLET = "Power.Active.Import", "Inlet"
FACTORS = {"": 1.0, "W": 1.0, "kW": 1000.0}

Reading = tuple[datetime, float]
"""Instant, W."""


def live_base_kw(work: Work, site: Place) -> float | None:
    """The base load of a site now; None where its meter says nothing fresh."""
    now = work.now
    values = work.charging.meters_at(site.place_id, now - WINDOW - FRESH, now)
    readings = [(row.measured_at, row.power_w) for row in work.sites.meters(site.place_id, now - WINDOW, now + FRESH)]
    readings += _told_by_stations(work, site, now)
    if not readings or now - max(readings)[0] > FRESH:
        return None
    return max(max(0.0, watts - _charging_w(values, at)) for at, watts in readings) / 1000


def _charging_w(values: Sequence[MeterValue], at: datetime) -> float:
    """What stations were known to draw at an instant."""
    newest: dict[tuple[str, int], float] = {}
    for row in values:
        if row.evse and at - FRESH <= row.measured_at <= at:
            newest[row.station_id, row.evse] = row.power_w or 0.0
    return sum(newest.values())


def _told_by_stations(work: Work, site: Place, now: datetime) -> list[Reading]:
    meters = [
        row.station_id
        for row in work.stations.all()
        if row.place_id == site.place_id and GROUP in [name.strip() for name in row.groups.split(",")]
    ]
    rows = work.meters.of_stations(meters, now - WINDOW, now) if meters else []
    return [(row.measured_at, watts) for row in rows if (watts := _inlet_w(row)) is not None]


def _inlet_w(row: MeterValue) -> float | None:
    """The power at the inlet among what has no column of its own."""
    found = 0.0
    told = False
    for name, value, unit, phase, location in msgspec.json.decode(row.extra) if row.extra else ():
        if name == POWER and location == INLET and unit in FACTORS:
            try:
                watts = float(value) * FACTORS[unit]
            except ValueError:
                continue
            if phase is None:
                return watts
            found, told = found + watts, True
    return found if told else None
