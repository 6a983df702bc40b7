"""Who charges when: the exact cheapest night under a site limit, and a sentence for whoever goes short. Pure."""

from chargers.schedule.grid import effective_kw
from chargers.schedule.plan import plan_power
from chargers.schedule.problem import (
    MARGINS,
    NO_MARGINS,
    Binding,
    Margins,
    Mend,
    Night,
    Option,
    Prudence,
    Schedule,
    Shortfall,
    TruckNeed,
)

__all__ = [
    "MARGINS",
    "NO_MARGINS",
    "Binding",
    "Margins",
    "Mend",
    "Night",
    "Option",
    "Prudence",
    "Schedule",
    "Shortfall",
    "TruckNeed",
    "effective_kw",
    "plan_power",
]
