"""The figures of a night: what a site drew is taken from its energy registers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.summary import site_power
from fleet.clock import FixedClock
from fleet.store import Store
from fleet.tables import Evse, MeterValue, Place, Station


def test_power_that_changes_hands_is_not_counted_twice(store: Store, clock: FixedClock):
    """One EVSE hands 60 kW to another; their samples lie apart, and the site is still seen at 60 kW and its base."""
    since = clock.now()
    with store.begin() as work:
        site = Place(place_id="depot", name="Depot", lat=34.9, lon=-2.3, site_limit_kw=70.0, base_load_kw=5.0)
        work.places.upsert(site)
        for number, offset in ((1, 10), (2, 40)):
            station = Station(station_id=f"S{number}", place_id="depot")
            work.stations.upsert(station, [Evse(station_id=f"S{number}", number=1, max_kw=60)])
            for minute in range(20):
                at = since + timedelta(minutes=minute, seconds=offset)
                seconds = (at - since).total_seconds()
                drawing = min(seconds, 600) if number == 1 else max(0.0, seconds - 600)
                on = (seconds < 600) == (number == 1)
                work.session.add(
                    MeterValue(
                        station_id=f"S{number}",
                        evse=1,
                        measured_at=at,
                        energy_wh=60_000 * drawing / 3600,
                        power_w=60_000.0 if on else 0.0,
                    )
                )
    with store.read() as work:
        series = site_power(work, site, since, since + timedelta(minutes=20))
    assert max(kw for _, kw in series) == pytest.approx(65.0, abs=1.5)
    assert min(kw for _, kw in series[1:3]) == pytest.approx(65.0, abs=1.5)
