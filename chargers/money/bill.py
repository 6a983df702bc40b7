"""The bill of a charge: its spans cut where prices may change, each dimension priced by the first element that holds.

Steps follow OCPI 2.2.1 (mod_tariffs, PriceComponent): energy is rounded up once for the whole charge and time once,
parking if there was any, by the step of the price used last. Each line is rounded to a hundredth, half up, so that
what is on the receipt adds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from math import ceil

from chargers.money.charge import Charge, Stretch
from chargers.money.tariff import Dimension, PriceComponent, PriceList, Restrictions

CENT = Decimal("0.01")
UNITS = {Dimension.ENERGY: "kWh", Dimension.TIME: "h", Dimension.PARKING_TIME: "h", Dimension.FLAT: ""}
_WHOLE = {Dimension.ENERGY: 1000.0, Dimension.TIME: 3600.0, Dimension.PARKING_TIME: 3600.0, Dimension.FLAT: 1.0}
"""Steps (Wh, seconds) in one unit of the price."""


@dataclass(frozen=True, slots=True)
class Line:
    """One price of a receipt: quantity in kWh or hours, price and amount without VAT."""

    what: Dimension
    since: datetime
    until: datetime
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    vat: Decimal
    """Share added."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a charge comes to; total is net and vat, net the sum of the lines."""

    tariff_id: str
    currency: str
    kwh: float
    minutes: float
    idle_minutes: float
    net: Decimal
    vat: Decimal
    total: Decimal
    lines: tuple[Line, ...]


@dataclass(slots=True)
class _Used:
    """How much was used at one price, in steps' units (Wh, seconds, times)."""

    component: PriceComponent
    since: datetime
    until: datetime
    amount: float = 0.0


def price(tariff: PriceList, charge: Charge, zone: tzinfo) -> Bill:
    """The bill of a charge under a tariff; `zone`: whose clock the tariff's times are of."""
    used: dict[tuple[int, Dimension], _Used] = {}
    minutes = idle = 0.0
    for stretch in charge.stretches():
        minutes += stretch.seconds / 60
        idle += stretch.seconds / 60 if stretch.idle else 0.0
        for piece in _cut(tariff, charge, stretch, zone):
            time = Dimension.PARKING_TIME if piece.idle else Dimension.TIME
            wh = (piece.end[1] - piece.begin[1]) * 1000
            for dimension, amount in ((Dimension.ENERGY, wh), (time, piece.seconds), (Dimension.FLAT, 1.0)):
                if amount > 0:
                    _use(tariff, charge, piece, zone, used, dimension, amount)
    if not charge.points[1:]:  # it has only just begun
        piece = Stretch(charge.points[0], charge.points[0], idle=False)
        _use(tariff, charge, piece, zone, used, Dimension.FLAT, 1.0)
    _round_up(used)
    lines = tuple(_line(one, tariff.vat) for one in used.values())
    net = sum((line.amount for line in lines), Decimal(0))
    shares = {line.vat for line in lines}
    vat = sum((_cents(sum(one.amount for one in lines if one.vat == share) * share) for share in shares), Decimal(0))
    return Bill(
        tariff.tariff_id, tariff.currency, charge.kwh, minutes, idle, _cents(net), vat, _cents(net) + vat, lines
    )


def _use(
    tariff: PriceList,
    charge: Charge,
    piece: Stretch,
    zone: tzinfo,
    used: dict[tuple[int, Dimension], _Used],
    dimension: Dimension,
    amount: float,
) -> None:
    if dimension is Dimension.FLAT and any(name is Dimension.FLAT for _, name in used):
        return
    for at, element in enumerate(tariff.elements):
        component = next((one for one in element.components if one.dimension is dimension), None)
        if component is not None and _holds(element.restrictions, charge, piece, zone):
            row = used.setdefault((at, dimension), _Used(component, piece.begin[0], piece.end[0]))
            row.amount += amount
            row.until = piece.end[0]
            return


def _holds(rule: Restrictions, charge: Charge, piece: Stretch, zone: tzinfo) -> bool:
    middle = piece.begin[0] + (piece.end[0] - piece.begin[0]) / 2
    local = middle.astimezone(zone)
    seconds = (middle - charge.began).total_seconds()
    kwh = (piece.begin[1] + piece.end[1]) / 2
    return (
        _in_hours(rule, local)
        and (rule.start_date is None or rule.start_date <= local.date())
        and (rule.end_date is None or local.date() < rule.end_date)
        and (not rule.day_of_week or local.weekday() in rule.day_of_week)
        and _between(kwh, rule.min_kwh, rule.max_kwh)
        and _between(piece.kw, rule.min_power, rule.max_power)
        and _between(seconds, rule.min_duration, rule.max_duration)
    )


def _in_hours(rule: Restrictions, local: datetime) -> bool:
    now, start, end = local.time(), rule.start_time, rule.end_time
    if start is not None and end is not None and end <= start:
        return now >= start or now < end
    return (start is None or now >= start) and (end is None or now < end)


def _between(value: float, least: float | None, most: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value < most)


def _cut(tariff: PriceList, charge: Charge, stretch: Stretch, zone: tzinfo) -> Iterator[Stretch]:
    """The stretch in pieces within which no restriction changes."""
    (begin, kwh), (end, most) = stretch.begin, stretch.end
    if begin >= end:
        yield stretch
        return
    instants = {begin, end}
    for element in tariff.elements:
        instants.update(at for at in _changes(element.restrictions, charge, stretch, zone) if begin < at < end)
    for one, other in pairwise(sorted(instants)):
        share = [(at - begin) / (end - begin) for at in (one, other)]
        yield Stretch((one, kwh + share[0] * (most - kwh)), (other, kwh + share[1] * (most - kwh)), idle=stretch.idle)


def _changes(rule: Restrictions, charge: Charge, stretch: Stretch, zone: tzinfo) -> Iterator[datetime]:
    (begin, kwh), (end, most) = stretch.begin, stretch.end
    clocks = [one for one in (rule.start_time, rule.end_time) if one is not None]
    if rule.day_of_week or rule.start_date is not None or rule.end_date is not None:
        clocks.append(datetime.min.time())
    if clocks:
        day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            for clock in clocks:
                yield datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
            day += timedelta(days=1)
    for bound in (rule.min_kwh, rule.max_kwh):
        if bound is not None and kwh < bound < most:
            yield begin + (end - begin) * ((bound - kwh) / (most - kwh))
    for bound in (rule.min_duration, rule.max_duration):
        if bound is not None:
            yield charge.began + timedelta(seconds=bound)


def _round_up(used: dict[tuple[int, Dimension], _Used]) -> None:
    by_dimension: dict[Dimension, list[_Used]] = {}
    for (_, dimension), one in used.items():
        by_dimension.setdefault(dimension, []).append(one)
    time = Dimension.PARKING_TIME if Dimension.PARKING_TIME in by_dimension else Dimension.TIME
    for dimension in (Dimension.ENERGY, time):
        rows = by_dimension.get(dimension)
        if rows:
            last = max(rows, key=lambda one: one.until)
            total = sum(one.amount for one in rows)
            step = last.component.step_size
            last.amount += ceil(round(total / step, 6)) * step - total if step > 1 else 0.0


def _line(used: _Used, vat: Decimal) -> Line:
    component = used.component
    quantity = Decimal(str(round(used.amount / _WHOLE[component.dimension], 4)))
    return Line(
        component.dimension,
        used.since,
        used.until,
        quantity,
        UNITS[component.dimension],
        component.price,
        _cents(quantity * component.price),
        vat if component.vat is None else component.vat,
    )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
