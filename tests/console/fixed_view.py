"""A small city at a fixed minute of its night: what the screen tests draw."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from console.view import (
    AlarmView,
    BinView,
    DepotView,
    EvseView,
    LeftView,
    NeedView,
    OrderView,
    PlaceView,
    PlanView,
    ProgressView,
    RouteView,
    StationView,
    StopView,
    TransactionView,
    TruckView,
    View,
)
from fleet.events import Event, Kind
from routing.roads.streets import StreetLabel, StreetSegments

NOW = datetime(2026, 11, 23, 21, 5, tzinfo=UTC)
LAT, LON = 34.92, -2.32
STREETS = ("Rue de Fès", "Boulevard Mohammed V", "Rue Oued Zegzel", "Avenue Hassan II")


def make_streets() -> StreetSegments:
    """A turned lattice with two avenues."""
    ends, rank = [], []
    for i in range(-12, 13):
        for j in range(-12, 13):
            for di, dj in ((1, 0), (0, 1)):
                if (i * 7 + j * 3) % 5 == 0:
                    continue
                ends.append([*_corner(i, j), *_corner(i + di, j + dj)])
                rank.append(3 if j == 0 and di else 2 if i == 2 and dj else 1 if (i + j) % 9 == 0 else 0)
    label = StreetLabel("Boulevard Mohammed V", *_corner(1, 0), 3, 1500.0)
    at = np.array(ends, np.float32).T
    return StreetSegments(*at, np.array(rank, np.int8), (label,), "streets are synthetic")


def _corner(i: float, j: float) -> tuple[float, float]:
    turn, size = 0.3, 0.0011
    return (
        LAT + (i * math.sin(turn) + j * math.cos(turn)) * size * 0.82,
        LON + (i * math.cos(turn) - j * math.sin(turn)) * size,
    )


def make_bins(n: int = 60) -> dict[str, BinView]:
    bins = {}
    for number in range(n):
        lat, lon = _corner((number * 7) % 23 - 11, (number * 11) % 21 - 10)
        bin_id = f"BIN-{number:04d}"
        bins[bin_id] = BinView(
            bin_id,
            "",
            STREETS[number % 4],
            lat,
            lon,
            fill=None if number == 17 else ((number * 37) % 108) / 100,
            read_at=None if number == 17 else NOW - timedelta(minutes=number * 3),
            battery=0.5 + (number % 50) / 100,
            emptied_at=NOW - timedelta(hours=20 + number),
            expected_fill=min(1.0, ((number * 37) % 108) / 100 + 0.1),
            overflow_p=((number * 37) % 108) / 120,
            truck_id=f"T{number % 3 + 1}" if (number * 37) % 108 > 50 else "",
            left_reason="" if (number * 37) % 108 > 50 else "can wait until tomorrow",
        )
    return bins


def make_why(code: str, tin: BinView) -> dict[str, object]:
    """The reason of a stop or a bin left, as the night job keeps it."""
    return {
        "code": code, "now": tin.fill or 0.0, "then": tin.expected_fill, "q90": (tin.expected_fill or 0.0) + 0.12,
        "p": round(tin.overflow_p or 0.0, 4), "early": 0.0, "by": "2026-11-25T07:30:00+00:00",
        "health": "silent" if tin.fill is None else "ok",
    }  # fmt: skip


def make_plan(bins: dict[str, BinView]) -> PlanView:
    routes = []
    for number in range(3):
        mine = [tin for tin in bins.values() if tin.truck_id == f"T{number + 1}"]
        leaves = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
        stops = [
            StopView(
                seq, "bin", tin.lat, tin.lon, leaves + timedelta(minutes=6 * seq), leaves + timedelta(minutes=6 * seq),
                tin.bin_id, None, 0.4, 90.0 * seq, 1.1 * seq, tin.expected_fill, tin.overflow_p,
                "would overflow" if (tin.overflow_p or 0) > 0.5 else "on the way",
                make_why("due" if (tin.overflow_p or 0) > 0.5 else "on_the_way", tin), seq == 2,
            )
            for seq, tin in enumerate(mine, 1)
        ]  # fmt: skip
        last = len(stops) + 1
        stops.append(
            StopView(last, "tip", LAT + 0.012, LON + 0.013, leaves + timedelta(hours=3), leaves + timedelta(hours=3.3),
                     None, "landfill", 2.5, 0.0, 31.0)
        )  # fmt: skip
        line = ((LAT, LON - 0.012), *((tin.lat, tin.lon) for tin in mine), (LAT, LON - 0.012))
        routes.append(
            RouteView(f"T{number + 1}", leaves, leaves + timedelta(hours=4, minutes=10 * number), 31.4 + number, 44.0,
                      3100.0 + 200 * number, len(mine), 1, 52.0, 70.0, line, tuple(stops))
        )  # fmt: skip
    left = tuple(
        LeftView(tin.bin_id, number == 3, "no truck reaches it before it closes" if number == 3 else tin.left_reason,
                 tin.expected_fill, tin.overflow_p, make_why("window" if number == 3 else "not_needed", tin))
        for number, tin in enumerate(tin for tin in bins.values() if not tin.truck_id)
    )  # fmt: skip
    return PlanView(
        7, datetime(2026, 11, 24, tzinfo=UTC).date(), "draft", NOW - timedelta(minutes=12), "night", 97.2, 12.9, 132.0,
        9900.0, 2380.0, sum(route.bins for route in routes), 1, 20.0, tuple(routes), left,
    )  # fmt: skip


def make_stations() -> dict[str, StationView]:
    statuses = ("Charging", "Available", "SuspendedEVSE", "Faulted", "Charging", "Preparing")
    stations = {}
    for number, status in enumerate(statuses, 1):
        station_id = f"ST-{number:02d}"
        busy = status in {"Charging", "SuspendedEVSE"}
        charge = TransactionView(
            40 + number, str(40 + number), f"CARD{number}", f"T{number}", NOW - timedelta(hours=1), 0.0
        )
        evse = EvseView(
            1, 22.0, status, "GroundFailure" if status == "Faulted" else "", "", 11.0 if status == "Charging" else 0.0,
            12.0 if busy else None, 9500.0 if busy else None, 0.62 if busy else None, NOW, charge if busy else None,
            "TxProfile Accepted" if busy else "",
        )  # fmt: skip
        stations[station_id] = StationView(
            station_id, f"Bay {number}", "depot", LAT + 0.0002 * number, LON - 0.012, online=number != 6,
            protocol="ocpp2.0.1" if number % 2 else "ocpp1.6", vendor="Volta", model="V22", firmware="1.4.2",
            max_kw=22.0, limit_kw=8.0 if number == 5 else None, evses=(evse,),
        )  # fmt: skip
    stations["NEW-77"] = StationView("NEW-77", admission="parked", online=True, protocol="ocpp1.6")
    return stations


def make_depot() -> DepotView:
    start = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    planned = tuple(0.0 if slot > 46 else 20 + 18 * math.sin(slot / 8) ** 2 for slot in range(48))
    actual = tuple((start + timedelta(minutes=5 * n), 14 + 10 * math.sin(n / 9) ** 2) for n in range(37))
    limit = tuple(40.0 if slot < 12 else 60.0 for slot in range(48))
    powers = (("T1", "ST-01", 1, planned),)
    return DepotView("depot", start, 15, limit, (6.0,) * 48, planned, 44.0, "night", powers, actual)


def make_view(**changes) -> View:
    """The city at 22:05 local time: a draft plan on the table, trucks charging, one station faulted, two alarms."""
    bins = make_bins()
    ready = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    events = [
        Event(Kind.SERVER_STARTED, "server", NOW - timedelta(hours=3), {}, event_id=1),
        Event(Kind.STATION_CONNECTED, "ST-01", NOW - timedelta(hours=2), {"protocol": "ocpp2.0.1"}, event_id=2),
        Event(Kind.CONNECTOR_CHANGED, "ST-04", NOW - timedelta(hours=1), {"evse": 1, "status": "Faulted",
              "error_code": "GroundFailure"}, event_id=3),
        Event(Kind.ALARM_RAISED, "ST-04/1", NOW - timedelta(hours=1), {"alarm_id": 1, "kind": "evse.faulted",
              "severity": "critical", "text": "ST-04 EVSE 1 faulted: GroundFailure"}, event_id=4),
        Event(Kind.PLAN_MADE, "7", NOW - timedelta(minutes=12), {"routes": 3, "km": 97.2, "served": 31, "unserved": 1},
              "night", 5),
        Event(Kind.ORDER_CHANGED, "ST-05", NOW - timedelta(minutes=5), {"kind": "limit_station", "state": "accepted",
              "answer": {"status": "Accepted"}}, "amina", 6),
    ]  # fmt: skip
    fields = {
        "now": NOW,
        "zone": ZoneInfo("Africa/Casablanca"),
        "city": "Berkane",
        "simulated": True,
        "speed": 60.0,
        "streets": make_streets(),
        "bins": bins,
        "places": {
            "depot": PlaceView("depot", "Depot", LAT, LON - 0.012, is_depot=True, site_limit_kw=60.0),
            "landfill": PlaceView("landfill", "Landfill", LAT + 0.012, LON + 0.013, is_disposal=True),
        },
        "trucks": {
            f"T{n}": TruckView(
                f"T{n}", "", LAT + 0.002 * n, LON + 0.001 * n, "driving" if n == 3 else "plugged", 0.4 + n / 10,
                900.0, 140.0, f"CARD{n}",
            )
            for n in (1, 2, 3)
        },
        "stations": make_stations(),
        "depots": {"depot": make_depot()},
        "needs": {
            "T1": NeedView("T1", 48.0, 98.0, ready, 0.5, 1.0, 9.5),
            "T2": NeedView("T2", 61.0, 110.0, ready + timedelta(minutes=30), 0.4, 1.0, 3.0, "open", 6.0, "site limit"),
            "T3": NeedView("T3", 20.0, 90.0, ready + timedelta(hours=1), 0.8, 1.0, 20.0, "met"),
        },
        "plan": make_plan(bins),
        "progress": None,
        "orders": {
            1: OrderView(1, "limit_station", "ST-05", "accepted", "amina", NOW - timedelta(minutes=5), "",
                         {"limit_kw": 8.0}, {"status": "Accepted"}),
            2: OrderView(2, "unlock", "ST-04", "rejected", "amina", NOW - timedelta(minutes=2), "", {"evse": 1},
                         {"status": "UnlockFailed"}),
            3: OrderView(3, "reset", "ST-04", "sent", "amina", NOW, "", {"how": "soft"}),
        },
        "alarms": {
            1: AlarmView(1, "evse.faulted", "ST-04/1", "critical", "ST-04 EVSE 1 faulted: GroundFailure", NOW),
            2: AlarmView(2, "bin.overdue", "BIN-0035", "warning", "BIN-0035 is 107% full", NOW, "amina"),
        },
        "events": tuple(events),
    }  # fmt: skip
    return View(**(fields | changes))


def planning() -> ProgressView:
    return ProgressView("2026-11-24", "search", 8.0, 20.0, 2400.0, 28, 30)
