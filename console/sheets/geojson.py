"""A layer of a plan as GeoJSON (RFC 7946): WGS 84, longitude before latitude, six decimals (0.1 m)."""

from __future__ import annotations

import json
from typing import Any

from console.sheets.features import COLUMNS, SHAPES, Layer, list_features
from console.sheets.values import Book

DECIMALS = 6


def write_geojson(book: Book, layer: Layer) -> bytes:
    """One FeatureCollection; a feature a line, so that a plan can be compared with the one before by diff."""
    names = list(COLUMNS[layer])
    features = [
        {
            "type": "Feature",
            "geometry": {"type": SHAPES[layer], "coordinates": _coordinates(feature.points, layer)},
            "properties": dict(zip(names, feature.cells, strict=True)),
        }
        for feature in list_features(book, layer)
    ]
    rows = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{rows}\n]}}\n'.encode()


def _coordinates(points: tuple[tuple[float, float], ...], layer: Layer) -> list[Any]:
    placed = [[round(lon, DECIMALS), round(lat, DECIMALS)] for lat, lon in points]
    return placed[0] if SHAPES[layer] == "Point" else placed
