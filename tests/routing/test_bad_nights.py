"""Nights that cannot be planned as they stand: a plan for the rest with a reason for each bin, or one clear refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.check import check
from routing.errors import ProblemError
from routing.plan import Reason
from routing.problem import Problem, Ways
from routing.solve import solve


@pytest.fixture
def night(make_night) -> Problem:
    night = make_night(seed=5, bins=8, trucks=2, windows=False, rest=False)
    return every(night, mandatory=True, narrow=False, litres=300, kg=40)


def every(night: Problem, **fields: object) -> Problem:
    return replace(night, visits=tuple(replace(visit, **fields) for visit in night.visits))


def one(night: Problem, **fields: object) -> Problem:
    return replace(night, visits=(replace(night.visits[0], **fields), *night.visits[1:]))


def trucks(night: Problem, **fields: object) -> Problem:
    return replace(night, trucks=tuple(replace(truck, **fields) for truck in night.trucks))


def sites(night: Problem, **fields: object) -> Problem:
    return replace(night, sites=tuple(replace(site, **fields) for site in night.sites))


def left(night: Problem) -> dict[str, Reason]:
    failed: list[str] = []
    plan = solve(night, 0.2, engine="own", fallbacks=failed)
    assert failed == []
    assert check(night, plan) == ()
    return {entry.bin: entry.reason for entry in plan.left}


def test_a_bin_nobody_can_reach(night):
    """Off the roads, or on roads that lead nowhere: left as outside, the others served."""
    assert left(one(night, location=None)) == {"B0": Reason.OUTSIDE}
    for cut in (np.s_[:, 0], np.s_[0, :]):
        seconds = night.seconds.copy()
        seconds[cut] = -1
        assert left(replace(night, seconds=seconds)) == {"B0": Reason.OUTSIDE}


def test_a_matrix_with_holes(night):
    """Ways missing here and there are driven round."""
    seconds = night.seconds.copy()
    for bin_ in range(7):
        seconds[bin_, bin_ + 1] = -1
    assert left(replace(night, seconds=seconds)) == {}
    holes = Ways(seconds=np.full_like(seconds, -1), metres=night.metres)
    nowhere = trucks(replace(night, ways={"19t": holes}), profile="19t")
    assert set(left(nowhere).values()) == {Reason.OUTSIDE}


def test_windows_that_cannot_be_met(night):
    """Over before any shift begins, after all end, or shut all night."""
    late = 40 * 3600
    assert left(one(night, opens=0, closes=60)) == {"B0": Reason.WINDOW}
    assert left(one(night, opens=late, closes=late + 60)) == {"B0": Reason.WINDOW}
    assert left(one(night, shut=((0, late),))) == {"B0": Reason.WINDOW}
    assert left(one(night, closes=late + 60, shut=((0, late),))) == {"B0": Reason.WINDOW}


def test_a_bin_heavier_than_any_truck(night):
    """Left as more than any truck can load."""
    assert left(one(night, kg=50_000)) == {"B0": Reason.TOO_BIG}


def test_no_disposal_site_open(night):
    """Nothing can be emptied, and every bin says that no site is to be had; without any site at all it is refused."""
    assert set(left(sites(night, opens=0, closes=3600)).values()) == {Reason.SITE}
    assert set(left(sites(night, opens=40 * 3600, closes=41 * 3600)).values()) == {Reason.SITE}
    with pytest.raises(ProblemError, match="no disposal site"):
        replace(night, sites=())


def test_a_truck_without_energy_to_come_home(night):
    """It stays where it is, the other drives; when none can, every bin names the battery."""
    flat = replace(night.trucks[0], spendable_kwh=0.5)
    assert left(replace(night, trucks=(flat, night.trucks[1]))) == {}
    assert set(left(trucks(night, spendable_kwh=0.5)).values()) == {Reason.BATTERY}
    assert set(left(trucks(night, spendable_kwh=0.0, charge_kw=50.0)).values()) == {Reason.BATTERY}


def test_no_trucks_at_all(night):
    """One line that names the mend."""
    with pytest.raises(ProblemError, match="no trucks to plan with: import trucks"):
        replace(night, trucks=())


def test_a_hundred_thousand_bins(night):
    """Refused at once, in one line that names the mend, before any memory is asked for."""
    many = tuple(replace(night.visits[0], bin=f"M{number}") for number in range(100_000))
    with pytest.raises(ProblemError, match=r"100000 bins for one night.*by district") as refused:
        solve(replace(night, visits=many), 5.0)
    assert "\n" not in str(refused.value)


def test_matrices_of_a_class_must_fit(night):
    """A profile's matrices are of the size of all others."""
    with pytest.raises(ProblemError, match=r"differ in size.*19t"):
        replace(night, ways={"19t": Ways(seconds=night.seconds[:3, :3], metres=night.metres[:3, :3])})
    with pytest.raises(ProblemError, match="climb has shape"):
        replace(night, climb=night.metres[:3])


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (lambda n: one(n, shut=((100, 100),)), "shut from 100 s until 100 s"),
        (lambda n: one(n, release=-1), "release"),
        (lambda n: sites(n, queue=((60, 0), (0, 0))), "in order of time"),
        (lambda n: sites(n, queue=((0, -5),)), "waits of 0 s or more"),
        (lambda n: sites(n, charge_kw=-1.0), "charge_kw"),
        (lambda n: replace(n, depots=(replace(n.depots[0], charge_kw=float("nan")), n.depots[1])), "charge_kw"),
        (lambda n: trucks(n, service_pace=0.0), "service pace"),
        (lambda n: trucks(n, ends_at="nowhere"), "'nowhere'"),
        (lambda n: trucks(n, overtime_seconds=-1), "overtime_seconds"),
    ],
)
def test_values_that_make_no_sense_are_refused(night, part, says):
    """Each in one line that names what is wrong."""
    with pytest.raises(ProblemError, match=says) as refused:
        part(night)
    assert "\n" not in str(refused.value)
