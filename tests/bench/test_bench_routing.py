"""The routing benchmark: its short form prints what other programs read, its readers count as the public sets do."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))  # last: routing.py of the benchmarks must not hide the package

from load.instances import Instance, InstanceError, best_known, problem_of, read_instance
from load.rounds import MISSED, NotAPlan, drive, measure, shed, trim
from load.waste_city import SHIFT, waste_city

HERE = Path(__file__).parent
DATA = Path(os.environ.get("BINWATT_DATA", HERE.parents[2] / "shared" / "data")) / "routing"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the public instances are not beside the checkout")


def reference(path):
    """Per vehicle of a solution file, its halts: customers, and the depot between two trips."""
    lines = path.with_suffix(".sol").read_text().splitlines()
    return [line.split(":")[1].split() for line in lines if line.startswith("Route")]


def rounds_of(problem, routes):
    return {
        truck.truck: [*("tip" if halt == "0" else halt for halt in route), "tip"]
        for truck, route in zip(problem.trucks, routes, strict=False)
    }


@pytest.mark.bench
@pytest.mark.slow
def test_the_routing_benchmark_prints_its_figures():
    """Every promised key is there, the plan serves what must be served, and one truck is re-planned in time."""
    command = [sys.executable, str(HERE / "routing.py"), "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found["gap_to_pyvrp_percent"]) == {"60"}
    assert found["unserved_mandatory"] == 0
    assert found["gap_to_pyvrp_percent"]["60"] < 5.0
    assert found["sizes"]["60"]["portfolio"]["peak_mb"] > 0
    assert found["replan"]["cost_after"] <= found["replan"]["cost_before"] + 1e-6


def test_a_city_is_the_same_for_its_seed_and_another_for_another():
    """Two makings of one seed agree in every visit and leg; another seed gives other streets."""
    one, again, other = waste_city(60, 7), waste_city(60, 7), waste_city(60, 8)
    assert one.visits == again.visits
    assert np.array_equal(one.metres, again.metres)
    assert not np.array_equal(one.metres, other.metres)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_city_has_what_makes_the_problem_hard(seed):
    """Nearly half of the bins are mandatory, a fifth have hours, a tenth stand narrow, and ways differ by direction."""
    city = waste_city(500, seed)
    share = {
        "mandatory": sum(visit.mandatory for visit in city.visits) / 500,
        "hours": sum(visit.opens > 0 or visit.closes < SHIFT for visit in city.visits) / 500,
        "narrow": sum(visit.narrow for visit in city.visits) / 500,
    }
    assert share["mandatory"] == pytest.approx(0.46, abs=0.07)
    assert share["hours"] == pytest.approx(0.20, abs=0.05)
    assert share["narrow"] == pytest.approx(0.10, abs=0.05)
    assert not np.array_equal(city.metres, city.metres.T)
    over = (city.metres[:, None, :80] > city.metres[:, :80, None] + city.metres[None, :80, :80] + 2).sum()
    assert over == 0  # no leg is longer than a way over a third point


def test_a_plan_is_priced_by_what_it_leaves():
    """Nothing driven costs all prizes and the price of each mandatory bin; one bin served takes its own part off."""
    city = waste_city(60, 1)
    due = sum(visit.mandatory for visit in city.visits)
    prizes = sum(visit.value for visit in city.visits)
    nothing = measure(city, drive(city, {}))
    assert nothing.cost == pytest.approx(prizes + MISSED * due)
    bin_ = next(visit for visit in city.visits if visit.mandatory and not visit.narrow and visit.opens == 0)
    one = measure(city, drive(city, {"A1": [bin_.bin, "landfill"]}))
    assert one.cost == pytest.approx(nothing.cost - MISSED + one.driving)
    assert one.driving > 5.0


def test_a_plan_that_breaks_a_rule_has_no_score_until_it_is_trimmed():
    """A wide truck in a narrow street is refused; without the bin the rest counts."""
    city = waste_city(60, 1)
    narrow = next(visit.bin for visit in city.visits if visit.narrow)
    wide = next(visit.bin for visit in city.visits if not visit.narrow and visit.closes == SHIFT and not visit.opens)
    rounds = {"A1": [wide, narrow, "landfill"]}
    with pytest.raises(NotAPlan):
        measure(city, drive(city, rounds))
    assert trim(city, rounds)["A1"] != rounds["A1"]
    measure(city, drive(city, trim(city, rounds)))


def test_an_optional_bin_far_off_is_shed():
    """What costs more to fetch than it is worth goes; mandatory bins stay."""
    city = waste_city(60, 1)
    free = [visit for visit in city.visits if not visit.mandatory]
    worthless = min(free, key=lambda visit: visit.value).bin
    must = next(visit.bin for visit in city.visits if visit.mandatory)
    assert shed(city, {"A1": [must, worthless, "landfill"]})["A1"] == [must, "landfill"]


@needs_data
@pytest.mark.parametrize("row", ["C201R0.5", "R211R0.5", "RC208R0.5", "R2_2_04R0.5"])
def test_a_multi_trip_reference_costs_what_its_set_says(row):
    """The best known solutions of the multi-trip set pass our checker, at the cost the set lists."""
    path = DATA / "mtvrptwr" / f"{row}.vrp"
    problem = problem_of(read_instance(path))
    plan = drive(problem, rounds_of(problem, reference(path)))
    measured = measure(problem, plan)
    assert measured.missed == 0
    assert plan.metres == best_known(path)


@needs_data
def test_a_capacity_reference_costs_what_its_set_says():
    """The best known solution of an X instance passes our checker at its listed cost, within the trucks we offer."""
    for path in sorted((DATA / "cvrp_x").glob("*.vrp")):
        problem = problem_of(read_instance(path))
        routes = reference(path)
        assert len(routes) <= len(problem.trucks)
        plan = drive(problem, rounds_of(problem, routes))
        assert measure(problem, plan).missed == 0
        assert plan.metres == best_known(path)


@needs_data
def test_solomons_text_is_read():
    """C101 has 100 customers, 25 vehicles of 200, and times and lengths of ten to the unit."""
    problem = problem_of(read_instance(DATA / "vrptw_gh200_400_solomon" / "C101.txt"))
    assert (len(problem.visits), len(problem.trucks), problem.trucks[0].kg) == (100, 25, 200)
    assert (problem.visits[0].opens, problem.visits[0].closes, problem.visits[0].service_seconds) == (9120, 9670, 900)
    assert problem.trucks[0].ends == 12360


@needs_data
def test_every_instance_of_the_table_of_references_that_we_read_has_one():
    """Each file of the two sets we are held to has its reference value."""
    with (DATA / "best_known.csv").open(newline="") as lines:
        known = {row["instance"] for row in csv.DictReader(lines)}
    files = [*(DATA / "cvrp_x").glob("*.vrp"), *(DATA / "mtvrptwr").glob("*.vrp")]
    assert {path.stem for path in files} <= known


def test_what_is_no_instance_is_refused_in_one_line(tmp_path):
    """A text of another form says what it lacks."""
    path = tmp_path / "note.txt"
    path.write_text("no routes here\n")
    with pytest.raises(InstanceError, match=r"note\.txt: neither VRPLIB nor Solomon"):
        read_instance(path)
    path.write_text("CAPACITY: 5\nDIMENSION: 3\nNODE_COORD_SECTION\n1 0 0\n2 0 1\n")
    with pytest.raises(InstanceError, match="NODE_COORD_SECTION does not hold 3 nodes"):
        read_instance(path)


def test_a_small_instance_becomes_a_problem():
    """Euclid is rounded to the nearest unit without windows; with them it is ten times and cut off."""
    plain = Instance(name="t", kind="CVRP", xy=[(0, 0), (1, 1), (2, 0)], demands=[0, 3, 4], capacity=5)
    assert problem_of(plain).metres.tolist() == [[0, 1, 2], [1, 0, 1], [2, 1, 0]]
    timed = Instance(
        name="t",
        kind="MTVRPTWR",
        xy=[(0, 0), (1, 1)],
        demands=[0, 3],
        capacity=5,
        vehicles=2,
        windows=[(0, 100), (2, 9.5)],
        releases=[0, 1.5],
    )
    problem = problem_of(timed)
    assert problem.metres.tolist() == [[0, 14], [14, 0]]
    assert (problem.visits[0].opens, problem.visits[0].closes, problem.visits[0].release) == (20, 95, 15)
    assert problem.trucks[0].max_tips == 1 == len(problem.visits)
