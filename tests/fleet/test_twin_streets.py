from __future__ import annotations

import math
from collections import Counter, defaultdict, deque

import pytest

from fleet.twin.streets import Size, Streets, draw_streets

TOWNS: dict[tuple[int, Size], Streets] = {
    (seed, size): draw_streets(seed, size) for seed in (1, 7) for size in ("small", "city")
}
EVERY = pytest.mark.parametrize("streets", TOWNS.values(), ids=[f"{size}-{seed}" for seed, size in TOWNS])


def reach(streets: Streets, *, backwards: bool) -> int:
    """How many junctions can be driven to from junction 0, or from how many it can be driven to."""
    ways: dict[int, list[int]] = defaultdict(list)
    for link in streets.links:
        a, b = (link.b, link.a) if backwards else (link.a, link.b)
        ways[a].append(b)
        if not link.one_way:
            ways[b].append(a)
    seen, front = {0}, deque([0])
    while front:
        for there in ways[front.popleft()]:
            if there not in seen:
                seen.add(there)
                front.append(there)
    return len(seen)


def degrees(streets: Streets) -> Counter[int]:
    at = Counter(j for link in streets.links for j in (link.a, link.b))
    return Counter(at.values())


@EVERY
def test_every_junction_is_reached_from_every_other(streets: Streets) -> None:
    """The network is strongly connected, one-ways included."""
    assert reach(streets, backwards=False) == reach(streets, backwards=True) == len(streets.junctions)


@EVERY
def test_junctions_are_those_of_real_neighbours(streets: Streets) -> None:
    """Shares of blind alleys, T-junctions and crossings lie in the bounds measured on Algerian and Moroccan towns."""
    count = degrees(streets)
    total = sum(count.values())
    assert 0.09 <= count[1] / total <= 0.19
    assert 0.50 <= count[3] / total <= 0.65
    assert 0.08 <= sum(n for degree, n in count.items() if degree >= 4) / total <= 0.21


@EVERY
def test_one_ways_are_a_quarter(streets: Streets) -> None:
    """The share of one-way links lies in the measured bounds."""
    assert 0.13 <= sum(link.one_way for link in streets.links) / len(streets.links) <= 0.31


@EVERY
def test_links_are_as_long_and_as_bent_as_real_ones(streets: Streets) -> None:
    """Mean link of the town 66 to 80 m, its links 2 to 7 % longer than the crow flies."""
    town = [link for link in streets.links if link.metres < 400]
    metres = sum(link.metres for link in town)
    crow = sum(math.dist(link.line[0], link.line[-1]) for link in town)
    assert 66 <= metres / len(town) <= 80
    assert 1.02 <= metres / crow <= 1.07


def test_a_city_is_berkane_sized_and_small_is_a_fifth() -> None:
    """About 3,500 junctions on 360 km, and 700."""
    assert 3200 < len(TOWNS[1, "city"].junctions) < 3900
    assert 330 < sum(link.metres for link in TOWNS[1, "city"].links) / 1000 < 400
    assert len(TOWNS[1, "small"].junctions) == pytest.approx(len(TOWNS[1, "city"].junctions) / 5, rel=0.15)


@EVERY
def test_lines_join_the_junctions_they_name(streets: Streets) -> None:
    """Each link's line starts and ends where its junctions are, and no two links of a pair coincide."""
    for link in streets.links:
        assert link.line[0] == streets.junctions[link.a]
        assert link.line[-1] == streets.junctions[link.b]
        assert link.metres > 5
    assert len({frozenset((link.a, link.b)) for link in streets.links}) == len(streets.links)


@EVERY
def test_banned_turns_are_left_turns_at_signals(streets: Streets) -> None:
    """Each ban joins two links at a junction with signals, and some exist."""
    assert streets.bans
    for ban in streets.bans:
        assert ban.via in streets.signals
        assert ban.via in (streets.links[ban.from_link].a, streets.links[ban.from_link].b)
        assert ban.via in (streets.links[ban.to_link].a, streets.links[ban.to_link].b)


@EVERY
def test_a_big_truck_reaches_everything_without_alleys_and_arches(streets: Streets) -> None:
    """Limits close links, never junctions: the network without them is still strongly connected."""
    kept = tuple(link for link in streets.links if link.limit is None)
    assert len(kept) < len(streets.links)
    assert len({j for link in kept for j in (link.a, link.b)}) == len(streets.junctions)


def test_same_seed_same_town() -> None:
    """A town depends on seed and size alone."""
    assert draw_streets(7, "small") == TOWNS[7, "small"]
    assert draw_streets(8, "small") != TOWNS[7, "small"]


@EVERY
def test_names_are_french_and_arabic(streets: Streets) -> None:
    """Every street has a Latin name and an Arabic one."""
    for street in streets.streets:
        assert street.name.isprintable()
        assert street.name[0].isupper()
        assert any("\u0600" <= letter <= "\u06ff" for letter in street.name_ar)
