"""The figures of the forecast, set on a simulated city and one real history; a city may override them."""

from __future__ import annotations

from dataclasses import dataclass

from routing.errors import ForecastError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Figures of the filter. Fill is 0 to 1, rates are fill a day, times are days."""

    noise: float = 0.03
    """Standard deviation of a reading."""
    prior_rate: float = 0.25
    """Rate of a bin nothing is known of, in a fleet nothing is known of."""
    prior_days: float = 2.0
    """Days of its own a bin must be watched before its rate weighs as much as its group's."""
    memory_days: float = 28.0
    """How fast old growth is forgotten."""
    spread: float = 0.06
    """Variance of growth over its mean, until the fleet's own is known."""
    drop: float = 0.2
    """A reading this much below the level, and below half of it, is an emptying or an outlier."""
    gate: float = 0.12
    """A reading this far off the prediction (or 3.2 standard deviations) waits for a second one to agree."""
    agree: float = 0.15
    """How near the second reading must be to the first."""
    full: float = 0.93
    """Above this level growth is not seen any more, and teaches nothing."""
    residue: float = 0.03
    """What lies in a bin after it was emptied."""
    silent_after: float = 3.0
    """A sensor is silent after this many of its usual intervals."""
    widen: float = 1.0
    """Factor on the width of every band; 1 gave 87 to 93 % coverage of the 90 % band on the simulation."""

    def __post_init__(self) -> None:
        for name in ("noise", "prior_rate", "prior_days", "memory_days", "spread", "silent_after", "widen"):
            if not getattr(self, name) > 0:
                raise ForecastError(f"forecast setting {name} is {getattr(self, name)}; it must be above 0")


DEFAULT = Tuning()
