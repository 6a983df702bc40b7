"""Fair shares of a site's room, over three phases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargers.safety.state import EvseId
from chargers.sites import Outlet, share
from chargers.sites.share import EVENLY, on_phase


def outlet(number, least=4.2, most=22.0, priority=1.0, phases=EVENLY):
    return Outlet(EvseId(f"S{number}", 1), least, most, priority, phases)


def kw(outlets, room, *, phases=None):
    given_kw = share(outlets, phases or (room / 3, room / 3, room / 3))
    return [round(given_kw[one.name], 1) for one in outlets]


def test_alike_share_alike():
    """Three cars behind 33 kW have 11 each; alone one has all it can use."""
    assert kw([outlet(1), outlet(2), outlet(3)], 33) == [11.0, 11.0, 11.0]
    assert kw([outlet(1)], 33) == [22.0]


def test_what_one_cannot_use_goes_to_the_others():
    """A car that takes 5 kW leaves 14 each to the two others."""
    assert kw([outlet(1, most=5), outlet(2), outlet(3)], 33) == [5.0, 14.0, 14.0]


def test_priority_is_a_weight():
    """Twice the priority, twice the power, as far as it can be used."""
    assert kw([outlet(1, priority=2), outlet(2)], 18) == [12.0, 6.0]
    assert kw([outlet(1, priority=2), outlet(2)], 40) == [22.0, 18.0]


def test_too_little_for_all_goes_by_priority_then_arrival():
    """Room for two of three at their least: the one that came last waits, unless it has priority."""
    assert kw([outlet(1), outlet(2), outlet(3)], 9) == [4.5, 4.5, 0.0]
    assert kw([outlet(1), outlet(2), outlet(3, priority=3)], 9) == [4.2, 0.0, 4.8]
    assert kw([outlet(1)], 3) == [0.0]
    assert kw([outlet(1)], -5) == [0.0]


def test_a_full_phase_stops_only_those_on_it():
    """Two single-phase cars on L1 and one on L2, 10 kW a phase: 5 each there, its most here."""
    cars = [outlet(n, 1.4, 7.4, phases=on_phase(0 if n < 3 else 1)) for n in (1, 2, 3)]
    assert kw(cars, 30) == [5.0, 5.0, 7.4]


OUTLETS = st.lists(
    st.builds(
        lambda least, more, priority, phase: (least, least + more, priority, phase),
        st.floats(1.4, 5),
        st.floats(0, 40),
        st.floats(0.1, 5),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


@given(OUTLETS, st.floats(-5, 120))
def test_no_phase_is_ever_overloaded_and_nobody_starves_beside_plenty(rows, room):
    """Sums stay within each phase; everybody has 0 or its least to its most; room that all could use is not wasted."""
    outlets = [
        outlet(at, least, most, priority, on_phase(phase) if phase < 3 else EVENLY)
        for at, (least, most, priority, phase) in enumerate(rows)
    ]
    given_kw = share(outlets, (room / 3, room / 3, room / 3))
    loads = [sum(given_kw[one.name] * one.phases[phase] for one in outlets) for phase in range(3)]
    assert all(load <= max(room / 3, 0.0) + 1e-6 for load in loads)
    for one in outlets:
        kw_now = given_kw[one.name]
        assert kw_now == 0.0 or one.least_kw - 0.11 <= kw_now <= one.most_kw + 1e-6
        if kw_now < one.most_kw - 0.2 and kw_now > 0:
            used = [load for load, part in zip(loads, one.phases, strict=True) if part > 0]
            assert max(used) >= room / 3 - 0.1 * len(outlets) - 0.1


def test_the_level_is_the_same_for_all_who_rise():
    """Whoever gets less for its priority than another is at its most."""
    outlets = [outlet(1, most=7.4), outlet(2, priority=0.5), outlet(3, priority=1.5), outlet(4)]
    found = share(outlets, (15.0, 15.0, 15.0))
    levels = {
        one.name.station: found[one.name] / one.priority for one in outlets if found[one.name] < one.most_kw - 0.1
    }
    assert max(levels.values()) - min(levels.values()) == pytest.approx(0, abs=0.4)
