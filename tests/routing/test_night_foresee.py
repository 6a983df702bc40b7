"""The forecast in the store: carried from night to night, kept with the plan, and its alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from fleet.clock import FixedClock
from fleet.store import Store
from fleet.tables import Bin, Emptying, ForecastState, Reading
from routing.forecast import Fleet, learn
from routing.forecast import Reading as Level
from routing.night.foresee import Foresight, foresee, group_of, remember

ZONE = ZoneInfo("Africa/Casablanca")
BINS = ("A", "B", "C")


def fill_at(name: str, hours: float) -> float:
    """A saw-tooth of each bin's own slope, emptied every 72 hours."""
    slope = {"A": 0.25, "B": 0.30, "C": 0.20}[name]
    return round(min(1.0, 0.03 + slope * (hours % 72) / 24 + 0.01 * ((hours // 4) % 3 - 1)), 3)


def hear(store: Store, name: str, at: datetime, origin: datetime, **changes: object) -> None:
    fill = max(0.0, fill_at(name, (at - origin) / timedelta(hours=1)))
    values = {"fill": fill, "received_at": at, "quality": "ok", **changes}
    with store.begin() as work:
        work.bins.take_reading(Reading(key=f"{name}-{at.isoformat()}", bin_id=name, measured_at=at, **values))


@pytest.fixture
def origin(store: Store, clock: FixedClock) -> datetime:
    """Twenty days before the clock's evening; three bins of one stream, two in a quarter of their own."""
    with store.begin() as work:
        for name in BINS:
            work.bins.upsert(Bin(bin_id=name, lat=34.9, lon=-2.3, quarter="" if name == "A" else "Centre"))
    return clock.now() - timedelta(days=20)


def hear_day(store: Store, origin: datetime, day: int, names: tuple[str, ...] = BINS) -> None:
    for hour in range(2, 24, 4):
        for name in names:
            hear(store, name, origin + timedelta(days=day, hours=hour), origin)


def look(store: Store, now: datetime) -> Foresight:
    with store.read() as work:
        return foresee(work, work.bins.all(), now, zone=ZONE, history_days=28)


def spend_night(store: Store, now: datetime) -> Foresight:
    seen = look(store, now)
    with store.begin() as work:
        remember(work, seen)
    return seen


def from_nothing(store: Store, now: datetime) -> Fleet:
    with store.read() as work:
        bins = work.bins.all()
        rows = [row for name in BINS for row in work.bins.readings_of(name, now - timedelta(days=28))]
    levels = [Level(row.bin_id, row.measured_at, row.fill, row.received_at, row.quality) for row in rows]
    return learn(BINS, levels, (), now, groups={row.bin_id: group_of(row) for row in bins}, zone=ZONE)


def test_nights_in_the_store_are_the_same_as_the_whole_history(store, origin):
    """Carried on through the store every evening, each reading read once, the forecast is that of the whole history."""
    for day in range(12):
        hear_day(store, origin, day)
        seen = spend_night(store, origin + timedelta(days=day + 1))
        assert seen.fleet.readings == 18
        assert seen.warnings == ()
    now = origin + timedelta(days=12)
    whole = from_nothing(store, now)
    for name in BINS:
        assert seen.fleet.bins[name].expect(now) == pytest.approx(whole.bins[name].expect(now), abs=1e-6)
        assert seen.fleet.bins[name].rate == pytest.approx(whole.bins[name].rate, abs=1e-6)
    assert set(seen.fleet.rates) == {"", "mixed", "mixed|Centre"}


def test_what_is_not_kept_is_read_again(store, origin):
    """A night that fails before its end, and a what-if, leave the memory as it was."""
    hear_day(store, origin, 0)
    now = origin + timedelta(days=1)
    first, second = look(store, now), look(store, now)
    assert first.fleet.readings == second.fleet.readings == 18
    spend_night(store, now)
    assert look(store, now).fleet.readings == 0


def test_a_late_reading_is_found_by_its_number(store, origin):
    """A reading that comes after the night it belongs to is worked in the next evening."""
    for day in range(3):
        hear_day(store, origin, day, ("A", "B") if day == 1 else BINS)
        spend_night(store, origin + timedelta(days=day + 1))
    for hour in range(2, 24, 4):
        late = origin + timedelta(days=3)
        hear(store, "C", origin + timedelta(days=1, hours=hour), origin, received_at=late)
    now = origin + timedelta(days=3, hours=1)
    seen = spend_night(store, now)
    assert seen.fleet.readings == 6
    whole = from_nothing(store, now)
    assert seen.fleet.bins["C"].expect(now) == pytest.approx(whole.bins["C"].expect(now), abs=0.01)


def test_emptyings_found_are_kept_once_and_not_told_back(store, origin):
    """A drop the sensor showed becomes an emptying of source sensor, and teaches the forecast nothing again."""
    for day in range(8):
        hear_day(store, origin, day)
        spend_night(store, origin + timedelta(days=day + 1))
    with store.read() as work:
        rows = [row for row in work.bins.emptyings_since(origin) if row.bin_id == "B"]
        _, told, _ = work.forecasts.heard(work_cursor(), origin)
    assert [row.source for row in rows] == ["sensor", "sensor"]
    assert all(row.fill_before is not None and row.fill_before > 0.8 for row in rows)
    assert told == []


def work_cursor() -> object:
    from fleet.store.forecasts import Cursor

    return Cursor()


def test_a_trucks_word_holds_at_once(store, origin):
    """An emptying told by a truck resets the level before the sensor has spoken."""
    hear_day(store, origin, 0)
    hear_day(store, origin, 1)
    at = origin + timedelta(days=2, hours=1)
    with store.begin() as work:
        work.bins.take_emptying(Emptying(key="t", bin_id="B", emptied_at=at, source="truck"))
    bins = look(store, at + timedelta(hours=1)).fleet.bins
    assert bins["B"].expect(at + timedelta(hours=1)) < 0.1
    assert bins["A"].expect(at + timedelta(hours=1)) > 0.4


def test_a_silent_sensor_sounds_and_clears_by_itself(store, clock, origin):
    """A sensor that falls silent raises an alarm at the night's end, which ends when it speaks again."""
    for day in range(4):
        hear_day(store, origin, day)
    hear_day(store, origin, 4, ("A", "B"))
    seen = spend_night(store, origin + timedelta(days=5))
    assert seen.fleet.bins["C"].health == "silent"
    assert [(each.kind, each.subject) for each in standing(store)] == [("sensor.silent", "C")]
    hear_day(store, origin, 5)
    spend_night(store, origin + timedelta(days=6))
    assert standing(store) == []


def test_a_tilted_sensor_is_named(store, origin):
    """A sensor that says it lies askew is tilted since its last figure, not merely silent."""
    for day in range(4):
        hear_day(store, origin, day)
    for hour in range(2, 24, 4):
        for name in BINS:
            at = origin + timedelta(days=4, hours=hour)
            hear(store, name, at, origin, **({"fill": None, "quality": "tilted"} if name == "A" else {}))
    seen = spend_night(store, origin + timedelta(days=5))
    assert seen.fleet.bins["A"].health == "tilted"
    assert seen.fleet.bins["A"].blind_since == origin + timedelta(days=3, hours=22)
    assert [(each.kind, each.subject) for each in standing(store)] == [("sensor.tilted", "A")]


def standing(store: Store) -> list[object]:
    with store.read() as work:
        return list(work.alarms.standing())


def test_a_damaged_state_is_learned_again(store, origin):
    """Bytes that are no state cost that bin nothing but a reading of its history, and are told."""
    for day in range(4):
        hear_day(store, origin, day)
        spend_night(store, origin + timedelta(days=day + 1))
    now = origin + timedelta(days=4)
    right = look(store, now).fleet.bins["B"].expect(now)
    with store.begin() as work:
        row = work.session.exec(select(ForecastState).where(ForecastState.bin_id == "B")).one()
        row.body = b"damaged"
        work.session.add(row)
    seen = look(store, now)
    assert len(seen.warnings) == 1
    assert seen.warnings[0].startswith("bin B: ")
    assert seen.fleet.bins["B"].expect(now) == pytest.approx(right, abs=0.05)


def test_states_are_kept_on_both_databases(any_store, clock):
    """Bytes and groups come back as they were put, on SQLite and PostgreSQL, and are put again in their place."""
    store = any_store
    start = clock.now() - timedelta(days=3)
    with store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
    for day in range(2):
        hear_day(store, start, day, ("A",))
        spend_night(store, start + timedelta(days=day + 1))
    with store.read() as work:
        (row,) = work.forecasts.states()
        assert row == work.forecasts.state("A")
        assert row.upto == start + timedelta(days=1, hours=22)
        assert set(work.forecasts.groups()) == {"", "mixed"}
    with store.begin() as work:
        work.forecasts.forget()
    with store.read() as work:
        assert work.forecasts.states() == []
        assert work.forecasts.state("A") is None
