"""The city in braille: streets, routes, bins, stations and trucks, with pan, zoom and layers.

Streets are drawn anew only when the window moves; what changes while it stands (bins, trucks) is laid over the
cached cells, and only lines that differ are repainted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.i18n import _
from console.widgets.scene import (
    INK_OF,
    ROUTE_COLOURS,
    ROUTE_INK,
    SHAPES,
    STREET_INK,
    STREET_SHARES,
    Glyphs,
    Group,
    Scene,
)

if TYPE_CHECKING:
    from textual import events

    from console.widgets.painter import Frame, Painter
    from console.widgets.plane import Window
    from routing.roads import StreetSegments

VIEWS: tuple[frozenset[Group], ...] = (
    frozenset(("streets", "routes", "bins", "stations", "sites", "trucks")),
    frozenset(("streets", "routes", "sites", "trucks")),
    frozenset(("streets", "bins", "sites")),
    frozenset(("routes", "bins", "stations", "sites", "trucks")),
)
"""Layers shown together, in the order the key goes round them."""
NEAR = 3.0
"""Metres a dot of a look from near."""
ROUND_METRES = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


class CityMap(Widget, can_focus=True):
    """A map of a scene over streets."""

    DEFAULT_CSS = "CityMap { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "pan(-1,0)", show=False),
        Binding("right,l", "pan(1,0)", show=False),
        Binding("up,k", "pan(0,1)", show=False),
        Binding("down,j", "pan(0,-1)", show=False),
        Binding("enter", "pick", show=False),
    ]

    class Picked(Message):
        """A click on a mark."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, glyphs: Glyphs = "braille", id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.glyphs = glyphs
        self.groups = VIEWS[0]
        self.selected: str | None = None
        self.scene = Scene()
        self._streets: StreetSegments | None = None
        self._painter: Painter | None = None
        self._window: Window | None = None
        self._fitted: Window | None = None
        self._frame: Frame | None = None
        self._strips: dict[int, Strip] = {}
        self._inks: list[Style] = []
        self._grabbed: tuple[int, int] | None = None

    # what it shows

    def lay_streets(self, streets: StreetSegments | None) -> None:
        """Put these streets under the scene and fit the window to the city."""
        self._streets, self._painter, self._window = streets, None, None
        self.border_subtitle = streets.attribution if streets else ""
        self._repaint()

    def show(self, scene: Scene) -> None:
        """Show this scene; lines of the screen that stay the same are not repainted."""
        if scene is self.scene or scene == self.scene:
            return
        if not self.scene.marks:  # the first one: the city is known now
            self._painter, self._window = None, None
        self.scene = scene
        self._repaint()

    def select(self, key: str | None, *, centre: bool = False, reveal: bool = False) -> None:
        """Put brackets round a mark, and move the window there if asked; `reveal`: only when the mark is outside."""
        if key == self.selected and not centre and not reveal:
            return
        self.selected = key
        mark = next((m for m in self.scene.marks if m.key == key), None)
        if (centre or reveal) and mark and self._painter and self._window:
            plane, window = self._painter.plane, self._window
            x, y = plane.x(mark.lon), plane.y(mark.lat)
            column, row = window.cell(x, y)
            if centre or not (0 <= column < window.columns and 0 <= row < window.rows):
                self._window = replace(window, x=x, y=y)
        self._repaint()

    def toggle(self, group: Group) -> None:
        """Show or hide a layer."""
        self.groups ^= {group}
        self._repaint()

    def next_layers(self) -> None:
        """Go round the sets of layers."""
        at = VIEWS.index(self.groups) if self.groups in VIEWS else -1
        self.groups = VIEWS[(at + 1) % len(VIEWS)]
        self._repaint()

    def zoom(self, factor: float) -> None:
        """Show `factor` times as many metres."""
        from console.widgets.painter import COARSEST, FINEST

        if self._window:
            dot = max(FINEST, min(COARSEST, self._window.metres_per_dot * factor))
            self._window = replace(self._window, metres_per_dot=dot)
            self._repaint()

    def near(self) -> None:
        """Show single streets and their names."""
        if self._window and self._window.metres_per_dot > NEAR:
            self.zoom(NEAR / self._window.metres_per_dot)

    def fit(self) -> None:
        """Show the whole city."""
        self._window = None
        self._repaint()

    def action_pan(self, right: int, up: int) -> None:
        """Move the window by an eighth of it."""
        if self._window:
            step = max(8, self.size.width // 8)
            self._window = self._window.moved(right * step, up * step / 2)
            self._repaint()

    def action_pick(self) -> None:
        """Pick the mark nearest to the middle of the window: the map's Enter."""
        if self._frame is None:
            return
        rows, columns = self._frame.chars.shape
        near = min(
            ((abs(column - columns // 2) + 2 * abs(row - rows // 2), key)
             for (column, row), key in self._frame.marked.items()),
            default=None,
        )  # fmt: skip
        if near is not None:
            self.post_message(self.Picked(near[1]))

    # the mouse

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel zooms out."""
        self.zoom(1.25)
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel zooms in."""
        self.zoom(0.8)
        event.stop()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the map."""
        self._grabbed = (event.screen_x, event.screen_y)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the map."""
        if self._grabbed is None or self._window is None:
            return
        right, down = event.screen_x - self._grabbed[0], event.screen_y - self._grabbed[1]
        if right or down:
            self._grabbed = (event.screen_x, event.screen_y)
            self._window = self._window.moved(-right, down)
            self._repaint()

    def on_mouse_up(self) -> None:
        """Let go."""
        self._grabbed = None
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Pick the mark under the pointer or beside it; in the legend, show or hide a layer."""
        at = event.get_content_offset(self)
        if at is None or self._frame is None:
            return
        if at.y == self.size.height - 1:
            group = next((g for text, _ink, g, x in self._legend() if x <= at.x < x + cell_len(text)), None)
            if group:
                self.toggle(group)
            return
        near = min(
            ((abs(column - at.x) + 2 * abs(row - at.y), key) for (column, row), key in self._frame.marked.items()),
            default=(99, ""),
        )
        if near[0] <= 3:
            self.post_message(self.Picked(near[1]))

    # drawing

    def notify_style_update(self) -> None:
        """Forget inks and strips: the theme changed."""
        super().notify_style_update()
        self._inks, self._strips = [], {}

    def render_line(self, y: int) -> Strip:
        """One line of the map; the last is the legend."""
        width, height = self.size
        if y >= height - 1:
            return self._legend_strip(width)
        if self._frame is None or self._frame.chars.shape != (height - 1, width):
            self._frame, self._strips = self._paint(), {}
        strip = self._strips.get(y)
        if strip is None:
            inks = self._styles()
            segments = [Segment(text, inks[ink]) for text, ink in self._frame.runs(y)]
            strip = self._strips[y] = Strip(segments, width)
        return strip

    def _paint(self) -> Frame:
        from console.widgets.painter import Painter

        if self._painter is None:
            self._painter = Painter(self._streets, self.scene)
        columns, rows = self.size.width, max(1, self.size.height - 1)
        if self._window is None:
            self._window = self._painter.fit(self.scene, columns, rows)
            self._fitted = self._window
        elif (self._window.columns, self._window.rows) != (columns, rows):
            if self._window == self._fitted:  # nobody moved it: fit it to the new size
                self._window = self._fitted = self._painter.fit(self.scene, columns, rows)
            else:
                self._window = replace(self._window, columns=columns, rows=rows)
        return self._painter.paint(self.scene, self._window, self.groups, self.glyphs, self.selected)

    def _repaint(self) -> None:
        """Draw the frame again and repaint the lines that differ."""
        before = self._frame
        if before is None or not self.is_attached or self.size.width == 0 or self.size.height < 2:  # hidden
            self._frame, self._strips = None, {}
            self.refresh()
            return
        self._frame = self._paint()
        rows = self._frame.differing_rows(before)
        if len(rows) == len(before.chars):
            self._strips = {}
        for row in rows:
            self._strips.pop(row, None)
        wide, high = self.size
        self.refresh(*(Region(0, row, wide, 1) for row in [*rows, high - 1]))

    def _styles(self) -> list[Style]:
        """Inks for the theme in force, by the numbers of `console.widgets.scene`."""
        if not self._inks:
            ground, text = self.background_colors[1], self.colors[3]
            colours = [ground.blend(text, share) for share in STREET_SHARES]
            colours += [Color.parse(name) for name in ROUTE_COLOURS]
            theme = self.app.theme_variables
            for shape in SHAPES.values():
                named = theme.get(shape.colour, "")
                colours.append(Color.parse(named) if named.startswith("#") else ground.blend(text, 0.6))
            under = ground.rich_color
            self._inks = [Style(bgcolor=under)]
            self._inks += [
                Style(color=colour.rich_color, bgcolor=under, bold=number >= ROUTE_INK)
                for number, colour in enumerate(colours, STREET_INK)
            ]
            self._inks.append(Style(color=text.rich_color, bgcolor=under, bold=True, reverse=True))
            self._inks.append(Style(color=ground.blend(text, 0.75).rich_color, bgcolor=under, italic=True))
        return self._inks

    # the legend

    def _legend(self) -> list[tuple[str, Style, Group, int]]:
        """Entries for what there is: text, ink, layer, first cell."""
        inks = self._styles()
        there = {mark.look for mark in self.scene.marks}
        entries, x = [], 1
        for look, shape in SHAPES.items():
            if look in there:
                on = shape.group in self.groups
                glyph = (shape.ascii if self.glyphs == "ascii" else shape.glyph) if on else "·"
                text = f"{glyph} {_(shape.name)}"
                entries.append((text, inks[INK_OF[look] if on else STREET_INK + 2], shape.group, x))
                x += cell_len(text) + 2
        return entries

    def _legend_strip(self, width: int) -> Strip:
        inks = self._styles()
        ruler, bare = self._ruler(), inks[0]
        segments, used = [Segment(" ", bare)], 1
        for text, ink, _group, _x in self._legend():
            if used + cell_len(text) + 2 > width - cell_len(ruler):
                break
            segments += [Segment(text, ink), Segment("  ", bare)]
            used += cell_len(text) + 2
        segments.append(Segment(ruler.rjust(max(0, width - used)), inks[STREET_INK + 3]))
        return Strip(segments).adjust_cell_length(width, bare)

    def _ruler(self) -> str:
        """A scale bar of a round number of metres, five to twelve cells long."""
        if self._window is None:
            return ""
        cell = 2 * self._window.metres_per_dot
        metres = next((m for m in ROUND_METRES if m >= 5 * cell), ROUND_METRES[-1])
        name = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
        return f"├{'─' * max(0, round(metres / cell) - 2)}┤ {name}"
