"""Pictures for the README: drawn from a desk, with nothing in them that a reader's machine would fetch."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from console.app import Desk
from console.pictures import ROOMS, photograph, without_network
from fleet.settings import Settings

spec = spec_from_file_location("fixed_view", Path(__file__).parent / "fixed_view.py")
fixed_view = module_from_spec(spec)
spec.loader.exec_module(fixed_view)


async def test_each_room_becomes_a_picture_without_any_address(tmp_path):
    """Three SVG files, the page of a station among them; their fonts are those of the reader's machine."""
    desk = Desk(None, Settings(), view=fixed_view.make_view())
    files = await photograph(desk, tmp_path, seconds=0.1)
    assert [file.stem for file in files] == list(ROOMS)
    for file in files:
        svg = file.read_text(encoding="utf-8")
        assert "url(http" not in svg
        assert "@font-face" not in svg
        assert "Berkane" in svg
    assert "ST-05" in files[-1].read_text(encoding="utf-8")


def test_only_fonts_are_taken_out():
    """The rest of the picture stays as it was drawn."""
    fetched = '@font-face { src: url("https://x/y.woff"); }'
    svg = f"<style>{fetched}\n.m {{ font-family: Fira Code; fill: #fff; }}</style><text>a</text>"
    drawn = without_network(svg)
    assert re.fullmatch(r"<style>\.m \{ font-family: [^;]+; fill: #fff; \}</style><text>a</text>", drawn)
