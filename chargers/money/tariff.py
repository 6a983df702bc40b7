"""Price lists as values, and how they are read from OCPI 2.2.1 tariff elements (mod_tariffs, Tariff object).

Left out, and refused when asked for: restrictions by current, which a meter of energy does not tell, and of
reservations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from chargers.errors import TariffInvalid

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
MOST_ELEMENTS = 100


class Dimension(StrEnum):
    """What is paid for: kWh; hours of charging; hours at the plug without charging; once."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """price: per kWh, per hour, or once, without VAT. step_size: Wh or seconds billed at the least, 1 and more."""

    dimension: Dimension
    price: Decimal
    step_size: int = 1
    vat: Decimal | None = None
    """Share added to this price; None: the tariff's."""


@dataclass(frozen=True, slots=True)
class Restrictions:
    """When an element holds; lower bounds hold themselves, upper ones do not. Times are the city's."""

    start_time: time | None = None
    end_time: time | None = None
    """Before start_time: of the next day."""
    start_date: date | None = None
    end_date: date | None = None
    day_of_week: frozenset[int] = frozenset()
    """0 is Monday; empty: every day."""
    min_kwh: float | None = None
    max_kwh: float | None = None
    """Energy taken so far."""
    min_power: float | None = None
    max_power: float | None = None
    """kW."""
    min_duration: float | None = None
    max_duration: float | None = None
    """Seconds since the charge began."""


@dataclass(frozen=True, slots=True)
class PriceElement:
    """Prices that hold together, and when."""

    components: tuple[PriceComponent, ...]
    restrictions: Restrictions = field(default_factory=Restrictions)


@dataclass(frozen=True, slots=True)
class PriceList:
    """A tariff. For each dimension the first element that holds and has a price for it counts."""

    tariff_id: str
    currency: str
    vat: Decimal
    elements: tuple[PriceElement, ...]


def read_tariff(tariff_id: str, currency: str, vat: float, elements: Sequence[Mapping[str, Any]]) -> PriceList:
    """A price list from the elements as JSON values.

    Raises:
        TariffInvalid: one line: the tariff, the element, what is wrong.
    """
    where = f"tariff {tariff_id}"
    if not isinstance(elements, list | tuple) or not elements:
        raise TariffInvalid(f"{where}: elements must be a list with at least one element")
    if len(elements) > MOST_ELEMENTS:
        raise TariffInvalid(f"{where}: has {len(elements)} elements; at most {MOST_ELEMENTS} are taken")
    if not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
        raise TariffInvalid(f"{where}: currency {currency!r} is none; write three capitals, e.g. MAD")
    share = _number(vat, f"{where}: vat", most=1)
    read = tuple(_read_element(element, f"{where}, element {at}") for at, element in enumerate(elements, 1))
    return PriceList(tariff_id, currency, share, read)


def _read_element(element: object, where: str) -> PriceElement:
    given = _object(element, where, {"price_components", "restrictions"})
    components = given.get("price_components")
    if not isinstance(components, list) or not components:
        raise TariffInvalid(f"{where}: price_components must be a list with at least one price")
    read = tuple(_read_component(one, where) for one in components)
    if len({one.dimension for one in read}) < len(read):
        raise TariffInvalid(f"{where}: two prices of one type; give the second an element of its own")
    return PriceElement(read, _read_restrictions(given.get("restrictions") or {}, where))


def _read_component(component: object, where: str) -> PriceComponent:
    given = _object(component, f"{where}, price", {"type", "price", "step_size", "vat"})
    try:
        dimension = Dimension(str(given.get("type")))
    except ValueError:
        names = ", ".join(Dimension)
        raise TariffInvalid(f"{where}: type {given.get('type')!r} is none of {names}") from None
    step = given.get("step_size", 1)
    if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= 1_000_000:
        raise TariffInvalid(f"{where}: step_size {step!r} is no whole number of Wh or seconds")
    vat = given.get("vat")
    return PriceComponent(
        dimension,
        _number(given.get("price"), f"{where}: price of {dimension}", most=1_000_000),
        max(step, 1),
        None if vat is None else _number(vat, f"{where}: vat of {dimension}", most=100) / 100,
    )


def _object(value: object, where: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TariffInvalid(f"{where}: must be an object")
    unknown = sorted(set(value) - known)
    if unknown:
        raise TariffInvalid(f"{where}: {unknown[0]!r} is not known here; there are {', '.join(sorted(known))}")
    return value


def _number(value: object, where: str, *, most: float) -> Decimal:
    try:
        number = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number <= most:
        raise TariffInvalid(f"{where}: {value!r} is no number from 0 to {most:g}")
    return number


def _bound(value: object, where: str) -> float:
    return float(_number(value, where, most=1e9))


def _clock(value: object, where: str) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise TariffInvalid(f"{where}: {value!r} is no time of day; write HH:MM") from None


def _day(value: object, where: str) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise TariffInvalid(f"{where}: {value!r} is no date; write YYYY-MM-DD") from None


def _days(value: object, where: str) -> frozenset[int]:
    if not isinstance(value, list) or not all(day in DAYS for day in value):
        raise TariffInvalid(f'{where}: {value!r} is no list of days; write e.g. ["SATURDAY", "SUNDAY"]')
    return frozenset(DAYS.index(day) for day in value)


_READERS: Mapping[str, Callable[[object, str], Any]] = {
    **dict.fromkeys(("start_time", "end_time"), _clock),
    **dict.fromkeys(("start_date", "end_date"), _day),
    "day_of_week": _days,
    **dict.fromkeys((one.name for one in fields(Restrictions) if one.name.startswith(("min_", "max_"))), _bound),
}


def _read_restrictions(value: object, where: str) -> Restrictions:
    given = _object(value, f"{where}, restrictions", set(_READERS))
    return Restrictions(**{name: _READERS[name](item, f"{where}, {name}") for name, item in given.items()})
