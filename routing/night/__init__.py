"""The night of routing: read the city, judge the bins, state the problem, search, record the plan."""

from routing.night.ahead import Ahead, look_ahead
from routing.night.build import Roads, build_problem
from routing.night.due import Due, Judgement, forecast_bins, judge_bins
from routing.night.gather import Situation, gather
from routing.night.record import record
from routing.night.whatif import Change, suppose

__all__ = [
    "Ahead",
    "Change",
    "Due",
    "Judgement",
    "Roads",
    "Situation",
    "build_problem",
    "forecast_bins",
    "gather",
    "judge_bins",
    "look_ahead",
    "record",
    "suppose",
]
