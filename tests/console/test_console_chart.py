"""The power chart: area, line and dashes where the figures are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from textual.app import App

from console.widgets.chart import LIMIT, PLANNED, Curves, PowerChart

START = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def curves(**changes) -> Curves:
    fields = {
        "start": START,
        "step": QUARTER,
        "limit_kw": (40.0,) * 48,
        "planned_kw": (20.0,) * 48,
        "actual_kw": tuple((START + timedelta(minutes=5 * n), 10.0) for n in range(36)),
        "now": START + timedelta(hours=3),
    }
    return Curves(**(fields | changes))


class Desk(App[None]):
    def __init__(self, shown: Curves | None) -> None:
        super().__init__()
        self.shown = shown

    def compose(self):
        yield PowerChart()

    def on_mount(self) -> None:
        self.query_one(PowerChart).show(self.shown)


async def draw(shown: Curves | None, size=(102, 22)) -> list[str]:
    app = Desk(shown)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        chart = app.query_one(PowerChart)
        return [chart.render_line(y).text for y in range(chart.size.height)]


async def test_each_curve_has_its_own_sign_at_its_own_height():
    """20 rows up to 43 kW: the limit of 40 on row 1, the plan of 20 on row 10, the area of 10 below it."""
    lines = await draw(curves())
    assert lines[1].count(LIMIT) == 96
    assert lines[10].count(PLANNED) == 96
    assert lines[19][6:30] == "█" * 24
    assert "█" not in lines[10]
    assert lines[19][32:] == " " * 70, "nothing is drawn after now"


async def test_the_hours_stand_under_their_columns():
    """Twelve hours in 96 columns: an hour every eight."""
    lines = await draw(curves())
    assert lines[20].index("20:00") == 14
    assert lines[20].index("06:00") == 94


async def test_the_legend_names_every_sign():
    """The last line explains area, line and dashes."""
    lines = await draw(curves())
    assert "██ drawn" in lines[-1]
    assert f"{PLANNED * 2} planned" in lines[-1]
    assert f"{LIMIT * 2} limit" in lines[-1]


async def test_a_draw_above_the_limit_stands_out():
    """Columns above the limit have the ink of danger."""
    app = Desk(curves(actual_kw=((START, 50.0),)))
    async with app.run_test(size=(102, 22)) as pilot:
        await pilot.pause()
        chart = app.query_one(PowerChart)
        danger = chart.get_component_rich_style("chart--over")
        assert any(segment.style == danger for segment in chart.render_line(19))


async def test_nothing_known_is_hatched():
    """Without a site there is no chart to misread."""
    lines = await draw(None)
    assert set("".join(lines)) == {"\N{BOX DRAWINGS LIGHT DIAGONAL UPPER RIGHT TO LOWER LEFT}"}


async def test_every_line_is_as_wide_as_the_chart():
    """At any size no line is longer or shorter."""
    for size in ((30, 8), (80, 24), (200, 60)):
        assert {len(line) for line in await draw(curves(), size)} == {size[0]}
