"""The arguments of an order, read with one clear word about each that does not fit."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from chargers.errors import OrderUnclear


class Arguments:
    """Arguments by name. Every reader raises OrderUnclear, which names the argument and the mend."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._values.get(name)
        if not isinstance(value, str) or not value:
            raise OrderUnclear(f"{name} is missing; give a text")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first when nothing is said."""
        value = self._values.get(name, choices[0])
        if value not in choices:
            raise OrderUnclear(f"{name} is {value!r}; give one of {', '.join(choices)}")
        return str(value)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.whole_or_none(name)
        if value is None:
            value = default
        if value is None:
            raise OrderUnclear(f"{name} is missing; give a whole number")
        return value

    def whole_or_none(self, name: str) -> int | None:
        """A whole number, if one was given."""
        value = self._values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise OrderUnclear(f"{name} is {value!r}; give a whole number")

    def number_or_none(self, name: str) -> float | None:
        """A number from 0 up, if one was given."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise OrderUnclear(f"{name} is {value!r}; give a number from 0 up")
        return float(value)

    def instant(self, name: str) -> datetime:
        """An instant with its offset."""
        value = self.instant_or_none(name)
        if value is None:
            raise OrderUnclear(f"{name} is missing; give an instant, e.g. 2026-03-10T18:00:00Z")
        return value

    def instant_or_none(self, name: str) -> datetime | None:
        """An instant with its offset, if one was given."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            time = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            time = None
        if time is None or time.tzinfo is None:
            raise OrderUnclear(f"{name} is {value!r}; give an instant with its offset, e.g. 2026-03-10T18:00:00Z")
        return time.astimezone(UTC)

    def yes(self, name: str) -> bool:
        """True or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise OrderUnclear(f"{name} is {value!r}; give true or false")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty when nothing is said."""
        value = self._values.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise OrderUnclear(f"{name} is {value!r}; give a list of texts")
        return value

    def pairs(self, name: str) -> dict[str, str]:
        """Names and values, values as text."""
        return {str(key): _as_text(value) for key, value in self.table(name).items()}

    def table(self, name: str) -> dict[str, Any]:
        """An object that is not empty."""
        value = self._values.get(name)
        if not isinstance(value, dict) or not value:
            raise OrderUnclear(f"{name} is missing; give an object")
        return value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
