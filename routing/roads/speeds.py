"""Speeds by class of street and hour: a city's own figures instead of the built-in ones.

    share_of_limit = 0.8      # what traffic leaves of a posted limit
    signal_seconds = 4.0      # mean wait at a traffic signal
    [kmh]                     # a loaded truck on a free street; classes not named keep the built-in figure
    primary = 45
    [hours.all]               # share of these speeds that is left from a local time on, until the next line
    "07:00" = 0.7
    [hours.primary]           # a class with hours of its own
    "07:00" = 0.55

A matrix has one speed for each street: a profile's is the mean over the hours of its shift, by time taken.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from routing.errors import RoadsError
from routing.roads.arrays import F32, F64, I8
from routing.roads.rules import CLASS_KMH, ROAD_CLASSES, SHARE_OF_LIMIT, SIGNAL_SECONDS, SLOWEST_KMH
from routing.roads.vehicles import Profile, minutes_of

_ALL: Final = "all"
_DAY: Final = 24 * 60
_MOST_KMH: Final = 130.0
Steps = tuple[tuple[int, float], ...]
"""(minute of the day, share of the speed from then on), in order of time."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """A city's calibration: km/h by class of street, and the share of it left by the hour."""

    kmh: Mapping[str, float] = field(default_factory=dict)
    hours: Mapping[str, Steps] = field(default_factory=dict)
    share_of_limit: float = SHARE_OF_LIMIT
    signal_seconds: float = SIGNAL_SECONDS

    def shares(self, profile: Profile) -> F64:
        """(classes,) share of the free speed a profile's hours leave on each class of street."""
        everywhere = self.hours.get(_ALL, ())
        return np.array([_mean_share(self.hours.get(name, everywhere), profile.span) for name in ROAD_CLASSES])

    def class_kmh(self) -> F64:
        """(classes,) free speed on each class of street."""
        return np.array([self.kmh.get(name, CLASS_KMH[name]) for name in ROAD_CLASSES])

    def seconds(self, profile: Profile, road_class: I8, limit_kmh: F32, metres: F64, signals: I8) -> F64:
        """Seconds along streets of these classes, posted limits, lengths and signals in the profile's hours."""
        classes = road_class.astype(np.int64)
        free = np.minimum(self.class_kmh()[classes], np.maximum(SLOWEST_KMH, limit_kmh * self.share_of_limit))
        kmh = np.maximum(free * self.shares(profile)[classes], SLOWEST_KMH / 2)
        seconds: F64 = metres / (kmh / 3.6) + self.signal_seconds * signals
        return seconds


def read_speeds(path: Path) -> Speeds:
    """A calibration file; RoadsError, one line, where it cannot be read or a figure makes no sense."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RoadsError(f"speeds {path}: cannot be read ({error}); correct [plan] speeds") from error
    known = {"kmh", "hours", "share_of_limit", "signal_seconds"}
    for name in given:
        if name not in known:
            raise RoadsError(f"speeds {path}: there is no {name!r}; known: {', '.join(sorted(known))}")
    kmh = {
        name: _figure(value, f"speeds {path}: [kmh] {name}", SLOWEST_KMH, _MOST_KMH)
        for name, value in _table(given, "kmh", path, ROAD_CLASSES).items()
    }
    hours = {
        name: _steps(value, f"speeds {path}: [hours.{name}]")
        for name, value in _table(given, "hours", path, (_ALL, *ROAD_CLASSES)).items()
    }
    share = _figure(given.get("share_of_limit", SHARE_OF_LIMIT), f"speeds {path}: share_of_limit", 0.1, 1.5)
    wait = _figure(given.get("signal_seconds", SIGNAL_SECONDS), f"speeds {path}: signal_seconds", 0.0, 120.0)
    return Speeds(kmh, hours, share, wait)


def _table(given: Mapping[str, Any], name: str, path: Path, classes: tuple[str, ...]) -> Mapping[str, Any]:
    table = given.get(name, {})
    if not isinstance(table, dict):
        raise RoadsError(f"speeds {path}: {name} must be a table; write [{name}] on a line of its own")
    for key in table:
        if key not in classes:
            raise RoadsError(f"speeds {path}: [{name}] {key} is no class of street; known: {', '.join(classes)}")
    return table


def _figure(value: object, place: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise RoadsError(f"{place} is {value!r}: give a figure from {least:g} to {most:g}")
    return float(value)


def _steps(value: object, place: str) -> Steps:
    if not isinstance(value, dict) or not value:
        raise RoadsError(f'{place} must name times and shares, like "07:00" = 0.7')
    return tuple(sorted((minutes_of(at), _figure(share, f"{place} {at}", 0.05, 2.0)) for at, share in value.items()))


def _mean_share(steps: Steps, span: tuple[int, int]) -> float:
    """The constant share that takes as long as the steps over the span: the mean of the time taken, turned round."""
    if not steps:
        return 1.0
    since, until = span
    minutes = np.arange(since, until) % _DAY
    starts = np.array([at for at, _ in steps])
    share = np.array([value for _, value in steps])
    # before the day's first step the last of the day before still holds
    return float(1 / np.mean(1 / share[np.searchsorted(starts, minutes, side="right") - 1]))
