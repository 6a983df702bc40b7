"""From a survey of ways to a network: links between junctions, directed edges, permitted turns, strongly connected."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from routing.errors import ExtractError
from routing.roads.arrays import F64, I32, I64, Flags, expand_ranges
from routing.roads.geodesy import step_metres
from routing.roads.heights import Heights
from routing.roads.network import Network
from routing.roads.rules import SIGNAL_SECONDS

if TYPE_CHECKING:
    from routing.roads.extract import Restriction, Survey

SHORTEST_SECONDS: Final = 0.05  # a zero in a sparse matrix would be no edge at all
_ANYTHING: Final = (np.inf,) * 4  # passes a node without a gauge


@dataclass(frozen=True, slots=True)
class _Links:
    """Stretches of street between two junctions, as positions in the survey's points and in its list of stretches."""

    first: I64  # position of the first and of the last point
    last: I64
    tail: I64  # junction numbers
    head: I64
    stretch: I64
    node_ids: I64  # OpenStreetMap id of each junction, ascending; the doubles of blocked nodes follow with -1


@dataclass(frozen=True, slots=True)
class _Edges:
    """Directed edges and the turns between them."""

    tail: I64
    head: I64
    link: I64
    backward: Flags
    way: I64
    seconds: F64
    signals: I64

    def take(self, kept: Flags) -> "_Edges":
        return _Edges(
            tail=self.tail[kept],
            head=self.head[kept],
            link=self.link[kept],
            backward=self.backward[kept],
            way=self.way[kept],
            seconds=self.seconds[kept],
            signals=self.signals[kept],
        )


def build_network(survey: "Survey", heights: Heights) -> Network:
    """The largest part of the surveyed streets in which every edge can be reached from every other.

    First by junctions, which throws away what hangs on one-ways out of the extract; then by edges, since banned turns
    can cut off an edge whose two junctions are both reachable. ExtractError where nothing is left.
    """
    lat, lon = np.array(survey.ys) * 1e-7, np.array(survey.xs) * 1e-7
    along = np.concatenate(([0.0], np.cumsum(step_metres(lat, lon))))
    links = _cut_links(survey)
    metres = along[links.last] - along[links.first]
    edges = _direct_edges(survey, links, metres)
    part = strong_parts(edges.tail, edges.head, len(links.node_ids))
    largest = part == np.bincount(part).argmax()
    edges = edges.take(largest[edges.tail] & largest[edges.head])
    source, target = _permit_turns(edges, survey.restrictions, links.node_ids)
    kept = keep_edges(edges.link, strong_parts(source, target, len(edges.tail)))
    if kept.sum() < 2:
        raise ExtractError(f"{survey.origin}: its streets do not connect both ways; export a wider piece of the map")
    inside = kept[source] & kept[target]
    number = np.cumsum(kept) - 1
    turns = (number[source[inside]], number[target[inside]])
    return _freeze(survey, links, metres, edges.take(kept), turns, heights)


def _cut_links(survey: "Survey") -> _Links:
    refs = np.array(survey.refs, np.int64)
    starts = np.array(survey.starts)
    ends = np.append(starts[1:], len(refs)) - 1
    ids, number = np.unique(refs, return_inverse=True)
    uses = np.bincount(number)
    np.add.at(uses, number[np.concatenate((starts, ends))], 1)
    blocked = np.isin(ids, np.fromiter(survey.blocked, np.int64, len(survey.blocked)))
    gauged = np.isin(
        ids, np.fromiter(survey.gauges, np.int64, len(survey.gauges))
    )  # who fits is asked at each of these
    cuts = np.flatnonzero(((uses > 1) | blocked | gauged)[number])
    stretch = np.searchsorted(starts, cuts, side="right") - 1
    whole = stretch[1:] == stretch[:-1]
    first, last, stretch = cuts[:-1][whole], cuts[1:][whole], stretch[:-1][whole]
    meets = np.concatenate((number[first], number[last]))
    apart = np.flatnonzero(blocked[meets])  # each street ending at a bollard gets an end of its own
    meets[apart] = len(ids) + np.arange(len(apart))
    node_ids = np.concatenate((ids, np.full(len(apart), -1)))
    return _Links(first, last, meets[: len(first)], meets[len(first) :], stretch, node_ids)


def _direct_edges(survey: "Survey", links: _Links, metres: F64) -> _Edges:
    rules = survey.rules
    way = np.array(survey.way_ids)[links.stretch]
    metres_a_second = np.array([rule.kmh / 3.6 for rule in rules])[links.stretch]
    parts = []
    for backward in (False, True):
        is_open = np.array([rule.backward if backward else rule.forward for rule in rules])[links.stretch]
        signals = _count_signals(survey, links, backward=backward)
        seconds = np.maximum(metres / metres_a_second + SIGNAL_SECONDS * signals, SHORTEST_SECONDS)
        tail, head = (links.head, links.tail) if backward else (links.tail, links.head)
        link = np.flatnonzero(is_open)
        against = np.full(len(link), backward)
        parts.append(_Edges(tail[link], head[link], link, against, way[link], seconds[link], signals[link]))
    ahead, back = parts
    order = np.argsort(np.concatenate((ahead.link, back.link)), kind="stable")  # twins side by side
    joined = (
        np.concatenate((getattr(ahead, name), getattr(back, name)))[order]
        for name in ("tail", "head", "link", "backward", "way", "seconds", "signals")
    )
    return _Edges(*joined)


def _count_signals(survey: "Survey", links: _Links, *, backward: bool) -> I64:
    """Signals a truck meets on each link: those along it and the one at its far end, not the one it starts from."""
    lit = survey.backward_signals if backward else survey.forward_signals
    is_lit = np.isin(np.array(survey.refs, np.int64), np.fromiter(lit, np.int64, len(lit)))
    so_far = np.concatenate(([0], np.cumsum(is_lit)))
    far_end = 0 if backward else 1
    counts: I64 = so_far[links.last + far_end] - so_far[links.first + far_end]
    return counts


def strong_parts(source: I64, target: I64, size: int) -> I64:
    """Number of the strongly connected part each vertex of a directed graph lies in."""
    graph = csr_array((np.ones(len(source), np.int8), (source, target)), shape=(size, size))
    _, part = connected_components(graph, directed=True, connection="strong")
    return part.astype(np.int64)


def keep_edges(link: I64 | I32, part: I64) -> Flags:
    """The edges of the largest strongly connected part, by turns; `link` of each edge.

    A ring of two-way streets where nothing turns round is two parts, one each way. Every place lies on both: both stay.
    """
    if not len(part):
        return np.zeros(0, bool)
    largest = np.bincount(part).argmax()
    kept: Flags = part == largest
    mirrored = np.isin(link, link[kept]) & ~kept
    if mirrored.sum() == kept.sum() and len(np.unique(part[mirrored])) == 1:
        kept |= mirrored
    return kept


def _permit_turns(edges: _Edges, restrictions: "list[Restriction]", node_ids: I64) -> tuple[I64, I64]:
    """Pairs of edges a truck may drive one after the other.

    It turns round only at a dead end: where no other turn is permitted, and no restriction forbids it there.
    """
    count = len(edges.tail)
    leaving = np.argsort(edges.tail, kind="stable")
    start = np.searchsorted(edges.tail[leaving], np.arange(len(node_ids) + 1))
    exits = start[edges.head + 1] - start[edges.head]
    source = np.repeat(np.arange(count), exits)
    target = leaving[expand_ranges(start[edges.head], exits)]
    turns_back = (edges.link[source] == edges.link[target]) & (source != target)
    at = node_ids[edges.head[source]]
    vias = np.array(sorted({restriction.via_node for restriction in restrictions}), np.int64)
    touched = np.flatnonzero(np.isin(at, vias))
    columns = (at, edges.way[source], edges.way[target], turns_back)
    banned = np.zeros(len(source), bool)
    banned[touched[_find_banned(restrictions, *(column[touched].tolist() for column in columns))]] = True
    others = np.bincount(source[~turns_back & ~banned], minlength=count)
    permitted = ~banned & (~turns_back | (others[source] == 0))
    return source[permitted], target[permitted]


def _find_banned(
    restrictions: "list[Restriction]", at: list[int], from_way: list[int], to_way: list[int], turns_back: list[bool]
) -> list[int]:
    """Positions of the turns that restrictions ban; the lists tell each turn's junction, ways and kind."""
    turns_at: dict[int, list[int]] = {}
    for turn, node in enumerate(at):
        turns_at.setdefault(node, []).append(turn)
    banned: list[int] = []
    for sign in restrictions:
        turns = [turn for turn in turns_at.get(sign.via_node, ()) if from_way[turn] in sign.from_ways]
        named = {turn for turn in turns if to_way[turn] in sign.to_ways}
        if sign.kind == "no_u_turn":  # from and to may be the two carriageways of one street, or one way
            banned += [turn for turn in named if turns_back[turn] or from_way[turn] != to_way[turn]]
        elif sign.kind.startswith("no_"):
            banned += named
        elif named:  # only_…; where its one permitted way is not in the network it cannot be obeyed and is left out
            banned += [turn for turn in turns if turn not in named]
    return banned


def _freeze(
    survey: "Survey", links: _Links, metres: F64, edges: _Edges, turns: tuple[I64, I64], heights: Heights
) -> Network:
    """Number what is left anew and lay it out as a Network."""
    count = len(edges.tail)
    used = np.unique(edges.link)
    link = np.searchsorted(used, edges.link)
    nodes, ends = np.unique(np.concatenate((edges.tail, edges.head)), return_inverse=True)
    sizes = links.last[used] - links.first[used] + 1
    points = expand_ranges(links.first[used], sizes)
    lat, lon = np.array(survey.ys)[points] * 1e-7, np.array(survey.xs)[points] * 1e-7
    shape_start = np.concatenate(([0], np.cumsum(sizes)))
    node_point = np.zeros(len(nodes), np.int64)
    node_point[ends[:count]] = np.where(edges.backward, shape_start[link + 1] - 1, shape_start[link])
    twin = np.full(count, -1)
    pairs = np.flatnonzero(edges.link[1:] == edges.link[:-1])
    twin[pairs], twin[pairs + 1] = pairs + 1, pairs
    order = np.lexsort((turns[1], turns[0]))
    names = {"": 0}
    name = [names.setdefault(survey.names[stretch], len(names)) for stretch in links.stretch[used].tolist()]
    rules = [survey.rules[stretch] for stretch in links.stretch[used].tolist()]
    ids = links.node_ids[nodes].tolist()
    rise, fall = heights.climb_along(lat, lon, shape_start)
    return Network(
        key=survey.key,
        profile=survey.profile,
        names=tuple(names),
        node_lat=lat[node_point],
        node_lon=lon[node_point],
        node_most=np.array([survey.gauges.get(node, _ANYTHING) for node in ids], np.float32).T,
        link_metres=metres[used],
        link_class=np.array([rule.road_class for rule in rules], np.int8),
        link_name=np.array(name, np.int32),
        link_way=np.array(survey.way_ids, np.int64)[links.stretch[used]],
        link_limit_kmh=np.array([rule.limit_kmh for rule in rules], np.float32),
        link_most=np.array([rule.most for rule in rules], np.float32).T,
        link_rise=rise,
        link_fall=fall,
        shape_start=shape_start,
        shape_lat=lat,
        shape_lon=lon,
        edge_from=ends[:count].astype(np.int32),
        edge_to=ends[count:].astype(np.int32),
        edge_link=link.astype(np.int32),
        edge_reversed=edges.backward,
        edge_seconds=edges.seconds,
        edge_signals=np.minimum(edges.signals, 127).astype(np.int8),
        edge_twin=twin.astype(np.int32),
        turn_start=np.searchsorted(turns[0][order], np.arange(count + 1)),
        turn_to=turns[1][order].astype(np.int32),
    )
