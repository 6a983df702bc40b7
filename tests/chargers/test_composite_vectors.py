"""Composite schedules worked by hand: a table of what is installed, what is asked and what must come of it, and why.

Each case is played on a whole simulated station (take the profiles one by one, then ask), so that stacking, replacing,
refusing and adding up are tried together with the arithmetic. Times are UTC; figures are in the unit asked for. The
station's one EVSE gives 22 kW over three phases unless said otherwise: 31.88 A where nothing else is said.

230 V: 1 A over three phases is 690 W, over one 230 W. OCPP 1.6 section 3.13, 2.0.1 part 2 K01 and K08.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from chargers.errors import ProfileError
from chargers.profile import ChargingProfile, ChargingSchedule, Kind, Period, Purpose, RateUnit, Recurrency
from chargers.twin.limits import Limits
from chargers.twin.notices import Charge
from chargers.twin.spec import EvseSpec, StationSpec
from chargers.twin.variables import Variables

A, W = RateUnit.A, RateUnit.W
MAX, GRID, DEFAULT, TX = Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS, Purpose.TX_DEFAULT, Purpose.TX
DAILY, WEEKLY = Recurrency.DAILY, Recurrency.WEEKLY
FULL_W = 22_000.0
MINUTE, HOUR, DAY = 60, 3600, 86_400
NOON = "2026-03-10T12:00"  # a Tuesday


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lays(purpose, steps, unit=W, **more):
    """A profile as it is put in: steps are {second: limit} or {second: (limit, phases)}."""
    start, recurs = more.get("start"), more.get("recurs")
    kind = more.get("kind") or (Kind.RECURRING if recurs else Kind.ABSOLUTE if start else Kind.RELATIVE)
    periods = tuple(Period(s, *(limit if isinstance(limit, tuple) else (limit,))) for s, limit in steps.items())
    return more.get("evse", 0 if purpose in (MAX, GRID) else 1), ChargingProfile(
        id=more.get("id", 0),
        stack_level=more.get("level", 0),
        purpose=purpose,
        kind=kind,
        schedule=ChargingSchedule(unit, periods, at(start) if start else None, more.get("duration"), more.get("least")),
        recurrency=recurs,
        valid_from=at(more["since"]) if "since" in more else None,
        valid_to=at(more["until"]) if "until" in more else None,
        transaction_id=more.get("ref"),
    )


@dataclass(frozen=True)
class Case:
    """What is installed in this order, when and how long is asked, and what holds from which second on."""

    why: str
    held: list
    expected: dict
    when: str = NOON
    seconds: int = HOUR
    unit: RateUnit = W
    charging_since: str | None = None
    evses: tuple = (EvseSpec(),)
    station: bool = False
    phases: dict = field(default_factory=dict)


GRID24 = {hour * HOUR: 1000.0 * (hour + 1) for hour in range(22)}
K41 = "2024-08-21T12:24:36"
SMALL_HOURS = {hour * HOUR: float(hour + 1) for hour in range(24)}
WATTS = {0: 12_420.0, 300: 8_280.0, 600: 6_210.0, 900: 4_140.0, 1200: 2_070.0}

FACTS = [
    Case(
        "facts 1: a short profile of a higher level on one phase covers a daily one on three for what is left of it",
        [
            lays(DEFAULT, {0: (2000.0, 1)}, start="2024-01-17T18:00", duration=1080, level=1, id=1),
            lays(
                DEFAULT, {0: 11_000.0, 28_800: 6000.0, 72_000: 12_000.0}, start="2024-01-17T17:00", recurs=DAILY, id=2
            ),
        ],
        {0: 2000.0, 1020: 11_000.0, 25_140: 6000.0},
        when="2024-01-17T18:01",
        seconds=43_140,
        phases={0: 1, 1020: 3},
    ),
    Case(
        "facts 2: the transaction's profile leads over the default until it ends, the maximum holds throughout (K_41)",
        [
            lays(MAX, {0: 10.0}, A, start=K41, duration=86_404, id=1),
            lays(DEFAULT, {0: 6.0, 60: 10.0, 120: 8.0, 180: 15.0, 260: 8.0}, A, start=K41, duration=304, id=2),
            lays(TX, {0: 8.0, 50: 11.0, 140: 16.0, 200: 6.0, 240: 12.0}, A, start=K41, duration=264, id=3),
        ],
        {0: 8.0, 46: 10.0, 196: 6.0, 236: 10.0, 260: 8.0, 300: 10.0},
        when="2024-08-21T12:24:40",
        seconds=400,
        unit=A,
        charging_since="2024-08-21T12:24:36",
    ),
    Case(
        "facts 3: a daily profile of level 2 leads for its 18 minutes of every day, the hourly grid before and after",
        [
            lays(TX, SMALL_HOURS, start="2024-01-17T00:00", recurs=DAILY, duration=DAY, id=1),
            lays(TX, {0: 2000.0}, start="2024-01-17T18:04", recurs=DAILY, duration=1080, level=2, id=2),
        ],
        {0: 19.0, 120: 2000.0, 1200: 19.0},
        when="2024-01-18T18:02",
        seconds=1320,
        charging_since="2024-01-18T17:00",
    ),
    Case(
        "facts 4: asked for those 18 minutes alone, with the grid as default, only the profile of level 2 shows",
        [
            lays(DEFAULT, SMALL_HOURS, start="2024-01-17T00:00", recurs=DAILY, duration=DAY, id=1),
            lays(TX, {0: 2000.0}, start="2024-01-17T18:04", recurs=DAILY, duration=1080, level=2, id=2),
        ],
        {0: 2000.0},
        when="2024-01-18T18:04",
        seconds=1080,
        charging_since="2024-01-18T17:00",
    ),
    Case(
        "facts 5: an Absolute profile of the day before is over, whatever recurrency it names",
        [
            lays(TX, SMALL_HOURS, start="2024-01-17T00:00", recurs=DAILY, duration=DAY, id=1),
            lays(
                TX,
                {0: 2000.0},
                start="2024-01-17T18:04",
                recurs=DAILY,
                kind=Kind.ABSOLUTE,
                duration=1080,
                level=2,
                id=2,
            ),
        ],
        {0: 19.0},
        when="2024-01-18T18:04",
        seconds=1080,
        charging_since="2024-01-18T17:00",
    ),
]

PURPOSES = [
    Case("nothing installed: what the hardware gives", [], {0: FULL_W}),
    Case("a default alone", [lays(DEFAULT, {0: 7000.0})], {0: 7000.0}),
    Case(
        "a default above the hardware is still the default: the hardware is no profile",
        [lays(DEFAULT, {0: 3e4})],
        {0: 3e4},
    ),
    Case("a maximum alone", [lays(MAX, {0: 9000.0}, start=NOON)], {0: 9000.0}),
    Case("a grid operator's constraint alone", [lays(GRID, {0: 8000.0}, start=NOON)], {0: 8000.0}),
    Case(
        "the lower of maximum and default", [lays(MAX, {0: 5e3}, start=NOON), lays(DEFAULT, {0: 9e3}, id=2)], {0: 5e3}
    ),
    Case("default below the maximum", [lays(MAX, {0: 9e3}, start=NOON), lays(DEFAULT, {0: 5e3}, id=2)], {0: 5e3}),
    Case(
        "the lowest of maximum, constraint and default",
        [lays(MAX, {0: 9e3}, start=NOON), lays(GRID, {0: 4e3}, start=NOON, id=2), lays(DEFAULT, {0: 6e3}, id=3)],
        {0: 4e3},
    ),
    Case(
        "a TxProfile takes the default's place also where it is higher",
        [lays(DEFAULT, {0: 5e3}), lays(TX, {0: 11e3}, id=2)],
        {0: 11e3},
        charging_since="2026-03-10T11:00",
    ),
    Case(
        "after a TxProfile's duration the default speaks again",
        [lays(DEFAULT, {0: 5e3}), lays(TX, {0: 11e3}, id=2, duration=1800)],
        {0: 11e3, 1800: 5e3},
        charging_since=NOON,
    ),
    Case(
        "after the TxProfile's end and without a default: the hardware",
        [lays(TX, {0: 11e3}, duration=600)],
        {0: 11e3, 600: FULL_W},
        charging_since=NOON,
    ),
    Case(
        "the TxProfile of another transaction is refused and changes nothing",
        [lays(DEFAULT, {0: 5e3}), lays(TX, {0: 11e3}, id=2, ref="other")],
        {0: 5e3},
        charging_since=NOON,
    ),
    Case(
        "the TxProfile of this transaction holds",
        [lays(DEFAULT, {0: 5e3}), lays(TX, {0: 11e3}, id=2, ref="17")],
        {0: 11e3},
        charging_since=NOON,
    ),
    Case("a TxProfile without a transaction is refused", [lays(TX, {0: 11e3})], {0: FULL_W}),
    Case("a maximum for one EVSE is refused: it goes to 0", [lays(MAX, {0: 9e3}, start=NOON, evse=1)], {0: FULL_W}),
    Case("a TxProfile for EVSE 0 is refused", [lays(TX, {0: 9e3}, evse=0)], {0: FULL_W}, charging_since=NOON),
    Case("a default for EVSE 0 speaks for EVSE 1", [lays(DEFAULT, {0: 6e3}, evse=0)], {0: 6e3}),
    Case(
        "an EVSE's own default takes the place of the station's, also where it is higher",
        [lays(DEFAULT, {0: 6e3}, evse=0), lays(DEFAULT, {0: 9e3}, id=2)],
        {0: 9e3},
    ),
    Case(
        "another EVSE's own default says nothing here",
        [lays(DEFAULT, {0: 6e3}, evse=0), lays(DEFAULT, {0: 3e3}, evse=2, id=2)],
        {0: 6e3},
        evses=(EvseSpec(), EvseSpec()),
    ),
]

STACKING = [
    Case(
        "the higher stack level leads, not the lower limit",
        [lays(DEFAULT, {0: 4e3}), lays(DEFAULT, {0: 12e3}, id=2, level=3)],
        {0: 12e3},
    ),
    Case(
        "the higher level leads whichever came first",
        [lays(DEFAULT, {0: 12e3}, id=2, level=3), lays(DEFAULT, {0: 4e3})],
        {0: 12e3},
    ),
    Case(
        "the same level and purpose replaces",
        [lays(DEFAULT, {0: 4e3}, id=1), lays(DEFAULT, {0: 8e3}, id=2)],
        {0: 8e3},
    ),
    Case(
        "the same id replaces, also at another level: the old one does not lead any more",
        [lays(DEFAULT, {0: 4e3}, id=1, level=5), lays(DEFAULT, {0: 8e3}, id=1, level=0)],
        {0: 8e3},
    ),
    Case(
        "the same id replaces, also of another purpose: the maximum is gone",
        [lays(MAX, {0: 4e3}, start=NOON, id=1), lays(DEFAULT, {0: 8e3}, id=1)],
        {0: 8e3},
    ),
    Case(
        "levels count within a purpose only: a maximum of level 0 caps a default of level 8",
        [lays(MAX, {0: 4e3}, start=NOON), lays(DEFAULT, {0: 8e3}, id=2, level=8)],
        {0: 4e3},
    ),
    Case("a level above ChargeProfileMaxStackLevel (8) is refused", [lays(DEFAULT, {0: 4e3}, level=9)], {0: FULL_W}),
    Case(
        "a higher level that has ended gives way to the lower",
        [lays(DEFAULT, {0: 4e3}), lays(DEFAULT, {0: 12e3}, id=2, level=1, start=NOON, duration=900)],
        {0: 12e3, 900: 4e3},
    ),
    Case(
        "a higher level that begins within the hour takes over then",
        [lays(DEFAULT, {0: 4e3}), lays(DEFAULT, {0: 12e3}, id=2, level=1, start="2026-03-10T12:20")],
        {0: 4e3, 1200: 12e3},
    ),
    Case(
        "two maxima: the higher level leads, also where it allows more",
        [lays(MAX, {0: 4e3}, start=NOON), lays(MAX, {0: 12e3}, start=NOON, id=2, level=1)],
        {0: 12e3},
    ),
    Case(
        "three levels, one inside the other",
        [
            lays(DEFAULT, {0: 3e3}, id=1),
            lays(DEFAULT, {0: 6e3}, id=2, level=1, start="2026-03-10T12:10", duration=2400),
            lays(DEFAULT, {0: 9e3}, id=3, level=2, start="2026-03-10T12:20", duration=1200),
        ],
        {0: 3e3, 600: 6e3, 1200: 9e3, 2400: 6e3, 3000: 3e3},
    ),
]

TIME = [
    Case(
        "steps of an absolute schedule count from its start, not from the question",
        [lays(DEFAULT, {0: 3e3, 1800: 6e3, 5400: 9e3}, start="2026-03-10T11:00")],
        {0: 6e3, 1800: 9e3},
    ),
    Case(
        "an absolute schedule of the future says nothing yet",
        [lays(DEFAULT, {0: 3e3}, start="2026-03-11T00:00")],
        {0: FULL_W},
    ),
    Case(
        "a duration ends a schedule at its very second",
        [lays(DEFAULT, {0: 3e3}, start=NOON, duration=1)],
        {0: 3e3, 1: FULL_W},
    ),
    Case(
        "a period beyond the duration is never reached",
        [lays(DEFAULT, {0: 3e3, 1800: 6e3}, start=NOON, duration=900)],
        {0: 3e3, 900: FULL_W},
    ),
    Case(
        "the last period of a schedule without a duration goes on for ever",
        [lays(DEFAULT, {0: 3e3, 60: 6e3}, start="2020-01-01T00:00")],
        {0: 6e3},
    ),
    Case(
        "relative: from the start of the transaction, ten minutes ago",
        [lays(DEFAULT, {0: 3e3, 900: 6e3})],
        {0: 3e3, 300: 6e3},
        charging_since="2026-03-10T11:50",
    ),
    Case("relative without a transaction: from the question", [lays(DEFAULT, {0: 3e3, 900: 6e3})], {0: 3e3, 900: 6e3}),
    Case(
        "relative whose duration is over since the transaction began",
        [lays(DEFAULT, {0: 3e3}, duration=300)],
        {0: FULL_W},
        charging_since="2026-03-10T11:50",
    ),
    Case(
        "equal neighbours are one period",
        [lays(DEFAULT, {0: 3e3, 600: 3e3, 1200: 6e3})],
        {0: 3e3, 1200: 6e3},
    ),
    Case(
        "a step that a lower maximum hides is not shown",
        [lays(MAX, {0: 2e3}, start=NOON), lays(DEFAULT, {0: 3e3, 600: 5e3}, id=2)],
        {0: 2e3},
    ),
    Case(
        "valid from twenty past: the lower level until then",
        [lays(DEFAULT, {0: 3e3}), lays(DEFAULT, {0: 6e3}, id=2, level=1, since="2026-03-10T12:20")],
        {0: 3e3, 1200: 6e3},
    ),
    Case(
        "valid to twenty past: from that very second on the lower level",
        [lays(DEFAULT, {0: 3e3}), lays(DEFAULT, {0: 6e3}, id=2, level=1, until="2026-03-10T12:20")],
        {0: 6e3, 1200: 3e3},
    ),
    Case(
        "validity moves no schedule: at its beginning the schedule has run for twenty minutes",
        [lays(DEFAULT, {0: 3e3, 600: 6e3, 1500: 9e3}, start=NOON, since="2026-03-10T12:20")],
        {0: FULL_W, 1200: 6e3, 1500: 9e3},
    ),
    Case(
        "daily: at noon the schedule of yesterday evening still runs",
        [lays(DEFAULT, {0: 3e3, 57_600: 6e3, 61_200: 9e3}, start="2026-03-01T20:00", recurs=DAILY)],
        {0: 6e3, 3600: 9e3},
        seconds=2 * HOUR,
    ),
    Case(
        "daily: over its next start it begins anew",
        [lays(DEFAULT, {0: 3e3, 1800: 6e3}, start="2026-03-01T12:30", recurs=DAILY)],
        {0: 6e3, 1800: 3e3},
    ),
    Case(
        "daily before its first day goes by yesterday's all the same",
        [lays(DEFAULT, {0: 3e3, 6 * HOUR: 6e3}, start="2026-03-12T08:00", recurs=DAILY)],
        {0: 3e3, 2 * HOUR: 6e3},
        seconds=3 * HOUR,
    ),
    Case(
        "daily with a duration: a gap until tomorrow",
        [lays(DEFAULT, {0: 3e3}, start="2026-03-01T12:00", recurs=DAILY, duration=1800)],
        {0: 3e3, 1800: FULL_W, DAY: 3e3},
        seconds=DAY + 60,
    ),
    Case(
        "weekly: on its own weekday",
        [lays(DEFAULT, {0: 3e3}, start="2026-03-03T12:00", recurs=WEEKLY, duration=HOUR)],
        {0: 3e3},
    ),
    Case(
        "weekly: the day after, nothing",
        [lays(DEFAULT, {0: 3e3}, start="2026-03-02T12:00", recurs=WEEKLY, duration=HOUR)],
        {0: FULL_W},
    ),
    Case(
        "weekly without a duration: its last step holds until next week",
        [lays(DEFAULT, {0: 3e3, DAY: 6e3}, start="2026-03-06T12:00", recurs=WEEKLY)],
        {0: 6e3},
    ),
    Case(
        "weekly over daily: the daily one returns when the weekly ends",
        [
            lays(DEFAULT, {0: 3e3}, start="2026-03-01T00:00", recurs=DAILY),
            lays(DEFAULT, {0: 9e3}, start="2026-03-03T12:00", recurs=WEEKLY, duration=1800, level=1, id=2),
        ],
        {0: 9e3, 1800: 3e3},
    ),
    Case(
        "over midnight",
        [lays(DEFAULT, {0: 3e3, 6 * HOUR: 6e3}, start="2026-03-01T00:00", recurs=DAILY)],
        {0: 6e3, 1800: 3e3},
        when="2026-03-10T23:30",
    ),
    Case(
        "an hour of the grid by the clock of another day",
        [lays(DEFAULT, GRID24, start="2026-01-01T00:00", recurs=DAILY)],
        {0: 13e3, 1800: 14e3},
        when="2026-03-10T12:30",
    ),
    Case("a question shorter than the first period", [lays(DEFAULT, {0: 3e3, 600: 6e3})], {0: 3e3}, seconds=600),
    Case("a question of one second", [lays(DEFAULT, {0: 3e3, 1: 6e3})], {0: 3e3}, seconds=1),
]

UNITS = [
    Case("A asked in W: 10 A over three phases", [lays(DEFAULT, {0: 10.0}, A)], {0: 6900.0}),
    Case("A asked in W over one phase", [lays(DEFAULT, {0: (10.0, 1)}, A)], {0: 2300.0}, phases={0: 1}),
    Case("W asked in A: 6900 W are 10 A on each of three", [lays(DEFAULT, {0: 6900.0})], {0: 10.0}, unit=A),
    Case("W asked in A over one phase", [lays(DEFAULT, {0: (2300.0, 1)})], {0: 10.0}, unit=A, phases={0: 1}),
    Case(
        "the fewest phases hold: 16 A on one under a maximum of 10 A on three",
        [lays(MAX, {0: 10.0}, A, start=NOON), lays(DEFAULT, {0: (16.0, 1)}, A, id=2)],
        {0: 10.0},
        unit=A,
        phases={0: 1},
    ),
    Case(
        "the same in W: 10 A are then 2300 W",
        [lays(MAX, {0: 10.0}, A, start=NOON), lays(DEFAULT, {0: (16.0, 1)}, A, id=2)],
        {0: 2300.0},
        phases={0: 1},
    ),
    Case(
        "5000 W over 20 A on one phase, in W: the 4600 W of 20 A",
        [lays(MAX, {0: 5000.0}, start=NOON), lays(DEFAULT, {0: (20.0, 1)}, A, id=2)],
        {0: 4600.0},
        phases={0: 1},
    ),
    Case(
        "5000 W over 20 A on one phase, in A: 20 A, since 5000 W would be 21.7",
        [lays(MAX, {0: 5000.0}, start=NOON), lays(DEFAULT, {0: (20.0, 1)}, A, id=2)],
        {0: 20.0},
        unit=A,
        phases={0: 1},
    ),
    Case(
        "steps in W under 16 A on three phases, in A",
        [lays(MAX, {0: 16.0}, A, start=NOON), lays(DEFAULT, WATTS, id=2)],
        {0: 16.0, 300: 12.0, 600: 9.0, 900: 6.0, 1200: 3.0},
        unit=A,
    ),
    Case(
        "steps in W under 10 A on three phases, in A",
        [lays(MAX, {0: 10.0}, A, start=NOON), lays(DEFAULT, WATTS, id=2)],
        {0: 10.0, 600: 9.0, 900: 6.0, 1200: 3.0},
        unit=A,
    ),
    Case(
        "steps in W under 16 A on one phase, in A: only the last is below",
        [lays(MAX, {0: (16.0, 1)}, A, start=NOON), lays(DEFAULT, WATTS, id=2)],
        {0: 16.0, 1200: 9.0},
        unit=A,
        phases={0: 1, 1200: 1},
    ),
    Case(
        "steps in W under 10 A on three phases, in W",
        [lays(MAX, {0: 10.0}, A, start=NOON), lays(DEFAULT, WATTS, id=2)],
        {0: 6900.0, 600: 6210.0, 900: 4140.0, 1200: 2070.0},
    ),
    Case(
        "steps in W under 10 A on one phase, in W",
        [lays(MAX, {0: (10.0, 1)}, A, start=NOON), lays(DEFAULT, WATTS, id=2)],
        {0: 2300.0, 1200: 2070.0},
        phases={0: 1, 1200: 1},
    ),
    Case("a limit of 0 is a limit", [lays(DEFAULT, {0: 0.0, 600: 6e3})], {0: 0.0, 600: 6e3}),
    Case(
        "phases change at a step while the limit stays: still two periods",
        [lays(DEFAULT, {0: (10.0, 1), 600: (10.0, 3)}, A)],
        {0: 10.0, 600: 10.0},
        unit=A,
        phases={0: 1, 600: 3},
    ),
    Case(
        "a least charging rate raises no limit: it says what a car needs, not what may flow",
        [lays(DEFAULT, {0: 2e3}, least=4140.0)],
        {0: 2e3},
    ),
    Case(
        "a negative limit is refused",
        [lays(DEFAULT, {0: -1.0})],
        {0: FULL_W},
    ),
    Case(
        "a schedule that does not begin at 0 is refused",
        [lays(DEFAULT, {60: 3e3})],
        {0: FULL_W},
    ),
]

STATIONS = [
    Case(
        "a station of two adds what its EVSEs are allowed",
        [lays(DEFAULT, {0: 16.0, 1800: 15.0, 2700: 14.0}, A, duration=HOUR, evse=0)],
        {0: 32.0, 1800: 30.0, 2700: 28.0},
        unit=A,
        evses=(EvseSpec(), EvseSpec()),
        station=True,
    ),
    Case(
        "a station of one is its EVSE",
        [lays(DEFAULT, {0: 16.0, 1800: 15.0, 2700: 14.0}, A, duration=HOUR, evse=0)],
        {0: 16.0, 1800: 15.0, 2700: 14.0},
        unit=A,
        station=True,
    ),
    Case(
        "the maximum is held against the sum, not against each",
        [
            lays(DEFAULT, {0: 16.0, 1800: 15.0, 2700: 14.0}, A, duration=HOUR, evse=0),
            lays(
                MAX,
                {0: 24.0, 900: 28.0, 1800: 30.0, 2700: 32.0},
                A,
                start="2024-01-01T08:00",
                duration=7200,
                recurs=DAILY,
                id=2,
            ),
        ],
        {0: 24.0, 840: 28.0, 1740: 30.0, 2700: 28.0},
        when="2024-01-02T08:01",
        unit=A,
        evses=(EvseSpec(), EvseSpec()),
        station=True,
    ),
    Case(
        "an EVSE of its own default beside one that follows the station's",
        [lays(DEFAULT, {0: 4e3}, evse=0), lays(DEFAULT, {0: 7e3}, evse=2, id=2)],
        {0: 11e3},
        evses=(EvseSpec(), EvseSpec()),
        station=True,
    ),
    Case(
        "nothing installed: all the hardware together",
        [],
        {0: 72e3},
        evses=(EvseSpec(), EvseSpec(50.0, "DC")),
        station=True,
    ),
]

CASES = [*FACTS, *PURPOSES, *STACKING, *TIME, *UNITS, *STATIONS]


def worked_out(case):
    """The composite schedule of a simulated station that was given these profiles."""
    spec = StationSpec("VECTOR", evses=case.evses)
    limits = Limits(spec, Variables(spec))
    charge = None
    if case.charging_since is not None:
        charge = Charge(1, 1, "CARD", at(case.charging_since), 0.0, "Authorized", ref="17")
    for evse, profile in case.held:
        try:
            limits.take(evse, profile, charge)
        except ProfileError:
            assert "refused" in case.why, case.why
    if case.station:
        charges = [charge, *[None] * (len(case.evses) - 1)]
        return limits.station_schedule(charges, at(case.when), case.seconds, case.unit)
    return limits.schedule(1, charge, at(case.when), case.seconds, case.unit)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_composite(case):
    """The reason is the test's name."""
    schedule = worked_out(case)
    assert {period.start_s: period.limit for period in schedule.periods} == pytest.approx(case.expected)
    assert schedule.duration_s == case.seconds
    told = {period.start_s: period.phases for period in schedule.periods}
    assert {start: told[start] for start in case.phases} == case.phases


def test_there_are_enough_of_them():
    """At least sixty, each with a reason of its own."""
    assert len(CASES) >= 60
    assert len({case.why for case in CASES}) == len(CASES)


def test_what_is_composed_is_what_flows():
    """Second by second an EVSE is offered what its composite schedule says, capped by what the hardware gives."""
    case = STACKING[-1]
    spec = StationSpec("VECTOR", evses=case.evses)
    limits = Limits(spec, Variables(spec))
    for evse, profile in case.held:
        limits.take(evse, profile, None)
    for second in range(0, case.seconds, 7):
        expected = [limit for start, limit in case.expected.items() if start <= second][-1]
        kw = limits.kw_at(1, None, at(case.when) + timedelta(seconds=second))
        assert kw == pytest.approx(min(expected, FULL_W) / 1000)
