"""The same streets as one class of vehicles meets them in its hours: costs and turns patched, nothing built anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from routing.roads.arrays import F32, F64, I64, Flags
from routing.roads.build import SHORTEST_SECONDS, keep_edges, strong_parts
from routing.roads.network import Network
from routing.roads.overrides import Override, find_links
from routing.roads.rules import SIGNAL_SECONDS
from routing.roads.speeds import Speeds
from routing.roads.vehicles import Profile, VehicleClass


def adapt(
    network: Network,
    profile: Profile,
    day: date,
    overrides: Sequence[Override] = (),
    speeds: Speeds | None = None,
) -> Network:
    """The network for a profile on a day; the network itself where nothing differs.

    Streets whose signs or whose rules of ours forbid the class are closed, and so is what can then no longer be entered
    and left again. Where a street now ends, a truck turns round. Points are still snapped to the whole network: one on
    a closed street is out of reach, and not served from the next street.
    """
    held = [override for override in overrides if override.holds(profile, day)]
    vehicle = profile.vehicle
    closed: Flags = _too_big(network.link_most, vehicle)[network.edge_link]
    seconds = network.edge_seconds if speeds is None else _time_edges(network, profile, speeds)
    for override in held:
        links, against = find_links(network, override)
        if override.forbids(vehicle):
            closed |= np.isin(network.edge_link, links)
        elif override.kind == "one_way":
            closed |= _wrong_way(network, links, against)
        elif override.kind == "speed" and override.value is not None:
            slow = np.isin(network.edge_link, links)
            seconds = np.where(slow, _at_speed(network, override.value), seconds)
    stuck = _too_big(network.node_most, vehicle)
    if closed.any() or stuck.any():
        return _close(network, closed, stuck, seconds)
    if seconds is network.edge_seconds:
        return network
    return replace(network, edge_seconds=seconds, surveyed=network.surveyed or network)


def turn_round(network: Network) -> Network:
    """The network with every turn driven backwards: searching from a point here is searching towards it there.

    Only for searches: its lines and twins are those of the network itself.
    """
    source = np.repeat(np.arange(network.edges), np.diff(network.turn_start))
    order = np.argsort(network.turn_to, kind="stable")
    return replace(
        network,
        turn_start=np.searchsorted(network.turn_to[order], np.arange(network.edges + 1)),
        turn_to=source[order].astype(np.int32),
        surveyed=network.surveyed or network,
    )


def _too_big(most: F32, vehicle: VehicleClass) -> Flags:
    size = np.array([vehicle.gross_t, vehicle.height_m, vehicle.width_m, vehicle.length_m], np.float32)
    closed: Flags = np.logical_or.reduce(most < size[:, None], axis=0)
    return closed


def _wrong_way(network: Network, links: I64, against: Flags) -> Flags:
    """Edges of the links that run against the rule's line."""
    runs_against = np.zeros(len(network.link_metres), bool)
    runs_against[links] = against
    concerned = np.isin(network.edge_link, links)
    wrong: Flags = concerned & (network.edge_reversed != runs_against[network.edge_link])
    return wrong


def _time_edges(network: Network, profile: Profile, speeds: Speeds) -> F64:
    link = network.edge_link
    seconds = speeds.seconds(
        profile, network.link_class[link], network.link_limit_kmh[link], network.edge_metres, network.edge_signals
    )
    return np.maximum(seconds, SHORTEST_SECONDS)


def _at_speed(network: Network, kmh: float) -> F64:
    return np.maximum(network.edge_metres / (kmh / 3.6) + SIGNAL_SECONDS * network.edge_signals, SHORTEST_SECONDS)


def _close(network: Network, closed: Flags, stuck: Flags, seconds: F64) -> Network:
    """The network without some edges and without passage at some junctions."""
    count = network.edges
    source = np.repeat(np.arange(count), np.diff(network.turn_start))
    target = network.turn_to.astype(np.int64)
    passed = ~closed[source] & ~closed[target] & ~stuck[network.edge_to[source]]
    source, target = source[passed], target[passed]
    twin = network.edge_twin
    ends = np.flatnonzero(~closed & (np.bincount(source, minlength=count) == 0) & (twin >= 0))
    ends = ends[~closed[twin[ends]]]
    source, target = np.concatenate((source, ends)), np.concatenate((target, twin[ends]))
    is_open = keep_edges(network.edge_link, strong_parts(source, target, count)) & ~closed
    passed = is_open[source] & is_open[target]
    source, target = source[passed], target[passed]
    order = np.lexsort((target, source))
    return replace(
        network,
        edge_seconds=seconds,
        edge_open=is_open,
        turn_start=np.searchsorted(source[order], np.arange(count + 1)),
        turn_to=target[order].astype(np.int32),
        surveyed=network.surveyed or network,
    )
