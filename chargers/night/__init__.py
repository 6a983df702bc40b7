"""The depot's night at work: what trucks need and who is plugged, planned again whenever it changes, pushed safely."""

from chargers.night.conduct import Policy, conduct, foresee, pursue
from chargers.night.needs import close_needs

__all__ = ["Policy", "close_needs", "conduct", "foresee", "pursue"]
