"""Forecast how full every bin will be, from what its sensor said.

One pass of a gated Kalman filter for the level and a shrunk rate on an hour-of-week clock, and a gamma band around both
(see `forecast.md`). `learn` reads the history of a fleet and gives a `BinForecast` per bin. Pure: no clock, no store.
"""

from routing.forecast.learn import Emptying, Fleet, Reading, learn
from routing.forecast.outlook import Band, BinForecast, Health
from routing.forecast.tuning import Tuning

__all__ = ["Band", "BinForecast", "Emptying", "Fleet", "Health", "Reading", "Tuning", "learn"]
