"""Writing OpenStreetMap elements to a file of the usual kinds: .osm.pbf, .osm, .osm.gz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet.errors import FleetError

if TYPE_CHECKING:
    from pathlib import Path

Tags = tuple[tuple[str, str], ...]
Kind = Literal["n", "w", "r"]


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    lat: float
    lon: float
    tags: Tags = ()


@dataclass(frozen=True, slots=True)
class Way:
    """`nodes` are the ids of its nodes in order."""

    id: int
    nodes: tuple[int, ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Relation:
    """`members` are kind, id and role of each element it joins."""

    id: int
    members: tuple[tuple[Kind, int, str], ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Extract:
    """What one file holds, each kind in rising order of ids."""

    nodes: tuple[Node, ...]
    ways: tuple[Way, ...]
    relations: tuple[Relation, ...]


def write_extract(extract: Extract, path: Path) -> None:
    """Write the elements to `path`, whose name says the kind of file; an older file is replaced only by a whole one.

    The bytes depend on the elements alone: no time of writing is put in. FleetError where the file cannot be written.
    """
    import osmium
    from osmium.osm import mutable

    part = path.with_name(f".part-{path.name}")
    try:
        with osmium.SimpleWriter(str(part), overwrite=True) as writer:
            for node in extract.nodes:
                writer.add_node(
                    mutable.Node(id=node.id, version=1, location=(node.lon, node.lat), tags=dict(node.tags))
                )
            for way in extract.ways:
                writer.add_way(mutable.Way(id=way.id, version=1, nodes=list(way.nodes), tags=dict(way.tags)))
            for relation in extract.relations:
                writer.add_relation(
                    mutable.Relation(
                        id=relation.id, version=1, members=list(relation.members), tags=dict(relation.tags)
                    )
                )
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise FleetError(
            f"{path}: cannot be written ({error}); name a folder that exists and may be written"
        ) from error
