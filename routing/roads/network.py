"""The road network as one frozen value over arrays, and its file."""

import io
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Self

import numpy as np

from routing.errors import NetworkFileError
from routing.roads.arrays import F32, F64, I8, I32, I64, Flags

ATTRIBUTION: Final = "© OpenStreetMap contributors"
FORMAT: Final = 2  # raise with every change of the arrays or of the rules that fill them: saved networks are rebuilt


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Network:
    """Streets a truck may use, strongly connected: from every edge every other can be reached without a banned turn.

    N junctions, L links (a stretch of street between two junctions), E directed edges (a link driven one way; a
    two-way street has two, each the other's twin), and the permitted turns from edge to edge. Arrays are read-only.
    Compared by identity; `key` tells two networks with the same content.
    """

    key: str  # sha256 of the extract, the truck's profile and the format: same key, same network
    profile: str
    names: tuple[str, ...]  # street names; "" is the first
    node_lat: F64  # (N,) degrees
    node_lon: F64
    node_most: F32  # (4, N) what signs at a gate allow at most: tonnes, height, width, length; inf without one
    link_metres: F64  # (L,)
    link_class: I8  # position in rules.ROAD_CLASSES
    link_name: I32  # position in names
    link_way: I64  # OpenStreetMap way id
    link_limit_kmh: F32  # posted; inf without one
    link_most: F32  # (4, L) as node_most, for the street
    link_rise: F32  # (L,) metres up along the order of its points, and up the other way; 0 where heights are unknown
    link_fall: F32
    shape_start: I64  # (L + 1,) first point of each link in shape_lat, shape_lon
    shape_lat: F64  # every point of every link, degrees
    shape_lon: F64
    edge_from: I32  # (E,) junction
    edge_to: I32
    edge_link: I32
    edge_reversed: Flags  # driven against the order of the link's points
    edge_seconds: F64
    edge_signals: I8  # traffic signals met
    edge_twin: I32  # the same link the other way, -1 for one-way
    turn_start: I64  # (E + 1,) first permitted turn of each edge in turn_to
    turn_to: I32  # the edge entered
    edge_open: Flags | None = None  # to the vehicles this network was adapted to; None: all of them
    surveyed: "Network | None" = None  # the network this one was adapted from: points are snapped to that

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    def __repr__(self) -> str:
        return f"<Network {self.key[:12]}… {self.profile}: {self.nodes} junctions, {self.edges} edges>"

    @property
    def nodes(self) -> int:
        """Number of junctions."""
        return len(self.node_lat)

    @property
    def edges(self) -> int:
        """Number of directed edges."""
        return len(self.edge_from)

    @property
    def edge_metres(self) -> F64:
        """(E,) length of each directed edge."""
        return self.link_metres[self.edge_link]

    @property
    def edge_climb(self) -> F64:
        """(E,) metres of ascent along each directed edge."""
        return np.where(self.edge_reversed, self.link_fall[self.edge_link], self.link_rise[self.edge_link]).astype(
            float
        )

    @property
    def has_heights(self) -> bool:
        """Whether any street of it is known to climb."""
        return bool(self.link_rise.any() or self.link_fall.any())

    @property
    def attribution(self) -> str:
        """The line every map, sheet and export made from this network carries (ODbL 1.0, section 4.3)."""
        return ATTRIBUTION

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """South, west, north, east in degrees."""
        lat, lon = self.shape_lat, self.shape_lon
        return float(lat.min()), float(lon.min()), float(lat.max()), float(lon.max())

    def edge_line(self, edge: int) -> tuple[F64, F64]:
        """Latitudes and longitudes along one edge in the direction of travel."""
        link = self.edge_link[edge]
        stretch = slice(self.shape_start[link], self.shape_start[link + 1])
        step = -1 if self.edge_reversed[edge] else 1
        return self.shape_lat[stretch][::step], self.shape_lon[stretch][::step]

    def save(self, path: Path) -> None:
        """Write the network to one .npz file, whole or not at all; OSError where the folder cannot be written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        head = json.dumps({"format": FORMAT, "key": self.key, "profile": self.profile, "names": self.names})
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=".part", delete=False) as part:
            try:
                np.savez(part, head=np.frombuffer(head.encode(), np.uint8), **arrays)
                part.flush()
                os.fsync(part.fileno())
                Path(part.name).replace(path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a saved network; NetworkFileError where the file is missing, damaged or of another format."""
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as saved:
                head = json.loads(saved["head"].tobytes())
                if head["format"] != FORMAT:
                    raise NetworkFileError(f"{path}: saved by another version of binwatt; import the roads again")
                arrays = {name: saved[name] for name in _ARRAYS}
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise NetworkFileError(f"{path}: not a saved network, or damaged; import the roads again") from error
        return cls(key=head["key"], profile=head["profile"], names=tuple(head["names"]), **arrays)


_PLAIN: Final = {"key", "profile", "names", "edge_open", "surveyed"}
_ARRAYS: Final = tuple(field.name for field in fields(Network) if field.name not in _PLAIN)
