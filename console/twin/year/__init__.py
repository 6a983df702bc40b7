"""A simulated year: what planning by sensors saves against driving by the calendar, with the same bins and trucks."""

from console.twin.year.play import Figures, play_year
from console.twin.year.tell import compare_policies, describe

__all__ = ["Figures", "compare_policies", "describe", "play_year"]
