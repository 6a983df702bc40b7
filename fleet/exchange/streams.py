"""Streams of waste: what files and maps call them, and how heavy they lie in a bin."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fleet.exchange.cells import Cells

STREAMS: Mapping[str, str] = {
    **dict.fromkeys(
        ("mixed", "trash", "residual", "general", "household", "waste", "om", "omr", "dma", "ordures",
         "ordures menageres", "ordures ménagères", "dechets menagers", "déchets ménagers", "menagers", "مختلط"),
        "mixed",
    ),
    **dict.fromkeys(("paper", "cardboard", "papier", "carton", "papier carton", "papiers", "ورق"), "paper"),
    **dict.fromkeys(("glass", "verre", "زجاج"), "glass"),
    **dict.fromkeys(("plastic", "plastics", "packaging", "plastique", "emballages", "emballage", "بلاستيك"), "plastic"),
    **dict.fromkeys(("metal", "metals", "cans", "métal", "métaux", "scrap_metal"), "metal"),
    **dict.fromkeys(("organic", "biowaste", "bio", "food", "organique", "biodéchets", "biodechets", "عضوي"), "organic"),
    **dict.fromkeys(("green", "garden", "green_waste", "garden_waste", "vert", "verts", "déchets verts"), "green"),
    **dict.fromkeys(("textile", "textiles", "clothes", "vêtements"), "textile"),
    **dict.fromkeys(
        ("recycling", "recyclables", "recyclable", "tri", "sélectif", "selectif", "recyclage", "تدوير"), "recycling"
    ),
}  # fmt: skip
"""What people write, in lower case, and the house's word for it."""

DENSITY_KG_L: Mapping[str, float] = {
    "mixed": 0.13,
    "paper": 0.07,
    "glass": 0.3,
    "plastic": 0.03,
    "metal": 0.09,
    "organic": 0.35,
    "green": 0.2,
    "textile": 0.15,
    "recycling": 0.06,
}
"""Mass of a litre lying loose, where a file does not say; a site's weighbridge soon knows better."""

_FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("glass", "glass_bottles", "glass_jars"), "glass"),
    **dict.fromkeys(
        ("paper", "cardboard", "newspaper", "magazines", "paper_packaging", "books", "cartons", "beverage_cartons"),
        "paper",
    ),
    **dict.fromkeys(("plastic", "plastic_bottles", "plastic_packaging", "pet", "polyester"), "plastic"),
    **dict.fromkeys(("cans", "scrap_metal", "metal", "aluminium"), "metal"),
    **dict.fromkeys(("clothes", "shoes", "textiles"), "textile"),
    **dict.fromkeys(("organic", "food_waste", "biowaste"), "organic"),
    **dict.fromkeys(("green_waste", "garden_waste"), "green"),
    **dict.fromkeys(("waste", "garbage_disposal"), "mixed"),
}
"""Keys recycling:* of OpenStreetMap (wiki page Tag:amenity=recycling) by stream."""

LITRES_FROM = 20.0
"""A capacity without a unit is litres from here on and cubic metres below: OpenStreetMap has both."""
_CAPACITY = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(l|litres?|liters?|m3|m³)?\s*$", re.IGNORECASE)


def stream_of_tags(tags: Mapping[str, str]) -> str:
    """The stream of a container mapped in OpenStreetMap; several kinds of recyclables are "recycling"."""
    if tags.get("amenity") == "recycling":
        taken = {
            _FAMILIES[key.removeprefix("recycling:")]
            for key, value in tags.items()
            if value == "yes" and key.startswith("recycling:") and key.removeprefix("recycling:") in _FAMILIES
        }
        if taken == {"plastic", "metal"}:
            return "plastic"
        return taken.pop() if len(taken) == 1 else "recycling"
    kinds = {STREAMS.get(word.strip().lower(), "mixed") for word in tags.get("waste", "mixed").split(";")}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def read_capacity(text: str) -> float | None:
    """Litres of a capacity with or without its unit; None for what is none."""
    match = _CAPACITY.match(text)
    if match is None:
        return None
    figure = float(match[1].replace(",", "."))
    unit = (match[2] or "").lower()
    if unit.startswith("m") or (not unit and figure < LITRES_FROM):
        figure *= 1000
    return figure if 10 <= figure <= 60_000 else None


def read_streams(cells: Cells, field: str) -> list[str]:
    """The streams a cell names, each once; "all" stands for every one."""
    found: list[str] = []
    for word in cells.words(field):
        if word in STREAMS:
            found.append(STREAMS[word])
        elif word in ("all", "tous", "*"):
            found += list(dict.fromkeys(STREAMS.values()))
        else:
            cells.note(field, f"{word!r} is unknown; write some of {', '.join(dict.fromkeys(STREAMS.values()))}")
    return list(dict.fromkeys(found))
