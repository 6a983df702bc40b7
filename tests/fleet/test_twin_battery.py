from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.twin.battery import MINIMUM_AC_KW, Battery, Plugged, charge, draw_kw

PACK = Battery(capacity_kwh=264, ac_kw=22, dc_kw=90)
AC = Plugged(PACK, "AC", 0.3)
DC = Plugged(PACK, "DC", 0.3)


def test_energy_is_conserved_through_the_night() -> None:
    """What the meter counted, less the losses, is in the pack."""
    state = DC
    for offer in (50, 0, 90, 7, 3, 50):
        state = charge(state, offer, 5400)
    assert state.stored_kwh - DC.stored_kwh == pytest.approx(state.grid_kwh * PACK.efficiency)


@given(
    soc=st.floats(0, 1),
    offer=st.floats(0, 150),
    minutes=st.integers(1, 300),
    current=st.sampled_from(["AC", "DC"]),
)
def test_one_long_step_is_many_short_ones(soc: float, offer: float, minutes: int, current: str) -> None:
    """The result does not depend on how the time is cut."""
    start = replace(AC, soc=soc, current=current)
    once = charge(start, offer, minutes * 60)
    often = start
    for _ in range(10):
        often = charge(often, offer, minutes * 6)
    assert often.soc == pytest.approx(once.soc, abs=1e-9)
    assert often.grid_kwh == pytest.approx(once.grid_kwh, abs=1e-6)
    assert soc <= once.soc <= 1


@given(soc=st.floats(0, 1), offer=st.floats(0, 150))
def test_a_truck_never_draws_more_than_offered(soc: float, offer: float) -> None:
    """Neither the offer nor the charger on board is ever exceeded."""
    for state in (replace(AC, soc=soc), replace(DC, soc=soc)):
        assert draw_kw(state, offer) <= min(offer, 22 if state.current == "AC" else 90)


def test_below_six_amperes_nothing_flows() -> None:
    """An offer below 6 A a phase is a pause; 6 A charges."""
    assert charge(AC, MINIMUM_AC_KW - 0.1, 3600) == replace(AC, grid_kw=0.0)
    assert charge(AC, MINIMUM_AC_KW, 3600).grid_kwh == pytest.approx(4.14)


def test_power_tapers_above_the_knee() -> None:
    """A fast charge slows down near full and yet reaches it."""
    assert draw_kw(replace(DC, soc=0.7), 90) == 90
    powers = [draw_kw(replace(DC, soc=soc), 90) for soc in (0.92, 0.95, 0.98)]
    assert powers == sorted(powers, reverse=True)
    assert powers[-1] < 45
    assert charge(DC, 90, 6 * 3600).full
    assert draw_kw(replace(DC, soc=1.0), 90) == 0


def test_time_does_not_run_backwards() -> None:
    """A negative step is refused."""
    with pytest.raises(ValueError, match="back in time"):
        charge(AC, 22, -1)
