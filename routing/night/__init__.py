"""The night of routing: read the city from the store, decide which bins are due, state the problem, record the plan."""

from routing.night.build import Roads, build_problem
from routing.night.due import Due, Judgement, judge_bins
from routing.night.gather import Situation, gather
from routing.night.record import record

__all__ = ["Due", "Judgement", "Roads", "Situation", "build_problem", "gather", "judge_bins", "record"]
