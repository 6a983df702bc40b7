"""What makes two networks the same: the extract's content, the truck, the piece of the map and our rules."""

import hashlib
from pathlib import Path

from routing.errors import ExtractError, RoadsError
from routing.roads.network import FORMAT
from routing.roads.rules import TruckLimits

Box = tuple[float, float, float, float]
"""South, west, north, east in degrees."""


def network_key(pbf: Path, limits: TruckLimits, box: Box | None = None, heights: Path | None = None) -> str:
    """Key of the network an extract gives: content of the files, the truck, the box, version of our rules."""
    if box and not (-90 <= box[0] < box[2] <= 90 and -180 <= box[1] < box[3] <= 180):
        raise RoadsError(f"box {box} is no piece of the map: give south, west, north, east in degrees")
    digest = _digest(pbf, "name an OpenStreetMap extract")
    hills = f"-h{_digest(heights, 'name a file of heights')[:16]}" if heights else ""
    part = "-" + ",".join(f"{side!r}" for side in box) if box else ""
    return f"{digest}-{limits.profile}{part}{hills}-v{FORMAT}"


def _digest(path: Path, mend: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExtractError(f"{path}: cannot be read ({error.strerror}); {mend}") from error
