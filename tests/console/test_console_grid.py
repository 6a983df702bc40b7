"""The live grid: cursor, order, filter, what is repainted, narrow layouts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from textual.app import App

from console.widgets.columns import Cell, Column, bar, lay_out
from console.widgets.grid import Grid


@dataclass(frozen=True, slots=True)
class Tin:
    name: str
    fill: float | None


COLUMNS: list[Column[Tin]] = [
    Column("Bin", 8, lambda t: Cell(t.name), lambda t: t.name),
    Column(
        "Fill",
        14,
        lambda t: Cell("?" if t.fill is None else f"{t.fill:.0%}", "bad" if (t.fill or 0) > 0.8 else "plain", t.fill),
        lambda t: t.fill,
        kind="bar",
    ),
    Column("Note", 10, lambda t: Cell("n", "dim"), lambda t: t.name, drop=1, grow=True),
]


def tins(n: int = 100) -> dict[str, Tin]:
    return {f"B{i:03d}": Tin(f"B{i:03d}", i / n) for i in range(n)}


class Desk(App[None]):
    def __init__(self, rows: dict[str, Tin], hint: str = "") -> None:
        super().__init__()
        self.rows, self.hint = rows, hint
        self.said: list[tuple[str, str | None]] = []

    def compose(self):
        yield Grid(COLUMNS, lambda t: t.name, hint=self.hint)

    def on_mount(self) -> None:
        self.grid = self.query_one(Grid)
        self.grid.fill(self.rows)
        self.grid.focus()

    def on_grid_moved(self, message: Grid.Moved) -> None:
        self.said.append((type(message).__name__, message.key))

    def on_grid_chosen(self, message: Grid.Chosen) -> None:
        self.said.append((type(message).__name__, message.key))


def line(grid: Grid[Tin], y: int) -> str:
    return grid.render_line(y).text


async def test_keys_move_the_cursor_and_keep_it_in_view():
    """j, k, page and end move the cursor, and its line is on the screen."""
    app = Desk(tins())
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "j", "k", "pagedown")
        assert app.grid.row == app.rows["B019"]
        await pilot.press("G")
        assert app.grid.row == app.rows["B099"]
        assert line(app.grid, 19).startswith("▸B099")
        await pilot.press("g", "enter")
        await pilot.pause()
        assert app.said[-1] == ("Chosen", "B000")


async def test_typing_filters_and_escape_brings_all_back():
    """Keys typed after a slash filter the rows as they come; "!" turns a word round."""
    app = Desk(tins())
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("slash", "0", "9")
        assert app.grid.shown == 11
        await pilot.press("space", "!", "9", "8")
        assert app.grid.shown == 10
        assert app.grid.border_subtitle == "/09 !98▏ 10/100"
        await pilot.press("enter", "j")
        assert not app.grid.filtering
        await pilot.press("escape")
        assert app.grid.shown == 100


async def test_sorting_keeps_the_cursor_on_its_row():
    """A click on a column's head sorts by it, twice turns it round, and the cursor stays on its bin."""
    app = Desk(tins() | {"X": Tin("X", None)})
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("j", "j")
        await pilot.click(Grid, offset=(12, 0))
        assert app.grid.row == app.rows["B002"]
        assert "Fill▼" in line(app.grid, 0)
        app.grid.action_move(-1000)
        assert app.grid.row == app.rows["B099"]
        app.grid.action_move(1000)
        assert app.grid.row == app.rows["X"], "a row without a value is last"
        app.grid.action_reverse()
        app.grid.action_move(1000)
        assert app.grid.row == app.rows["X"], "whichever way it is sorted"


async def test_only_touched_lines_in_view_are_repainted(monkeypatch):
    """Two changed rows repaint one line when only one of them is in view."""
    app = Desk(tins())
    async with app.run_test(size=(60, 20)) as pilot:
        asked = []
        monkeypatch.setattr(app.grid, "refresh", lambda *regions, **kw: asked.extend(regions))
        rows = dict(app.rows)
        for key in ("B003", "B090"):
            rows[key] = replace(rows[key], fill=0.99)
        app.grid.fill(rows)
        assert [region.y for region in asked] == [4]
        await pilot.pause()
        assert "99%" in line(app.grid, 4)


async def test_an_empty_grid_says_what_to_do():
    """A grid without rows is hatched and shows its hint."""
    app = Desk({}, hint="no bins yet: binwatt import bins FILE")
    async with app.run_test(size=(60, 20)):
        assert "  no bins yet: binwatt import bins FILE  " in line(app.grid, 9)
        assert set(line(app.grid, 3)) == {"\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}"}


async def test_rows_that_vanish_move_the_cursor_to_a_neighbour():
    """When the row under the cursor goes, the cursor stands on what took its place."""
    app = Desk(tins(10))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("G")
        app.grid.fill({key: row for key, row in app.rows.items() if key != "B009"})
        assert app.grid.row == app.rows["B008"]
        app.grid.fill({})
        assert app.grid.row is None


async def test_a_log_that_is_watched_stays_on_its_newest_line():
    """With the cursor on the first line, new rows come above it and take it; further down it stays on its row."""

    class Log(Desk):
        def compose(self):
            yield Grid(COLUMNS, lambda t: t.name, descending=True, follow=True)

    app = Log(tins(10))
    async with app.run_test(size=(60, 20)) as pilot:
        assert app.grid.row.name == "B009"
        app.grid.fill(tins(20))
        assert app.grid.row.name == "B019"
        await pilot.press("j")
        app.grid.fill(tins(30))
        assert app.grid.row.name == "B018"


async def test_every_line_is_as_wide_as_the_grid():
    """No line is shorter or longer than the widget, at any width."""
    for width in (20, 37, 60, 200):
        app = Desk(tins())
        async with app.run_test(size=(width, 20)):
            assert {app.grid.render_line(y).cell_length for y in range(20)} <= {app.grid.size.width}


def test_narrow_layouts_drop_columns_by_priority():
    """What may be dropped goes when there is no room, what grows takes what is left."""
    assert [(c.title, wide) for c, wide in lay_out(COLUMNS, 30)] == [("Bin", 8), ("Fill", 14)]
    assert [(c.title, wide) for c, wide in lay_out(COLUMNS, 60)] == [("Bin", 8), ("Fill", 14), ("Note", 35)]


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, "····"), (0.5, "██··"), (0.53, "██▏·"), (1.0, "████"), (7.0, "████")]
)
def test_a_bar_is_true_to_an_eighth(share, drawn):
    """A bar shows its share in eighths of a cell and never leaves its width."""
    assert bar(share, 4) == drawn


async def test_what_is_picked_is_shown_beside_what_is_typed():
    """Only rows of the kind picked are listed, and of those what the filter lets through; None lets all back in."""
    app = Desk(tins())
    async with app.run_test(size=(60, 20)) as pilot:
        app.grid.keep_only(lambda tin: (tin.fill or 0) >= 0.9)
        assert app.grid.shown == 10
        await pilot.press("slash", "5", "enter")
        assert [tin.name for tin in app.grid.listed()] == ["B095"]
        app.grid.keep_only(None)
        assert app.grid.shown == 19
