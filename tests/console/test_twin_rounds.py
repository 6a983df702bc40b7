"""A published route as a round the twin's trucks can drive."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.twin.rounds import cut_line, read_round
from fleet.tables import Route, Stop
from fleet.twin.driving import drive
from fleet.twin.vehicles import list_trucks

DAWN = datetime(2026, 11, 24, 5, tzinfo=UTC)
LINE = [[34.90, -2.32], [34.91, -2.32], [34.91, -2.30], [34.90, -2.30], [34.90, -2.32]]

spots = st.lists(st.tuples(st.floats(34.8, 35.0), st.floats(-2.4, -2.2)), min_size=2, max_size=12, unique=True)
lengths = st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=8).filter(lambda parts: sum(parts) > 0.01)


def measure(line) -> float:
    return sum(math.hypot(b[0] - a[0], (b[1] - a[1]) * math.cos(math.radians(a[0]))) for a, b in pairwise(line))


@given(spots, lengths)
def test_pieces_of_a_line_meet_end_to_end_and_have_their_share_of_its_length(line, parts) -> None:
    pieces = cut_line(line, parts)
    assert pieces[0][0] == pytest.approx(line[0])
    assert pieces[-1][-1] == pytest.approx(line[-1])
    for before, after in pairwise(pieces):
        assert before[-1] == pytest.approx(after[0], abs=1e-12)
    for piece, part in zip(pieces, parts, strict=True):
        assert measure(piece) == pytest.approx(part / sum(parts) * measure(line), rel=2e-3, abs=1e-6)


def make_route(line=LINE) -> tuple[Route, list[Stop]]:
    def stop(seq: int, kind: str, minutes: tuple[float, float], km: float, kg: float, **where: str) -> Stop:
        arrives, leaves = (DAWN + timedelta(minutes=m) for m in minutes)
        return Stop(
            seq=seq, kind=kind, lat=34.9, lon=-2.3 - seq / 1000, arrives_at=arrives, leaves_at=leaves,
            km=km, load_l=0.0, load_kg=kg, kwh=0.0, **where,
        )  # fmt: skip

    stops = [
        stop(0, "depart", (0, 0), 0, 0),
        stop(1, "bin", (6, 8), 2.0, 110, bin_id="BK-0001"),
        stop(2, "bin", (12, 14.5), 1.0, 250, bin_id="BK-0002"),
        stop(3, "break", (14.5, 44.5), 0.0, 250),
        stop(4, "tip", (60, 70), 4.0, 0, place_id="landfill"),
        stop(5, "return", (85, 85), 3.0, 0),
    ]
    route = Route(
        plan_id=1, truck_id="T02", departs_at=DAWN, returns_at=stops[-1].arrives_at, km=10, kwh=12, kwh_p90=14,
        kg=250, bins=2, tips=1, line=line,
    )  # fmt: skip
    return route, stops


def test_a_route_becomes_a_round_with_the_plan_s_times_ways_and_loads() -> None:
    truck = list_trucks("small")[1]
    route, stops = make_route()
    planned = read_round(truck, route, stops, departs=DAWN, soc=0.9, odometer_km=100.0)
    assert [halt.kind for halt in planned.halts] == ["bin", "bin", "break", "tip", "return"]
    assert [halt.drive_seconds for halt in planned.halts] == [360, 240, 0, 930, 900]
    assert [halt.stop_seconds for halt in planned.halts] == [120, 150, 1800, 600, 0]
    assert [halt.kg for halt in planned.halts] == [110, 140, 0, 0, 0]
    assert [halt.bin_id for halt in planned.halts] == ["BK-0001", "BK-0002", None, None, None]


def test_a_round_read_from_a_route_is_driven_past_its_bins_and_home() -> None:
    truck = list_trucks("small")[1]
    route, stops = make_route()
    trip = drive(read_round(truck, route, stops, departs=DAWN, soc=0.9, odometer_km=100.0), seed=1)
    assert [lift.bin_id for lift in trip.lifts] == ["BK-0001", "BK-0002"]
    home = trip.at(trip.returns)
    assert (home.lat, home.lon) == pytest.approx(LINE[-1])
    assert home.odometer_km == pytest.approx(110.0)
    assert home.soc < 0.9
    assert home.load_kg == 0


def test_a_route_without_a_line_is_driven_straight_from_stop_to_stop() -> None:
    truck = list_trucks("small")[1]
    route, stops = make_route(line=[])
    planned = read_round(truck, route, stops, departs=DAWN, soc=0.9, odometer_km=0.0)
    assert planned.halts[1].line == ((34.9, stops[1].lon), (34.9, stops[2].lon))
