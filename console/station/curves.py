"""What the chart of a station's page shows: what it drew, and what its profiles allow ahead of now. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.i18n import N_
from console.station.values import StationFacts
from console.view import StationView, View
from console.widgets.chart import Curves

BEHIND = timedelta(hours=2)
AHEAD = timedelta(hours=3)
"""How much of what was drawn and of what is allowed is shown."""
STEP = timedelta(minutes=5)
DWARFS = 4.0
"""A limit so many times what is drawn and allowed is left out: it would press all that matters to the floor."""


def make_curves(view: View, station: StationView, facts: StationFacts) -> Curves:
    """The chart of a station: its power up to now with the live figure last, its allowance from now on."""
    now = view.local(view.now)
    start = (now - BEHIND).replace(second=0, microsecond=0)
    start -= timedelta(minutes=start.minute % 5)
    slots = (BEHIND + AHEAD) // STEP
    drawn = [(view.local(at), kw) for at, kw in facts.drawn_kw if at >= start]
    if station.online:
        drawn.append((now, station.power_kw))
    most = station.max_kw or max((evse.max_kw for evse in station.evses), default=0.0)
    middles = [start + STEP * (slot + 0.5) for slot in range(slots)]
    planned = tuple(None if at < now else allowed_at(facts, at) for at in middles)
    highest = max((kw for kw in (*planned, *(kw for _at, kw in drawn)) if kw), default=0.0)
    return Curves(
        start,
        STEP,
        (most,) * slots if not highest or most <= DWARFS * highest else (),
        planned,
        tuple(drawn),
        now,
        N_("allowed"),
    )


def allowed_at(facts: StationFacts, at: datetime) -> float | None:
    """What the profiles allow at an instant, in kW; None where there are none.

    The screen's clock may be a little behind the reading: before its first step, that one holds.
    """
    steps = facts.allowed_kw[:1] + tuple(step for step in facts.allowed_kw[1:] if step[0] <= at)
    return steps[-1][1] if steps else None
