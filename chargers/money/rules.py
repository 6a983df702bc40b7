"""Which tariff holds for whom and where: the most particular rule wins."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A tariff for a group of tokens at a group of stations; an empty group is everybody, or everywhere."""

    tariff_id: str
    token_group: str = ""
    station_group: str = ""
    rank: int = 0


def choose(rules: Iterable[Rule], token_group: str, station_groups: Collection[str]) -> str | None:
    """The tariff that holds; None where no rule does: then a charge costs nothing.

    A rule for these tokens at these stations wins over one for these tokens anywhere, that over one for anybody at
    these stations, that over one for all; of two alike the higher rank, then the first name.
    """
    fitting = [
        rule
        for rule in rules
        if rule.token_group in ("", token_group) and (not rule.station_group or rule.station_group in station_groups)
    ]
    best = min(
        fitting,
        key=lambda rule: (not rule.token_group, not rule.station_group, -rule.rank, rule.tariff_id),
        default=None,
    )
    return None if best is None else best.tariff_id
