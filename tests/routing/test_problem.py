"""A night that cannot be planned as written is refused in words that name the mend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.errors import ProblemError
from routing.problem import Break, Site, Truck, Visit


def test_a_sound_night_is_taken(make_night):
    """The drawn night passes and finds its trucks' depots."""
    night = make_night()
    assert night.depot_of(night.trucks[1]).place == "D2"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("trucks", "no trucks"),
        ("visits", "no bins"),
        ("sites", "no disposal site"),
    ],
)
def test_an_empty_part_is_named(make_night, part, says):
    """No trucks, no bins, no disposal site: each has its message."""
    with pytest.raises(ProblemError, match=says):
        replace(make_night(), **{part: ()})


def test_twins_are_refused(make_night):
    """A bin or truck that appears twice is named."""
    night = make_night()
    with pytest.raises(ProblemError, match="bin B0 appears twice"):
        replace(night, visits=(*night.visits, night.visits[0]))
    with pytest.raises(ProblemError, match="truck T0 appears twice"):
        replace(night, trucks=(*night.trucks, night.trucks[0]))


def test_a_location_outside_the_matrix_is_refused(make_night):
    """A bin at a row the matrix lacks is named."""
    night = make_night()
    with pytest.raises(ProblemError, match="bin B3: location 99"):
        replace(night, visits=tuple(replace(v, location=99) if v.bin == "B3" else v for v in night.visits))


def test_an_unknown_depot_is_refused(make_night):
    """A truck of a depot the plan does not have is named."""
    night = make_night()
    with pytest.raises(ProblemError, match="truck T0: its depot 'nowhere'"):
        replace(night, trucks=(replace(night.trucks[0], depot="nowhere"),))


def test_matrices_must_fit(make_night):
    """Matrices that are not square, not whole, or of two sizes are refused."""
    night = make_night()
    with pytest.raises(ProblemError, match="square"):
        replace(night, metres=night.metres[:3])
    with pytest.raises(ProblemError, match="whole numbers"):
        replace(night, metres=night.metres.astype(np.float64))
    with pytest.raises(ProblemError, match="differ in size"):
        replace(night, metres=night.metres[:4, :4])


def test_a_zero_without_zone_is_refused(make_night):
    """Times count from an aware instant."""
    night = make_night()
    with pytest.raises(ProblemError, match="time zone"):
        replace(night, zero=night.zero.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"litres": 0}, "above 0"),
        ({"ends": 0}, "its shift ends"),
        ({"max_tips": 0}, "at least one"),
        ({"streams": frozenset()}, "no stream"),
        ({"cost_per_km": -1.0}, "cost_per_km"),
        ({"spendable_kwh": -1.0}, "kWh"),
    ],
)
def test_an_impossible_truck_is_refused(make_night, change, says):
    """What a truck cannot be is said with its name."""
    truck: Truck = make_night().trucks[0]
    with pytest.raises(ProblemError, match=f"truck T0.*{says}"):
        replace(truck, **change)


def test_impossible_hours_are_refused():
    """A break, a site or a bin whose hours leave no room is refused."""
    with pytest.raises(ProblemError, match="break of 1800 s"):
        Break(seconds=1800, opens=0, closes=1000)
    with pytest.raises(ProblemError, match="site S"):
        Site(place="S", location=0, opens=0, closes=60)
    with pytest.raises(ProblemError, match="bin B"):
        Visit(bin="B", location=0, litres=1, kg=1, service_seconds=1, opens=10, closes=5)
