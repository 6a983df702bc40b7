"""Which bins on which night: cheapest where there is room, moved at the least loss where there is not."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.horizon import Room, Wish, spread

MONDAY = date(2026, 3, 9)
COSTS = {"overflow_cost": 250.0, "stop_cost": 12.0}


def rooms(*stops: float) -> list[Room]:
    return [Room(MONDAY + timedelta(days=number), each) for number, each in enumerate(stops)]


def fills(name: str, day: int, nights: int = 3, cycle: float = 6.0, held: int | None = None) -> Wish:
    """A bin that surely overflows on a day and hardly before."""
    risk = tuple(1.0 if night > day else 0.001 * night for night in range(nights + 1))
    return Wish(bin=name, risk=risk, open_on=(True,) * nights, cycle_days=cycle, held=held)


def test_each_bin_goes_to_its_last_safe_night():
    """With room everywhere a bin is emptied on the last night before it overflows."""
    found = spread([fills("A", 0), fills("B", 1), fills("C", 2), fills("D", 9)], rooms(9, 9, 9), **COSTS)
    assert found.night == {"A": 0, "B": 1, "C": 2, "D": None}
    assert found.price == (0, 0, 0)


def test_full_night_ahead_pulls_bins_into_tonight_and_makes_them_dear():
    """Five bins for tomorrow and room for two: three come tonight, and tonight's value of each says why."""
    wishes = [fills(f"B{number}", 1, cycle=6 + number) for number in range(5)]
    free, tight = spread(wishes, rooms(9, 9, 9), **COSTS), spread(wishes, rooms(9, 2, 9), **COSTS)
    nights = list(tight.night.values())
    assert (nights.count(0), nights.count(1)) == (3, 2)
    assert tight.price[1] > 0
    assert all(tight.value[name] > free.value[name] for name in tight.value)


def test_night_of_rest_is_never_chosen():
    """On a day without a truck of its stream a bin is not emptied, and the night before is worth its overflow."""
    wish = Wish(bin="A", risk=(0.0, 0.3, 1.0), open_on=(True, False), cycle_days=4.0)
    found = spread([wish], rooms(5, 0), **COSTS)
    assert found.night == {"A": 0}
    assert found.value["A"] > 200


def test_held_bin_stays_where_there_is_no_room():
    """What is due tonight is tonight's, however full the night."""
    found = spread([fills("A", 0, held=0), fills("B", 0, held=0)], rooms(1, 9, 9), **COSTS)
    assert found.night == {"A": 0, "B": 0}


def test_slow_bin_is_worth_less_than_a_stop_tonight():
    """A bin a month from full is worth next to nothing tonight."""
    found = spread([fills("A", 99, nights=7, cycle=30.0)], rooms(*[9] * 7), **COSTS)
    assert 0 <= found.value["A"] <= COSTS["stop_cost"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.lists(st.integers(0, 9), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_no_night_is_overfull_while_another_has_room(count, stops, random):
    """Whatever the bins: no night takes more than its room, for after the last night there is always some."""
    nights = len(stops)
    wishes = [
        Wish(
            bin=f"B{number}",
            risk=tuple(np.maximum.accumulate([random.random() for _ in range(nights + 1)]).tolist()),
            open_on=tuple(random.random() > 0.2 for _ in range(nights)),
            cycle_days=1 + 9 * random.random(),
        )
        for number in range(count)
    ]
    found = spread(wishes, rooms(*stops), **COSTS)
    counts = [sum(at == night for at in found.night.values()) for night in range(nights)]
    assert all(count <= stop for count, stop in zip(counts, stops, strict=True))
    assert all(wish.open_on[at] for wish in wishes if (at := found.night[wish.bin]) is not None)
    assert set(found.value) == {wish.bin for wish in wishes}
    assert all(value >= 0 for value in found.value.values())


def test_five_thousand_bins_take_no_time():
    """A week of 5,000 bins is spread within a second, most nights too full."""
    from time import process_time

    rng = np.random.default_rng(1)
    wishes = [fills(f"B{number}", int(day), nights=7) for number, day in enumerate(rng.integers(0, 9, 5000))]
    began = process_time()
    found = spread(wishes, rooms(*[400.0] * 7), **COSTS)
    assert process_time() - began < 1.5
    assert max(sum(at == night for at in found.night.values()) for night in range(7)) <= 400


@pytest.mark.parametrize("wishes", [[]])
def test_no_bins(wishes):
    """An empty city has an empty week."""
    assert spread(wishes, rooms(3, 3), **COSTS).night == {}
