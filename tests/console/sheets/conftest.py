"""A round with every kind of stop and addresses in French, in Arabic and in both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import cos, sin
from zoneinfo import ZoneInfo

import pytest

from console.sheets.values import Book, Kind, Left, Sheet, SheetStop, Street

ZONE = ZoneInfo("Africa/Casablanca")
START = datetime(2026, 11, 24, 6, 0, tzinfo=ZONE)
ADDRESSES = (
    "12, avenue Mohammed V",
    "شارع محمد الخامس، حي السلام",
    "Rue de la Mosquée — زنقة المسجد 14, près du souk",
    'حي النهضة رقم 7 (Résidence "Al Amal") <bloc B> قرب المدرسة الابتدائية ابن خلدون شارع الحسن الثاني',
)
STREAMS = ("mixed", "glass", "organic", "cartons")
DEPOT = (34.92, -2.33)


def place(kind: Kind, name: str, at: datetime, minutes: int, *, charged_kwh: float = 0.0) -> SheetStop:
    return SheetStop(
        kind=kind,
        number=0,
        ref=name.lower(),
        name=name,
        address="",
        lat=DEPOT[0],
        lon=DEPOT[1],
        arrives_at=at,
        leaves_at=at + timedelta(minutes=minutes),
        km=1.5,
        load_kg=0.0,
        charged_kwh=charged_kwh,
    )


def bin_stop(number: int, at: datetime) -> SheetStop:
    return SheetStop(
        kind=Kind.BIN,
        number=number,
        ref=f"BK-{number:04d}",
        name="",
        address=ADDRESSES[number % 4],
        lat=DEPOT[0] + 0.012 * sin(number / 4),
        lon=DEPOT[1] + 0.015 * cos(number / 5),
        arrives_at=at,
        leaves_at=at + timedelta(minutes=2),
        km=0.4,
        load_kg=number * 60.0,
        kwh=number * 0.7,
        stream=STREAMS[number % 4],
        fill=(number * 7 % 100) / 100,
        overflow_p=0.25,
        notes="=clé chez le gardien — المفتاح عند الحارس" if number % 7 == 0 else "",
        why="due",
    )


@pytest.fixture(scope="session")
def make_sheet() -> Callable[..., Sheet]:
    """Makes a round of so many bins."""

    def make(bins: int = 24, truck: str = "BK-03", *, route: int = 1, state: str = "published") -> Sheet:
        stops = [place(Kind.DEPART, "Dépôt", START, 0)]
        for number in range(1, bins + 1):
            at = START + timedelta(minutes=6 * number)
            if number == 10:
                stops.append(place(Kind.BREAK, "", at, 30))
            stops.append(bin_stop(number, at))
        ends = START + timedelta(minutes=6 * (bins + 2))
        stops += [
            place(Kind.TIP, "CET de Berkane — مطرح بركان", ends, 15),
            place(Kind.CHARGE, "Dépôt", ends, 35, charged_kwh=22.0),
            place(Kind.RETURN, "Dépôt", ends, 0),
        ]
        return Sheet(
            city="Berkane",
            plan_id=12,
            version=3,
            state=state,
            day=date(2026, 11, 24),
            made_at=datetime(2026, 11, 23, 22, 15, tzinfo=ZONE),
            truck_id=truck,
            truck_name="Benne 19 t",
            route=route,
            departs_at=START,
            returns_at=ends,
            km=42.35,
            kwh=61.0,
            kg=7800.0,
            bins=bins,
            tips=1,
            stops=tuple(stops),
            line=tuple((stop.lat, stop.lon) for stop in stops),
            target_kwh=84.0,
            battery_kwh=160.0,
            cost=812.5,
        )

    return make


@pytest.fixture(scope="session")
def sheet(make_sheet: Callable[..., Sheet]) -> Sheet:
    return make_sheet()


@pytest.fixture(scope="session")
def streets() -> tuple[Street, ...]:
    """A grid of streets about the depot."""
    return tuple(
        Street(row % 4, tuple((34.90 + 0.001 * row, -2.36 + 0.002 * step) for step in range(30))) for row in range(40)
    )


@pytest.fixture(scope="session")
def book(make_sheet: Callable[..., Sheet], sheet: Sheet) -> Book:
    """Two rounds, and two bins left."""
    left = tuple(
        Left(f"BK-9{number}", "", ADDRESSES[number], 34.93, -2.31, number == 0, "capacity", "mixed", 0.9, 0.4)
        for number in range(2)
    )
    return Book(12, sheet.day, "published", sheet.made_at, (sheet, make_sheet(5, "BK-07", route=2)), left)
