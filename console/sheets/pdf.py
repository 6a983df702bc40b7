"""The route sheet a crew takes along on paper: figures, map, stops to tick off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from console.sheets.code import encode
from console.sheets.drawing import draw_arrows, draw_line, draw_pins, draw_streets, frame, scale_bar
from console.sheets.paper import EDGE, FONT, HEIGHT, INNER, Paper
from console.sheets.values import PLACES, Kind, Language, Sheet, SheetStop, Street
from console.sheets.words import say, say_day, say_number, say_share

QR_MM: Final = 27.0
MAP_TOP, MAP_MM = 52.0, 104.0
TABLE_TOP, TABLE_TOP_LATER, TABLE_END = 164.0, 22.0, HEIGHT - 16.0
ROW_MM, LINE_MM, HEAD_MM = 6.4, 3.6, 6.0
TEXT = 8.0
COLUMNS: Final = (
    *(("", 7.0), ("order", 9.0), ("time", 13.0), ("address", 82.0)),
    *(("bin", 31.0), ("stream", 18.0), ("fill", 12.0), ("remarks", 18.0)),
)
"""What stands side by side in the table, and its width in mm."""
ADDRESS: Final = 3
STREET_STYLE: Final = {0: (0.12, 205), 1: (0.3, 185), 2: (0.45, 170), 3: (0.6, 155)}
"""Width in mm and grey of a street, by rank."""
ROUTE: Final = (200, 30, 30)
PIN_MM, PIN_LETTER_MM = 3.2, 1.25


@dataclass(frozen=True, slots=True)
class Row:
    """A stop laid out: what stands in each column, the lines under its address, and its height in mm."""

    stop: SheetStop
    address: tuple[str, ...]
    notes: tuple[str, ...]
    height: float


def draw_sheet(sheet: Sheet, streets: Sequence[Street], language: Language) -> bytes:
    """The PDF of one round. The same sheet gives the same bytes."""
    paper = Paper(language, sheet.made_at)
    paper.set_title(f"{say(language, 'sheet')} {sheet.truck_id} {sheet.day.isoformat()}")
    pages = _paginate([_lay_out(paper, stop) for stop in sheet.stops])
    for number, rows in enumerate(pages, 1):
        paper.add_page()
        if number == 1:
            _draw_head(paper, sheet)
            _draw_map(paper, sheet, streets)
            _draw_table(paper, rows, TABLE_TOP)
        else:
            _draw_short_head(paper, sheet)
            _draw_table(paper, rows, TABLE_TOP_LATER)
        _draw_foot(paper, sheet, number, len(pages))
    return paper.finish()


def _lay_out(paper: Paper, stop: SheetStop) -> Row:
    width = COLUMNS[ADDRESS][1] - 2
    if stop.kind is not Kind.BIN:
        return Row(stop, (_tell(paper.language, stop),), (), ROW_MM)
    address = paper.wrap(stop.title, width, size=TEXT) or [stop.ref]
    notes = paper.wrap(stop.notes, width, size=TEXT - 1)
    lines = len(address) + len(notes)
    return Row(stop, tuple(address), tuple(notes), max(ROW_MM, 2.6 + lines * LINE_MM))


def _tell(language: Language, stop: SheetStop) -> str:
    """What a stop that is no bin says across the columns."""
    parts = [say(language, stop.kind)]
    if stop.kind is not Kind.BREAK:
        parts.append(stop.name or stop.ref)
    if stop.charged_kwh:
        parts.append(f"+{say_number(language, stop.charged_kwh)} kWh")
    if stop.kind in (Kind.BREAK, Kind.TIP, Kind.CHARGE):
        parts.append(f"{say(language, 'until')} {stop.leaves_at:%H:%M}")
    return " · ".join(part for part in parts if part)


def _paginate(rows: list[Row]) -> list[list[Row]]:
    pages: list[list[Row]] = [[]]
    room = TABLE_END - TABLE_TOP - HEAD_MM
    for row in rows:
        if row.height > room and pages[-1]:
            pages.append([])
            room = TABLE_END - TABLE_TOP_LATER - HEAD_MM
        pages[-1].append(row)
        room -= row.height
    return pages


def _draw_head(paper: Paper, sheet: Sheet) -> None:
    language = paper.language
    wide = INNER - QR_MM - 4
    paper.put(EDGE, 10, wide, f"{say(language, 'sheet')} — {sheet.city}", size=11, grey=70)
    paper.put(EDGE, 15.5, wide, f"{say(language, 'truck')} {sheet.truck}", size=18, bold=True)
    state = "" if sheet.state == "published" else f" · {say(language, 'draft')}"
    plan = f"{say(language, 'plan')} {sheet.plan_id}.{sheet.version}{state}"
    paper.put(EDGE, 24.5, wide, f"{say_day(language, sheet.day)} · {plan}", size=11)
    _draw_code(paper, sheet)
    figures = _figures(language, sheet)
    step = wide / max(4, (len(figures) + 1) // 2)
    for number, (name, value) in enumerate(figures):
        x, y = EDGE + (number // 2) * step, 32.0 + (number % 2) * 9.0
        paper.put(x, y, step - 2, name, size=6.5, grey=110)
        paper.put(x, y + 3, step - 2, value, size=10, bold=True)


def _figures(language: Language, sheet: Sheet) -> list[tuple[str, str]]:
    found = [
        ("departs", f"{sheet.departs_at:%H:%M}"),
        ("returns", f"{sheet.returns_at:%H:%M}"),
        ("bins", say_number(language, sheet.bins)),
        ("tips", say_number(language, sheet.tips)),
        ("distance", f"{say_number(language, sheet.km, 1)} km"),
        ("load", f"{say_number(language, sheet.kg)} kg"),
    ]
    if sheet.target_kwh is not None:
        share = f" ({say_share(language, sheet.target_kwh / sheet.battery_kwh)})" if sheet.battery_kwh else ""
        found.append(("battery", f"{say_number(language, sheet.target_kwh)} kWh{share}"))
        found.append(("energy", f"{say_number(language, sheet.kwh)} kWh"))
    if sheet.overtime_minutes:
        found.append(("overtime", f"{sheet.overtime_minutes:.0f} min"))
    return [(say(language, name), value) for name, value in found]


def _draw_code(paper: Paper, sheet: Sheet) -> None:
    code = encode(sheet.payload)
    module = QR_MM / code.size
    left, top = paper.side(EDGE + INNER - QR_MM, QR_MM), 9.0
    paper.set_fill_color(0)
    for row, first, count in code.runs:
        paper.rect(left + first * module, top + row * module, count * module, module, style="F")
    paper.put(EDGE + INNER - QR_MM, top + QR_MM - 0.5, QR_MM, sheet.checksum, size=6.5, grey=110, align="middle")


def _draw_map(paper: Paper, sheet: Sheet, streets: Sequence[Street]) -> None:
    window = frame(sheet, INNER, MAP_MM)

    def at(x: float, y: float) -> tuple[float, float]:
        return EDGE + x, MAP_TOP + y

    with paper.local_context(), paper.rect_clip(EDGE, MAP_TOP, INNER, MAP_MM):
        for rank, drawn in draw_streets(window, streets):
            width, grey = STREET_STYLE[min(rank, 3)]
            paper.set_line_width(width)
            paper.set_draw_color(grey)
            paper.polyline([at(*point) for point in drawn])
        way = draw_line(window, sheet.line, 0.15)
        paper.set_draw_color(*ROUTE)
        paper.set_line_width(0.55)
        if len(way) > 1:
            paper.polyline([at(*point) for point in way])
        paper.set_fill_color(*ROUTE)
        for x, y, angle in draw_arrows(way, 14.0):
            paper.polygon(
                [at(x + 1.5 * cos(angle + turn), y + 1.5 * sin(angle + turn)) for turn in (0, 2.5, -2.5)], style="F"
            )
        for stop in sheet.stops:
            if stop.kind in PLACES:
                _draw_place(paper, stop, *at(*window.place(stop.lat, stop.lon)))
        for pin in draw_pins(window, sheet.stops, PIN_MM, PIN_LETTER_MM):
            _draw_pin(paper, pin.label, pin.width, *at(pin.x, pin.y))
    paper.set_draw_color(120)
    paper.set_line_width(0.2)
    paper.rect(EDGE, MAP_TOP, INNER, MAP_MM)
    _draw_scale(paper, *scale_bar(window, 40.0))
    under = MAP_TOP + MAP_MM + 0.8
    legend = f"■ {say(paper.language, 'depot')}   ▲ {say(paper.language, 'tip')}"
    if any(stop.kind is Kind.CHARGE for stop in sheet.stops):
        legend += f"   ◆ {say(paper.language, 'charge')}"
    paper.put(EDGE, under, INNER / 2, legend, size=6.5, grey=90)
    paper.put(EDGE + INNER / 2, under, INNER / 2, sheet.attribution, size=6.5, grey=90, align="end")


def _draw_place(paper: Paper, stop: SheetStop, x: float, y: float) -> None:
    """A square for the depot, a triangle for a tip, a diamond for a charger."""
    paper.set_fill_color(20, 60, 140)
    paper.set_draw_color(255)
    corners = {Kind.DEPART: 4, Kind.TIP: 3, Kind.CHARGE: 4}[stop.kind]
    first = {Kind.DEPART: pi / 4, Kind.TIP: -pi / 2, Kind.CHARGE: 0.0}[stop.kind]
    turns = [first + 2 * pi * number / corners for number in range(corners)]
    paper.polygon([(x + 2.4 * cos(turn), y + 2.4 * sin(turn)) for turn in turns], style="DF")


def _draw_pin(paper: Paper, label: str, wide: float, x: float, y: float) -> None:
    paper.set_fill_color(255)
    paper.set_draw_color(*ROUTE)
    paper.set_line_width(0.25)
    top = y - PIN_MM / 2
    paper.rect(x - wide / 2, top, wide, PIN_MM, style="DF", round_corners=True, corner_radius=PIN_MM / 2)
    paper.set_font(FONT, "B", 5.2)
    paper.set_text_color(0)
    paper.set_xy(x - wide / 2, top)
    paper.cell(wide, PIN_MM, label, align="C")


def _draw_scale(paper: Paper, length: float, text: str) -> None:
    x, y = EDGE + 3, MAP_TOP + MAP_MM - 3
    paper.set_fill_color(255)
    paper.rect(x - 1.5, y - 4.6, length + 3, 6.2, style="F")
    paper.set_draw_color(60)
    paper.set_line_width(0.4)
    paper.polyline([(x, y - 1), (x, y), (x + length, y), (x + length, y - 1)])
    paper.set_font(FONT, "", 6)
    paper.set_text_color(60)
    paper.set_xy(x, y - 4.2)
    paper.cell(length, 3, text, align="C")


def _draw_short_head(paper: Paper, sheet: Sheet) -> None:
    text = f"{say(paper.language, 'truck')} {sheet.truck} · {say_day(paper.language, sheet.day)}"
    paper.put(EDGE, 11, INNER, text, size=11, bold=True)


def _draw_table(paper: Paper, rows: Sequence[Row], top: float) -> None:
    paper.box(EDGE, top, INNER, HEAD_MM, fill=225)
    x = EDGE
    for name, width in COLUMNS:
        if name:
            paper.put(x + 1, top + 1.4, width - 1.5, say(paper.language, name), size=7, bold=True)
        x += width
    y = top + HEAD_MM
    paper.set_draw_color(190)
    paper.set_line_width(0.15)
    for row in rows:
        if row.stop.kind is not Kind.BIN:
            paper.box(EDGE, y, INNER, row.height, fill=242)
        _draw_row(paper, row, y)
        y += row.height
        paper.set_draw_color(190)
        paper.set_line_width(0.15)
        paper.line(EDGE, y, EDGE + INNER, y)


def _draw_row(paper: Paper, row: Row, y: float) -> None:
    stop, language = row.stop, paper.language
    middle = y + (row.height - 3.6) / 2
    edges = [EDGE]
    for _, width in COLUMNS:
        edges.append(edges[-1] + width)
    paper.set_draw_color(60)
    paper.set_line_width(0.3)
    paper.box(EDGE + 1.5, y + (row.height - 3.8) / 2, 3.8, 3.8)
    if stop.number:
        paper.put(edges[1], middle, 8, str(stop.number), size=TEXT + 1, bold=True, align="middle")
    paper.put(edges[2] + 1, middle, COLUMNS[2][1] - 1, f"{stop.arrives_at:%H:%M}", size=TEXT + 0.5)
    if stop.kind is not Kind.BIN:
        paper.put(edges[3] + 1, middle, INNER - edges[3], row.address[0], size=TEXT, bold=True)
        return
    at = y + (row.height - (len(row.address) + len(row.notes)) * LINE_MM) / 2
    for line in row.address:
        paper.put(edges[3] + 1, at, COLUMNS[3][1] - 2, line, size=TEXT, part_of=stop.title)
        at += LINE_MM
    for line in row.notes:
        paper.put(edges[3] + 1, at, COLUMNS[3][1] - 2, line, size=TEXT - 1, grey=90, part_of=stop.notes)
        at += LINE_MM
    paper.put(edges[4] + 1, middle, COLUMNS[4][1] - 1.5, stop.ref, size=TEXT - 0.5)
    paper.put(edges[5] + 1, middle, COLUMNS[5][1] - 1.5, say(language, f"stream.{stop.stream}"), size=TEXT - 0.5)
    if stop.fill is not None:
        paper.put(edges[6] + 1, middle, COLUMNS[6][1] - 1.5, say_share(language, stop.fill), size=TEXT - 0.5)


def _draw_foot(paper: Paper, sheet: Sheet, page: int, pages: int) -> None:
    y = HEIGHT - 11
    made = f"{sheet.made_at:%d/%m/%Y %H:%M}"
    text = f"{say(paper.language, 'plan')} {sheet.plan_id}.{sheet.version} · {made} · {sheet.checksum}"
    paper.put(EDGE, y, INNER * 0.5, text, size=6.5, grey=110)
    if page == pages:
        paper.put(EDGE + INNER * 0.42, y, INNER * 0.4, f"{say(paper.language, 'signature')} ______________", size=7)
    paper.put(EDGE + INNER * 0.8, y, INNER * 0.2, f"{say(paper.language, 'page')} {page}/{pages}", size=7, align="end")
