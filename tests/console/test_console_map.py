"""The city map: what is drawn where, in every glyph mode, and what a click finds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from textual.app import App

from console.widgets.citymap import CityMap
from console.widgets.painter import Painter
from console.widgets.plane import Plane, Window
from console.widgets.raster import draw_lines, glyph_table
from console.widgets.scene import Line, Mark, Scene
from routing.roads.streets import StreetLabel, StreetSegments

MIDDLE = (34.92, -2.32)


def segments(*ends):
    return np.array(ends, np.float32)


def cross(*ranks: int) -> StreetSegments:
    """Two main roads of 2 km that meet in the middle."""
    lat, lon = MIDDLE
    ends = np.array([[lat - 0.009, lon, lat + 0.009, lon], [lat, lon - 0.011, lat, lon + 0.011]], np.float32)
    label = StreetLabel("Avenue Hassan II", lat + 0.001, lon, 3, 2000.0)
    return StreetSegments(*ends.T, np.array(ranks or (3, 3), np.int8), (label,), "streets are synthetic")


def scene() -> Scene:
    lat, lon = MIDDLE
    marks = (
        Mark("BIN-1", lat + 0.004, lon + 0.004, "low"),
        Mark("BIN-2", lat - 0.004, lon + 0.004, "over"),
        Mark("depot", lat, lon, "depot"),
        Mark("BIN-3", lat + 0.008, lon - 0.01, "blind"),
    )
    return Scene(marks, (Line("T1", ((lat, lon), (lat + 0.004, lon + 0.004)), 0),))


class Desk(App[None]):
    def compose(self):
        yield CityMap()

    def on_mount(self) -> None:
        self.city = self.query_one(CityMap)
        self.city.lay_streets(cross())
        self.city.show(scene())
        self.city.focus()
        self.picked = []

    def on_city_map_picked(self, message) -> None:
        self.picked.append(message.key)


def text(city: CityMap) -> list[str]:
    return [city.render_line(y).text for y in range(city.size.height)]


def test_a_degree_is_as_long_as_on_the_ellipsoid():
    """At 35 degrees north a degree of latitude is 110,941 m, of longitude 91,288 m (WGS84)."""
    plane = Plane.touching(35.0, 0.0)
    assert plane.y(36.0) == pytest.approx(110_941, abs=10)
    assert plane.x(1.0) == pytest.approx(91_288, abs=10)


def test_a_line_becomes_the_dots_it_crosses():
    """A level line through the middle sets one row of dots; nothing outside the window is drawn."""
    window = Window(0, 0, 1.0, 10, 5)
    layer = draw_lines(segments([-100, 0.5, 100, 0.5], [0, 50, 100, 50]), np.array([3, 4], np.uint8), window)
    assert (layer.mask[2] == 0x12).all(), "dots of the second row of the middle cells"
    assert not layer.mask[[0, 1, 3, 4]].any()
    assert set(layer.ink[2].tolist()) == {3}


@pytest.mark.parametrize("angle", range(0, 180, 15))
def test_lines_have_no_gaps(angle):
    """A line at any angle steps by at most one dot either way."""
    window = Window(0, 0, 1.0, 40, 20)
    x, y = 60 * math.cos(math.radians(angle)), 60 * math.sin(math.radians(angle))
    layer = draw_lines(segments([-x, -y, x, y]), np.array([1], np.uint8), window)
    bits = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
    dots = (layer.mask[:, None, :, None] & bits[None, :, None, :] > 0).reshape(80, 80)
    along = dots.any(axis=0) if abs(x) >= abs(y) else dots.any(axis=1)
    inside = np.flatnonzero(along)
    assert len(inside) > 40
    assert (np.diff(inside) == 1).all()


def test_a_main_road_takes_the_cell_from_a_lane():
    """Where ranks cross, the ink is the higher rank's, whatever their order in the extract."""
    painter = Painter(cross(3, 0), Scene())
    window = Window(0, 0, 5.0, 21, 11)
    frame = painter.paint(Scene(), window, frozenset({"streets"}), "braille", None)
    assert frame.inks[5, 10] == 4


@pytest.mark.parametrize("glyphs", ["braille", "half", "ascii"])
def test_every_glyph_mode_draws_with_its_own_characters(glyphs):
    """No mode uses a character of another; ASCII stays within seven bits."""
    letters = {chr(code) for code in glyph_table(glyphs)} - {" "}
    allowed = {
        "braille": lambda c: 0x2800 < ord(c) < 0x2900,
        "half": lambda c: c in "▀▄█",
        "ascii": lambda c: c.isascii() and c.isprintable(),
    }[glyphs]
    assert all(allowed(letter) for letter in letters)
    painter = Painter(cross(), scene())
    frame = painter.paint(
        scene(), painter.fit(scene(), 60, 20), frozenset({"streets", "bins", "sites"}), glyphs, "BIN-2"
    )
    drawn = {chr(code) for code in frame.chars.ravel()}
    if glyphs == "ascii":
        assert all(letter.isascii() for letter in drawn)
        assert {"o", "@", "H", "?"} <= drawn
    else:
        assert {"○", "◆", "⌂", "◌"} <= drawn


async def test_the_first_paint_shows_bins_by_shape_depot_legend_and_scale():
    """Fill is told by shape, not by colour alone, and the last line explains it."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        lines = text(app.city)
        body = "".join(lines[:-1])
        assert all(glyph in body for glyph in "○◆⌂◌")
        assert "◆ overflowing" in lines[-1]
        assert lines[-1].endswith("┤ 200 m")
        assert app.city.border_subtitle == "streets are synthetic"


async def test_only_lines_that_differ_are_repainted(monkeypatch):
    """A bin that changes its fill repaints its own line and the legend."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        text(app.city)
        asked = []
        monkeypatch.setattr(app.city, "refresh", lambda *regions, **kw: asked.extend(regions))
        marks = list(scene().marks)
        marks[0] = marks[0]._replace(look="high")
        app.city.show(Scene(tuple(marks), app.city.scene.lines))
        assert len(asked) == 2
        assert asked[-1].y == 29


async def test_pan_zoom_and_fit():
    """Panning moves the picture, zooming shortens the scale, fit brings the city back."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        first = text(app.city)
        await pilot.press("right")
        assert text(app.city) != first
        app.city.zoom(0.25)
        assert text(app.city)[-1].endswith("┤ 50 m")
        app.city.fit()
        assert text(app.city) == first


async def test_a_click_picks_the_nearest_mark_and_the_legend_hides_a_layer():
    """A click beside a bin picks it; a click on a legend entry hides its layer."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        lines = text(app.city)
        y = next(n for n, line in enumerate(lines[:-1]) if "◆" in line)
        await pilot.click(CityMap, offset=(lines[y].index("◆") + 1, y))
        assert app.picked == ["BIN-2"]
        await pilot.click(CityMap, offset=(lines[-1].index("overflowing") + 2, 29))
        assert "bins" not in app.city.groups
        assert "◆" not in "".join(text(app.city))


async def test_the_selected_bin_stands_in_brackets_with_its_name():
    """Selection is seen without colour, and centring puts it in the middle."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.city.select("BIN-2", centre=True)
        lines = text(app.city)
        assert "[◆]BIN-2" in lines[14]
        assert lines[14].index("◆") == 50


async def test_a_city_without_streets_still_shows_its_bins():
    """Bins are drawn where they are before any road network is imported."""

    class Bare(App[None]):
        def compose(self):
            yield CityMap()

        def on_mount(self) -> None:
            self.query_one(CityMap).show(scene())

    app = Bare()
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        body = "".join(text(app.query_one(CityMap))[:-1])
        assert "○" in body
        assert "◆" in body


async def test_a_map_that_is_hidden_takes_news_and_shows_them_later():
    """A map hidden after it was drawn neither fails nor loses what comes meanwhile."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        app.city.display = False
        await pilot.pause()
        marks = tuple(mark._replace(look="high") for mark in scene().marks)
        app.city.show(Scene(marks))
        app.city.fit()
        app.city.select("BIN-1", centre=True)
        app.city.display = True
        await pilot.pause()
        assert "[●]BIN-1" in "".join(text(app.city))


async def test_streets_bear_their_names_when_near():
    """A street's name is written once the map is near enough, not before."""
    app = Desk()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "Avenue" not in "".join(text(app.city))
        app.city.select("depot", centre=True)
        app.city.zoom(0.25)
        assert "Avenue Hassan II" in "".join(text(app.city))
