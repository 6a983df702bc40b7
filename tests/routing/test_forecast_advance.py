"""The forecast carried on from night to night: the same as from nothing, whatever order and hour readings come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from routing.errors import ForecastError
from routing.forecast import Emptying, Fleet, Memory, Reading, advance, learn, pack_bin, unpack_bin

BEGIN = datetime(2026, 2, 2, tzinfo=UTC)
NAMES = tuple(f"B{number:02d}" for number in range(12))
GROUPS = {name: f"mixed|{'Nord' if number % 2 else 'Sud'}" for number, name in enumerate(NAMES)}
DAYS = 26
END = BEGIN + timedelta(days=DAYS)


def play(seed: int = 7, days: int = DAYS) -> tuple[list[Reading], list[Emptying]]:
    """Bins that fill by day at rates of their own, with noise, outliers and silences; some emptyings are told."""
    draw = Random(seed)
    readings, emptyings = [], []
    for number, name in enumerate(NAMES):
        fill, rate = draw.random() * 0.5, 0.15 + 0.03 * number
        for hour in range(days * 24):
            at = BEGIN + timedelta(hours=hour, minutes=number)
            fill += rate / 12 * (8 <= hour % 24 < 20) * draw.gammavariate(2, 0.5)
            if hour % 24 == 5 and fill > 0.65:
                fill = 0.02
                if number % 3 == 0:
                    emptyings.append(Emptying(name, at - timedelta(minutes=1)))
            if hour % 4 == number % 4 and draw.random() > 0.05:
                said = draw.random() if draw.random() < 0.02 else fill + draw.gauss(0, 0.02)
                readings.append(Reading(name, at, round(min(1.0, max(0.0, said)), 3)))
    return readings, emptyings


def nightly(
    readings: Sequence[Reading], emptyings: Sequence[Emptying], *, packed: bool = False, days: int = DAYS
) -> Fleet:
    """Advance once an evening by what was heard that day."""
    memory, seen = Memory(), BEGIN - timedelta(days=1)
    for day in range(days):
        now = BEGIN + timedelta(days=day + 1)
        if packed:
            memory = Memory(
                {name: unpack_bin(pack_bin(each), each.older) for name, each in memory.bins.items()}, memory.groups
            )
        fleet = advance(
            memory,
            NAMES,
            [each for each in readings if seen < (each.received or each.at) <= now],
            [each for each in emptyings if seen < each.at <= now],
            now,
            groups=GROUPS,
        )
        seen = now
    return fleet


def same(one: Fleet, other: Fleet, *, close: float = 1e-6) -> None:
    assert one.bins.keys() == other.bins.keys()
    for name, mine in one.bins.items():
        their = other.bins[name]
        assert (mine.health, mine.blind_since, mine.at) == (their.health, their.blind_since, their.at), name
        for when in (END, END + timedelta(hours=30)):
            assert mine.expect(when) == pytest.approx(their.expect(when), abs=close), name
            assert mine.reaches(0.9, when) == pytest.approx(their.reaches(0.9, when), abs=10 * close), name
        assert mine.rate == pytest.approx(their.rate, abs=close), name
        assert mine.widen == their.widen


@pytest.fixture(scope="module")
def told() -> tuple[list[Reading], list[Emptying]]:
    return play()


@pytest.fixture(scope="module")
def whole(told: tuple[list[Reading], list[Emptying]]) -> Fleet:
    return learn(NAMES, *told, END, groups=GROUPS)


def test_night_by_night_is_the_same_as_from_nothing(told, whole):
    """Advancing every evening gives what learning the whole history at once gives."""
    same(nightly(*told), whole)


def test_a_restart_changes_nothing(told, whole):
    """Packed to bytes and read back every evening, the memory goes on as if it had stayed."""
    same(nightly(*told, packed=True), whole)


def test_found_emptyings_are_told_once(told, whole):
    """The nights together find the emptyings the whole history finds, each once."""
    memory, found = Memory(), []
    for day in range(DAYS):
        now = BEGIN + timedelta(days=day + 1)
        heard = [each for each in told[0] if now - timedelta(days=1) < each.at <= now]
        emptied = [each for each in told[1] if now - timedelta(days=1) < each.at <= now]
        found += advance(memory, NAMES, heard, emptied, now, groups=GROUPS).found
    assert {(one.bin, one.at) for one in found} == {(one.bin, one.at) for one in whole.found}
    assert len(found) == len(whole.found) > 20


def test_repeated_readings_change_nothing(told, whole):
    """Every reading twice, and all of last week's again at the end."""
    doubled = [*told[0], *told[0]]
    fleet = learn(NAMES, doubled, [*told[1], *told[1]], END, groups=GROUPS)
    same(fleet, whole)
    again = [each for each in told[0] if each.at > END - timedelta(days=5)]
    same(advance(fleet.memory, NAMES, again, (), END, groups=GROUPS), whole)


def test_a_radio_echo_is_no_reading(told, whole):
    """The same figure within ten seconds counts once."""
    echoes = [Reading(each.bin, each.at + timedelta(seconds=4), each.fill) for each in told[0]]
    same(learn(NAMES, [*told[0], *echoes], told[1], END, groups=GROUPS), whole)


def test_late_readings_are_worked_in_from_the_older_state(told, whole):
    """Readings of one bin that come two days late end where they would have ended in time."""
    first, last = END - timedelta(days=4), END - timedelta(days=2)
    held = [each for each in told[0] if each.bin == "B03" and first < each.at <= last]
    assert len(held) > 8
    rest = [each for each in told[0] if each not in held]
    fleet = nightly(rest, told[1])
    assert fleet.bins["B03"].expect(END) != pytest.approx(whole.bins["B03"].expect(END), abs=1e-6)
    same(advance(fleet.memory, NAMES, held, (), END, groups=GROUPS), whole)


def test_readings_later_than_a_fit_leave_the_groups_as_they_were(told, whole):
    """Across a weekly fit a late reading corrects its bin; the groups, fitted without it, differ by next to nothing."""
    first, last = END - timedelta(days=9), END - timedelta(days=4)
    held = [each for each in told[0] if each.bin == "B03" and first < each.at <= last]
    fleet = nightly([each for each in told[0] if each not in held], told[1])
    late = advance(fleet.memory, NAMES, held, (), END, groups=GROUPS)
    mine, right = late.bins["B03"], whole.bins["B03"]
    assert mine.expect(END) == pytest.approx(right.expect(END), abs=0.01)
    assert mine.rate == pytest.approx(right.rate, rel=0.05)
    assert late.bins["B00"].rate == pytest.approx(whole.bins["B00"].rate, rel=0.02)
    assert mine.lost == 0


def test_readings_weeks_late_are_counted_and_left(told):
    """What is older than the state before the last fit is not worked in, and said."""
    held = [each for each in told[0] if each.bin == "B03" and each.at < BEGIN + timedelta(days=6)]
    fleet = nightly([each for each in told[0] if each not in held], told[1])
    before = fleet.bins["B03"]
    after = advance(fleet.memory, NAMES, held, (), END, groups=GROUPS).bins["B03"]
    assert after.lost == len(held)
    assert after.expect(END) == before.expect(END)


@pytest.mark.parametrize(
    "wrong", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)]
)
def test_a_clock_that_jumped_is_mended_by_the_time_of_receipt(told, whole, wrong):
    """Times of 1970, 2099 or years back count as of their receipt, and are told at the bin."""
    sent = [Reading(each.bin, each.at, each.fill, each.at) for each in told[0]]
    jumped = [
        Reading(each.bin, wrong + (each.at - BEGIN), each.fill, each.at)
        if each.bin == "B05" and each.at > END - timedelta(days=3)
        else each
        for each in sent
    ]
    fleet = nightly(jumped, told[1])
    hit = fleet.bins["B05"]
    assert hit.jumps > 8
    assert hit.health == "clock"
    assert hit.expect(END) == pytest.approx(whole.bins["B05"].expect(END), abs=1e-6)
    assert fleet.bins["B04"].jumps == 0
    assert fleet.bins["B04"].expect(END) == pytest.approx(whole.bins["B04"].expect(END), abs=1e-6)


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)])
def test_a_clock_that_jumped_without_a_receipt_is_left_out(told, whole, wrong):
    """A time no reading can have, and nothing to mend it by: left out and counted, no harm to any bin."""
    extra = [Reading("B05", wrong + timedelta(hours=hour), 0.99) for hour in range(20)]
    fleet = learn(NAMES, [*told[0], *extra], told[1], END, groups=GROUPS)
    assert fleet.bins["B05"].jumps == 20
    for name in NAMES:
        assert fleet.bins[name].expect(END) == whole.bins[name].expect(END)


def test_a_clock_going_back_an_hour_each_day_does_no_harm(told, whole):
    """Readings whose clock falls back are taken in the order they say; the bin stays near the truth."""
    shifted = [
        Reading(each.bin, each.at - timedelta(hours=each.at.day % 3), each.fill) if each.bin == "B06" else each
        for each in told[0]
    ]
    fleet = nightly(shifted, told[1])
    assert fleet.bins["B06"].expect(END) == pytest.approx(whole.bins["B06"].expect(END), abs=0.12)
    assert fleet.bins["B07"].expect(END) == pytest.approx(whole.bins["B07"].expect(END), abs=0.01)


def test_a_bin_may_come_and_go(told, whole):
    """A bin without readings is carried on its group's rate; one left out for a while is found again."""
    memory = Memory()
    half = BEGIN + timedelta(days=13)
    advance(memory, NAMES, [each for each in told[0] if each.at <= half], told[1], half, groups=GROUPS)
    advance(memory, NAMES[1:], (), (), half + timedelta(days=2), groups=GROUPS)
    rest = [each for each in told[0] if each.at > half]
    fleet = advance(memory, [*NAMES, "new"], rest, told[1], END, groups={**GROUPS, "new": "mixed|Nord"})
    assert fleet.bins["new"].health == "new"
    assert fleet.bins["new"].rate == pytest.approx(fleet.rates["mixed|Nord"])
    assert fleet.bins["B00"].expect(END) == pytest.approx(whole.bins["B00"].expect(END), abs=0.02)


def test_a_damaged_state_is_named():
    """Bytes that are no state give one line with the mend."""
    with pytest.raises(ForecastError, match="rebuild learns it anew"):
        unpack_bin(b"\x91\x01", None)
    with pytest.raises(ForecastError, match="rebuild learns it anew"):
        unpack_bin(b"nonsense", None)


def test_a_state_stays_small(told):
    """A bin reporting every four hours takes at most 4 kB, snapshots included."""
    fleet = nightly(*told)
    sizes = [len(pack_bin(each)) + len(each.older or b"") for each in fleet.memory.bins.values()]
    assert max(sizes) <= 4096
