"""Rules of streets as people write and read them: the street found by a part of its name, the period in one line."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from console.errors import RuleUnclear
from console.i18n import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.tables import RoadOverride
    from routing.roads import Network

KINDS: dict[str, str] = {
    "closed": N_("closed"),
    "one_way": N_("one way"),
    "max_t": N_("too narrow above … t"),
    "max_height": N_("lower than … m"),
    "max_width": N_("narrower than … m"),
    "speed": N_("… km/h"),
}
UNITS = {"max_t": "t", "max_height": "m", "max_width": "m", "speed": "km/h"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"\d{1,2}:\d{2}"
_COMPASS = (N_("north"), N_("north-east"), N_("east"), N_("south-east"), N_("south"), N_("south-west"), N_("west"),
            N_("north-west"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain:
    """A street's longest run without a fork: (latitude, longitude) along it, and the compass of both its directions."""

    line: tuple[tuple[float, float], ...]
    ahead: str
    back: str


def read_period(text: str, today: date) -> dict[str, Any]:
    """The columns of a period: words in any order.

    "today", "tomorrow", a date, "DATE..DATE" (either side may be left out), weekdays "mon,thu" or "mon-fri", hours
    "06:00-13:00". Nothing at all: always, until it is ended.

    Raises:
        RuleUnclear: a word that is none of these.
    """
    found: dict[str, Any] = {
        "from_time": None, "until_time": None, "weekdays": list(range(7)), "starts_on": None, "ends_on": None,
    }  # fmt: skip
    for word in text.lower().split():
        if word in {"today", "tomorrow"}:
            day = today + timedelta(days=int(word == "tomorrow"))
            found |= {"starts_on": day.isoformat(), "ends_on": day.isoformat()}
        elif re.fullmatch(_DATE, word):
            found |= {"starts_on": _day(word), "ends_on": _day(word)}
        elif match := re.fullmatch(f"({_DATE})?\\.\\.({_DATE})?", word):
            found |= {"starts_on": _day(match[1]), "ends_on": _day(match[2])}
        elif match := re.fullmatch(f"({_TIME})-({_TIME})", word):
            found |= {"from_time": _clock(match[1]), "until_time": _clock(match[2])}
        elif days := _weekdays(word):
            found["weekdays"] = days
        else:
            raise RuleUnclear(
                f"{word!r} is no period: today, 2026-11-24, 2026-11-24..2026-12-01, mon,thu, mon-fri or 06:00-13:00"
            )
    return found


def tell_period(row: RoadOverride) -> str:
    """A period in the words `read_period` reads."""
    words = []
    if row.starts_on or row.ends_on:
        single = row.starts_on == row.ends_on
        words.append(f"{row.starts_on}" if single else f"{row.starts_on or ''}..{row.ends_on or ''}")
    if len(row.weekdays) < len(DAYS):
        words.append(",".join(DAYS[day] for day in row.weekdays))
    if row.from_time or row.until_time:
        words.append(f"{row.from_time or '00:00'}-{row.until_time or '24:00'}")
    return " ".join(words)


def tell_rule(kind: str, value: float | None) -> str:
    """What a rule says, in the language of the screen."""
    words = _(KINDS.get(kind, kind))
    return words.replace("…", f"{value:g}") if value is not None else words


def read_value(kind: str, text: str) -> float | None:
    """The value of a rule; None for kinds without one.

    Raises:
        RuleUnclear: the kind needs a figure, and this is none.
    """
    if kind not in UNITS:
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise RuleUnclear(f"{kind} needs a figure in {UNITS[kind]}") from None


def find_streets(names: Iterable[str], text: str) -> list[str]:
    """Names that hold every word of `text`, accents and case aside; a name that is the text itself comes alone."""
    wanted = _plain(text)
    known = sorted({name for name in names if name}, key=lambda name: (len(name), name))
    same = [name for name in known if _plain(name) == wanted]
    return same[:1] or [name for name in known if all(word in _plain(name) for word in wanted.split())]


def chain_of(network: Network, street: str) -> Chain:
    """The longest run of a street, drawn in the direction its map has it.

    Raises:
        RuleUnclear: there is no such street.
    """
    import numpy as np

    links = np.flatnonzero(network.link_name == (network.names.index(street) if street in network.names else -1))
    if not len(links):
        raise RuleUnclear(f"no street is called {street!r}; look for a part of its name")
    pieces = []
    for link in links.tolist():
        part = slice(network.shape_start[link], network.shape_start[link + 1])
        pieces.append(list(zip(network.shape_lat[part].tolist(), network.shape_lon[part].tolist(), strict=True)))
    line = max(_join(pieces), key=len)
    line = [(round(lat, 6), round(lon, 6)) for lat, lon in line]
    north, east = line[-1][0] - line[0][0], (line[-1][1] - line[0][1]) * np.cos(np.radians(line[0][0]))
    eighth = round(float(np.degrees(np.arctan2(east, north))) / 45) % 8
    return Chain(tuple(line), _COMPASS[eighth], _COMPASS[(eighth + 4) % 8])


def draw_rule(network: Network, row: RoadOverride) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The streets a rule is about, as lines of a map; none where it makes no sense or matches no street."""
    from routing.errors import RoadsError
    from routing.roads import Override
    from routing.roads.overrides import find_links

    try:
        links, _against = find_links(network, Override.from_row(row))
    except RoadsError:
        return ()
    cuts = ((network.shape_start[link], network.shape_start[link + 1]) for link in links.tolist())
    return tuple(
        tuple(zip(network.shape_lat[start:end].tolist(), network.shape_lon[start:end].tolist(), strict=True))
        for start, end in cuts
    )


def street_at(network: Network, lat: float, lon: float) -> str:
    """The name of the street nearest to a spot; empty where it has none or is too far."""
    from routing.roads import snap_points

    edge = int(snap_points(network, [(lat, lon)]).edge[0])
    return network.names[network.link_name[network.edge_link[edge]]] if edge >= 0 else ""


def _join(pieces: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Lines joined end to end where two meet, as far as it goes."""
    lines = sorted(pieces, key=len, reverse=True)
    done: list[list[tuple[float, float]]] = []
    while lines:
        line = lines.pop(0)
        grown = True
        while grown:
            grown = False
            for number, other in enumerate(lines):
                if joined := _meet(line, other):
                    line, grown = joined, True
                    del lines[number]
                    break
        done.append(line)
    return done


def _meet(line: list[tuple[float, float]], other: list[tuple[float, float]]) -> list[tuple[float, float]] | None:
    if line[-1] == other[0]:
        return line + other[1:]
    if line[-1] == other[-1]:
        return line + other[-2::-1]
    if line[0] == other[-1]:
        return other[:-1] + line
    if line[0] == other[0]:
        return other[:0:-1] + line
    return None


def _day(text: str | None) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        raise RuleUnclear(f"{text!r} is no day") from None


def _clock(text: str) -> str:
    hours, _colon, minutes = text.partition(":")
    if int(hours) > 24 or int(minutes) > 59:
        raise RuleUnclear(f"{text!r} is no time of day")
    return f"{int(hours):02}:{minutes}"


def _weekdays(word: str) -> list[int]:
    days: set[int] = set()
    for part in word.split(","):
        first, _dash, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            return []
        since, until = DAYS.index(first), DAYS.index(last or first)
        days |= {day % 7 for day in range(since, until + 1 + (7 if until < since else 0))}
    return sorted(days)


def _plain(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))
