"""Forecast how full every bin will be, from what its sensor said.

One pass of a gated Kalman filter for the level and a shrunk rate on an hour-of-week clock, and a gamma band around both
(see `forecast.md`). `advance` moves a city's `Memory` on by what is new; `learn` is the same from nothing. Both give a
`BinForecast` per bin. Pure: no clock, no store.
"""

from routing.forecast.learn import Fleet, advance, learn
from routing.forecast.memory import GroupMemory, Memory, pack_bin, unpack_bin
from routing.forecast.outlook import Band, BinForecast, Health
from routing.forecast.tuning import Tuning
from routing.forecast.values import Emptying, Found, Reading

__all__ = [
    "Band",
    "BinForecast",
    "Emptying",
    "Fleet",
    "Found",
    "GroupMemory",
    "Health",
    "Memory",
    "Reading",
    "Tuning",
    "advance",
    "learn",
    "pack_bin",
    "unpack_bin",
]
