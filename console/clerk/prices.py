"""What a kWh costs at which instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from fleet.errors import SettingsError
from fleet.settings import Settings


def price_list(settings: Settings) -> Callable[[datetime], float]:
    """Price by instant, from the tariff's local times of change.

    Raises:
        SettingsError: a time of change that is none.
    """
    steps = []
    for text, price in settings.depot.tariff:
        try:
            steps.append((time.fromisoformat(text), price))
        except ValueError:
            raise SettingsError(f"depot.tariff: {text!r} is no time of day; write HH:MM") from None
    if not steps:
        raise SettingsError("depot.tariff: is empty; give at least one price")
    steps.sort()
    zone = settings.zone

    def price_at(at: datetime) -> float:
        local = at.astimezone(zone).time()
        before = [price for start, price in steps if start <= local]
        return before[-1] if before else steps[-1][1]

    return price_at
