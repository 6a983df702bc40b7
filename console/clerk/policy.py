"""How the settings want the depot run."""

from __future__ import annotations

from chargers.night import Policy
from chargers.schedule import MARGINS, Prudence
from console.clerk.prices import price_list
from fleet.settings import Settings


def depot_policy(settings: Settings) -> Policy:
    """The policy of every site.

    Raises:
        SettingsError: a tariff that is none.
    """
    return Policy(
        slot_minutes=settings.depot.slot_minutes,
        margins=MARGINS[Prudence(settings.depot.prudence)],
        margin_kw=settings.depot.margin_kw,
        price=price_list(settings),
    )
