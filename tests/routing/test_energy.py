"""The energy model of a truck."""

from __future__ import annotations

import pytest

from routing.energy import TruckEnergy, drive, lift, p90, run
from routing.errors import ProblemError


def test_a_city_round_lies_in_the_published_range():
    """40 km, 150 bins, 9 t in two loads, 6 h: 1.8 to 3 kWh/km with the defaults."""
    energy = TruckEnergy()
    total = drive(energy, 40_000, 2300) + 150 * lift(energy, 60) + run(energy, 6 * 3600) + 2 * energy.kwh_per_tip
    assert 1.8 <= total / 40 <= 3


def test_load_costs():
    """A loaded kilometre draws more than an empty one, by the load's tonnes."""
    energy = TruckEnergy(kwh_per_km=1, kwh_per_t_km=0.05)
    assert drive(energy, 1000, 4000) - drive(energy, 1000, 0) == pytest.approx(0.2)


def test_p90_is_the_normal_quantile():
    """A tenth of spread puts the P90 12.8 % above the mean."""
    assert p90(TruckEnergy(spread=0.1), 100) == pytest.approx(112.8, abs=0.1)


def test_negative_figures_are_refused():
    """A negative figure is named."""
    with pytest.raises(ProblemError, match="aux_kw"):
        TruckEnergy(aux_kw=-1)
