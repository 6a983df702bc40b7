"""The live table: thousands of rows on Textual's line API, repainting only the touched lines in view.

Textual's DataTable redraws whole at every cell written: 29 to 45 % of a core at 200 rows a second, this about 1 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.i18n import N_, _
from console.widgets.columns import GAP, Column, Level, Row, lay_out
from console.widgets.lines import GUTTER, SIGNS, draw_hatched, draw_head, draw_row
from console.widgets.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from textual import events

SETTLE_SECONDS = 3.0
"""How often a sorted grid is put in order again while its rows change."""


class Grid(ScrollView, Generic[Row], can_focus=True):
    """Rows by key, sorted and filtered by its `Listing`; `fill` takes the newest rows and repaints what differs."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--head",
        "grid--cursor",
        "grid--good",
        "grid--warn",
        "grid--bad",
        "grid--note",
        "grid--empty",
    }
    DEFAULT_CSS = """
    Grid {
        height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden;
        & > .grid--head { color: $text-muted; text-style: bold; background: $panel; }
        & > .grid--cursor { background: $primary-muted; color: $text; text-style: bold; }
        & > .grid--good { color: $text-success; }
        & > .grid--warn { color: $text-warning; }
        & > .grid--bad { color: $text-error; text-style: bold; }
        & > .grid--note { color: $text-accent; }
        & > .grid--empty { color: $panel-lighten-2; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, action, show=False)
        for keys, action in (
            ("j,down", "move(1)"),
            ("k,up", "move(-1)"),
            ("pagedown,ctrl+f", "page(1)"),
            ("pageup,ctrl+b", "page(-1)"),
            ("g,home", "move(-1000000000)"),
            ("G,end", "move(1000000000)"),
            ("enter", "choose"),
            ("slash", "filter"),
            ("s", "sort"),
            ("S", "reverse"),
        )
    ]

    class Moved(Message):
        """The cursor stands on another row (None: on none)."""

        def __init__(self, grid: Grid[Any], key: str | None) -> None:
            super().__init__()
            self.grid = grid
            self.key = key

        @property
        def control(self) -> Grid[Any]:
            """The grid it happened in, for `on(..., selector)`."""
            return self.grid

    class Chosen(Moved):
        """Enter or a double click on a row."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], str],
        *,
        find: Callable[[Row], str] | None = None,
        sort: int = 0,
        descending: bool = False,
        hint: str = "",
        follow: bool = False,
        id: str | None = None,  # noqa: A002 - the name Textual gives it
    ) -> None:
        super().__init__(id=id)
        self.columns = columns
        self.hint = hint
        self.follow = follow
        """A cursor on the first line stays there while new rows come: a log that is watched."""
        self.listing: Listing[Row] = Listing(columns, key, find or key, sort=sort, descending=descending)
        self.filtering = False
        self.marked: frozenset[str] = frozenset()
        self.only_hint = ""
        self.known = False
        """Whether rows were ever given: an empty grid means something only then."""
        self._cursor = 0
        self._layout_width = -1
        self._laid_out: list[tuple[Column[Row], int]] = []
        self._inks: dict[str, Style] = {}

    # the rows

    def fill(self, rows: Mapping[str, Row]) -> None:
        """Show these rows from now on."""
        changed = self.listing.take(rows)
        if not self.known:
            self.known = True
            self.refresh()
        if changed is None:
            self._arrange()
        else:
            self.touch(changed)

    def touch(self, keys: Iterable[str]) -> None:
        """Repaint the lines of these rows, those in view only."""
        top, high, wide = self.scroll_offset.y, self.size.height - 1, self.size.width
        place = self.listing.place
        seen = [place[key] - top for key in keys if key in place]
        lines = [Region(0, y + 1, wide, 1) for y in seen if 0 <= y < high]
        if lines:
            self.refresh(*lines)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.listing.rows[self.listing.order[self._cursor]] if self.listing.order else None

    def listed(self) -> list[Row]:
        """The rows the filter lets through, in order."""
        return [self.listing.rows[key] for key in self.listing.order]

    @property
    def shown(self) -> int:
        """How many rows the filter lets through."""
        return len(self.listing.order)

    def keep_only(self, only: Callable[[Row], bool] | None, hint: str = "") -> None:
        """Show only rows of which `only` is true, beside what the filter says; None: all of them.

        `hint` tells what to do where no row is left of them.
        """
        self.listing.only = only
        self.only_hint = hint
        self._arrange()
        self._tell()

    def find_text(self, text: str) -> None:
        """Filter by a text as if it had been typed."""
        self._set_filter(text)

    def select(self, key: str) -> bool:
        """Put the cursor on the row of this key; False when the filter hides it."""
        place = self.listing.place.get(key)
        if place is None:
            return False
        self._go(place)
        return True

    def _arrange(self) -> None:
        """Sort and filter; the cursor stays on its row where it can."""
        listing = self.listing
        held = listing.order[self._cursor] if listing.order else None
        seen = self._in_view(self._cursor)
        listing.arrange()
        self._cursor = 0 if self.follow and self._cursor == 0 else listing.where(held, self._cursor)
        self.virtual_size = Size(self.size.width, len(listing.order) + 1)
        if seen:
            self._reveal(self._cursor)
        self.refresh()
        now = listing.order[self._cursor] if listing.order else None
        if now != held:
            self.post_message(self.Moved(self, now))

    def _settle(self) -> None:
        """Put rows that changed back where they belong, in or out of the filter."""
        if self.is_on_screen and self.listing.rows and self.listing.due_order() != self.listing.order:
            self._arrange()
            self._tell()

    # events

    def on_mount(self) -> None:
        """Keep the order true from time to time."""
        self.set_interval(SETTLE_SECONDS, self._settle)

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self._layout_width = -1
        self.virtual_size = Size(self.size.width, len(self.listing.order) + 1)

    def notify_style_update(self) -> None:
        """Forget the inks: theme or focus changed."""
        super().notify_style_update()
        self._inks = {}

    def on_key(self, event: events.Key) -> None:
        """Typing goes into the filter while it is open."""
        if not self.filtering:
            if event.key == "escape" and self.listing.filter:
                self._set_filter("")
                event.stop()
            return
        if event.key == "escape":
            self.filtering = False
            self._set_filter("")
        elif event.key in {"enter", "tab", "down", "up"}:
            self.filtering = False
        elif event.key == "backspace":
            self._set_filter(self.listing.filter[:-1])
        elif event.is_printable and event.character:
            self._set_filter(self.listing.filter + event.character)
        else:
            return
        self._tell()
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """A click on the head sorts, on a row moves the cursor, twice chooses."""
        at = event.get_content_offset(self)
        if at is None:
            return
        if at.y == 0:
            x = GUTTER
            for column, width in self._columns():
                if x <= at.x < x + width + GAP:
                    self._sort_by(self.columns.index(column))
                x += width + GAP
            return
        place = self.scroll_offset.y + at.y - 1
        if place < len(self.listing.order):
            self._go(place)
            if event.chain > 1:
                self.action_choose()

    # actions

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if self.listing.order:
            self._go(max(0, min(len(self.listing.order) - 1, self._cursor + by)))

    def action_page(self, by: int) -> None:
        """Move the cursor by a screenful."""
        self.action_move(by * max(1, self.size.height - 2))

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.listing.order:
            self.post_message(self.Chosen(self, self.listing.order[self._cursor]))

    def action_filter(self) -> None:
        """Type to filter."""
        self.filtering = True
        self._tell()

    def action_sort(self) -> None:
        """Sort by the next column shown."""
        shown = [self.columns.index(column) for column, _width in self._columns()]
        later = [number for number in shown if number > self.listing.sorted_by]
        self._sort_by(later[0] if later else shown[0])

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._sort_by(self.listing.sorted_by)

    def _sort_by(self, number: int) -> None:
        self.listing.sort_by(number)
        self._arrange()

    def _set_filter(self, text: str) -> None:
        self.listing.filter = text
        self._arrange()
        self._tell()

    def _tell(self) -> None:
        """Write the filter into the border."""
        if self.filtering or self.listing.filter:
            typed = f"/{self.listing.filter}{'▏' if self.filtering else ''}"
            self.border_subtitle = f"{typed} {self.shown}/{len(self.listing.rows)}"
        else:
            self.border_subtitle = ""

    def _go(self, place: int) -> None:
        old, self._cursor = self._cursor, place
        key = self.listing.order[place]
        self.touch([key, *([self.listing.order[old]] if old < len(self.listing.order) else [])])
        self._reveal(place)
        if old != place:
            self.post_message(self.Moved(self, key))

    def _in_view(self, place: int) -> bool:
        return self.scroll_offset.y <= place < self.scroll_offset.y + self.size.height - 1

    def _reveal(self, place: int) -> None:
        """Scroll as little as brings a line into view."""
        top, high = self.scroll_offset.y, max(1, self.size.height - 1)
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif place >= top + high:
            self.scroll_to(y=place - high + 1, animate=False)

    # drawing

    def _columns(self) -> list[tuple[Column[Row], int]]:
        if self._layout_width != self.size.width:
            self._layout_width = self.size.width
            self._laid_out = lay_out(self.columns, self.size.width - GUTTER)
        return self._laid_out

    def _ink(self, name: str, level: Level = "plain") -> Style:
        """The style of a line ("", "cursor", "head") with a level laid over it."""
        found = self._inks.get(name + level)
        if found is None:
            found = self.get_component_rich_style(f"grid--{name}") if name else self.rich_style
            if level == "dim":
                _base, _text, ground, text = self.colors
                found += Style(color=ground.blend(text, 0.6).rich_color)
            elif level != "plain":
                over = self.get_component_rich_style(f"grid--{level}", partial=True)
                found += Style(color=over.color, bold=over.bold or None)
            self._inks[name + level] = found
        return found

    def render_line(self, y: int) -> Strip:
        """The head, a row, or the hatched hint of an empty grid."""
        width, listing = self.size.width, self.listing
        if y == 0 and listing.rows:
            ink = self._ink("head")
            return Strip(draw_head(listing, self._columns(), ink)).adjust_cell_length(width, ink)
        place = self.scroll_offset.y + y - 1
        if 0 <= place < len(listing.order):
            key, under = listing.order[place], place == self._cursor
            line = "cursor" if under and self.has_focus else ""
            sign = SIGNS[under + 2 * (key in self.marked)]
            drawn = draw_row(listing.rows[key], sign, self._columns(), lambda level: self._ink(line, level))
            return Strip(drawn).adjust_cell_length(width, self._ink(line))
        if listing.order:
            return Strip.blank(width, self._ink(""))
        hint = self.hint if not listing.rows else N_("nothing matches the filter; Esc clears it")
        if listing.rows and not listing.filter:
            hint = self.only_hint
        words = _(hint) if self.known else _("reading…")
        return Strip(draw_hatched(y, self.size, words, self._ink("empty"), self._ink("", "dim"))).crop(0, width)
