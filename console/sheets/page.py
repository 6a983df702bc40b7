"""A round as one HTML page for a phone without network: everything is in the file, the ticks stay on the phone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from math import degrees
from pathlib import Path
from typing import Final

from console.sheets.code import encode
from console.sheets.drawing import Point, Window, draw_arrows, draw_line, draw_pins, draw_streets, frame
from console.sheets.values import LANGUAGES, PLACES, Kind, Language, Sheet, SheetStop, Street
from console.sheets.words import say, say_day, say_number, say_share, words

HERE: Final = Path(__file__).parent
MAP_WIDTH, MAP_HEIGHT = 1000.0, 800.0
PIN, PIN_LETTER = 30.0, 11.0
STREETS: Final = {0: ("#dedede", 1.2), 1: ("#cfcfcf", 2.4), 2: ("#bdbdbd", 3.4), 3: ("#a8a8a8", 4.4)}
"""Colour and width of a street, by rank."""
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Nothing may be fetched, whatever is in an address."""


def draw_page(sheet: Sheet, streets: Sequence[Street], language: Language) -> bytes:
    """The page's bytes. It opens in `language`; the crew may choose another, and prints it if it likes."""
    title = escape(f"{sheet.truck_id} · {sheet.day.isoformat()}")
    spoken = {code: {**words(code), "day": say_day(code, sheet.day)} for code in LANGUAGES}
    parts = [
        f'<!doctype html><html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"><head>',
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>{title}</title>',
        f"<style>{(HERE / 'page.css').read_text('utf-8')}</style></head>",
        f'<body data-key="binwatt-{sheet.plan_id}-{escape(sheet.truck_id)}-{sheet.checksum}">',
        _speak(language),
        _head(sheet, language),
        _next(language),
        _map(sheet, streets),
        f'<p class="credit" dir="ltr">{escape(sheet.attribution)}</p>',
        f"<ol>{''.join(_row(seq, stop, language) for seq, stop in enumerate(sheet.stops))}</ol>",
        f'<script type="application/json" id="words">{_json(spoken)}</script>',
        f"<script>{(HERE / 'page.js').read_text('utf-8')}</script></body></html>",
    ]
    return "\n".join(parts).encode()


def _json(values: object) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(values, ensure_ascii=False).replace("<", "\\u003c")


def _word(language: Language, key: str, tag: str = "span") -> str:
    return f'<{tag} data-w="{escape(key)}">{escape(say(language, key))}</{tag}>'


def _speak(language: Language) -> str:
    names = {"fr": "Français", "ar": "العربية", "en": "English"}
    buttons = [
        f'<button value="{code}" lang="{code}" aria-pressed="{str(code == language).lower()}">{names[code]}</button>'
        for code in LANGUAGES
    ]
    return f'<p class="speak">{"".join(buttons)}</p>'


def _head(sheet: Sheet, language: Language) -> str:
    draft = "" if sheet.state == "published" else f" · {_word(language, 'draft', 'b')}"
    figures = [
        ("departs", f"{sheet.departs_at:%H:%M}"),
        ("returns", f"{sheet.returns_at:%H:%M}"),
        ("bins", str(sheet.bins)),
        ("tips", str(sheet.tips)),
        ("distance", f"{say_number(language, sheet.km, 1)} km"),
        ("load", f"{say_number(language, sheet.kg)} kg"),
    ]
    if sheet.target_kwh is not None:
        share = f" ({say_share(language, sheet.target_kwh / sheet.battery_kwh)})" if sheet.battery_kwh else ""
        figures.append(("battery", f"{say_number(language, sheet.target_kwh)} kWh{share}"))
    listed = "".join(
        f'<div>{_word(language, name, "dt")}<dd><bdi dir="ltr">{value}</bdi></dd></div>' for name, value in figures
    )
    day = f'<bdi data-w="day">{escape(say_day(language, sheet.day))}</bdi>'
    return (
        f"<header><div><h1>{_word(language, 'truck')} <bdi>{escape(sheet.truck)}</bdi></h1>"
        f"<p><bdi>{escape(sheet.city)}</bdi> · {day}</p>"
        f"<p>{_word(language, 'plan')} <bdi>{sheet.plan_id}.{sheet.version}</bdi>{draft}</p></div>"
        f'<div class="code">{_code(sheet)}{sheet.checksum}</div></header><dl>{listed}</dl>'
    )


def _code(sheet: Sheet) -> str:
    code = encode(sheet.payload)
    path = "".join(f"M{first} {row}h{count}v1h-{count}z" for row, first, count in code.runs)
    title = escape(sheet.payload)
    return (
        f'<svg viewBox="0 0 {code.size} {code.size}" role="img" shape-rendering="crispEdges"><title>{title}</title>'
        f'<path fill="#fff" d="M0 0h{code.size}v{code.size}H0z"/><path d="{path}"/></svg>'
    )


def _next(language: Language) -> str:
    return (
        f'<section class="next" aria-live="polite"><div class="head">{escape(say(language, "next"))}</div>'
        '<div class="what" dir="auto"></div><div class="meta"></div><div class="left"></div>'
        f'<div class="acts"><button>✓ {_word(language, "tick")}</button>'
        f'<a href="#">{_word(language, "open")}</a></div></section>'
    )


def _row(seq: int, stop: SheetStop, language: Language) -> str:
    at = f"{stop.lat:.6f},{stop.lon:.6f}"
    other = "" if stop.kind is Kind.BIN else ' class="other"'
    number = str(stop.number or "")
    if stop.kind is Kind.BIN:
        title = f'<bdi class="title">{escape(stop.title)}</bdi>'
        told = [f"<bdi>{escape(stop.ref)}</bdi>"] if stop.ref != stop.title else []
        told += [_word(language, f"stream.{stop.stream}")] if stop.stream else []
        told += [] if stop.fill is None else [f'<bdi dir="ltr">{say_share(language, stop.fill)}</bdi>']
        told += [f"<bdi>{escape(stop.notes)}</bdi>"] if stop.notes else []
    else:
        name = f" · <bdi>{escape(stop.name)}</bdi>" if stop.name else ""
        title = f'<span class="title">{_word(language, stop.kind)}{name}</span>'
        told = [f'{_word(language, "until")} <bdi dir="ltr">{stop.leaves_at:%H:%M}</bdi>']
        told += [f'<bdi dir="ltr">+{say_number(language, stop.charged_kwh)} kWh</bdi>'] if stop.charged_kwh else []
        told = told if stop.kind in (Kind.BREAK, Kind.TIP, Kind.CHARGE) else []
    small = f'<span class="small">{" · ".join(told)}</span>'
    return (
        f'<li{other} data-seq="{seq}" data-number="{number}" data-at="{at}"><label><input type="checkbox">'
        f'<span class="n">{number}</span><time dir="ltr">{stop.arrives_at:%H:%M}</time>'
        f'<span class="who">{title}{small}</span></label></li>\n'
    )


def _map(sheet: Sheet, streets: Sequence[Street]) -> str:
    window = frame(sheet, MAP_WIDTH, MAP_HEIGHT)
    by_rank: dict[int, list[str]] = {}
    for rank, drawn in draw_streets(window, streets):
        by_rank.setdefault(min(rank, 3), []).append(_path(drawn))
    shapes = [
        f'<path d="{"".join(paths)}" fill="none" stroke="{STREETS[rank][0]}" stroke-width="{STREETS[rank][1]}"/>'
        for rank, paths in sorted(by_rank.items())
    ]
    way = draw_line(window, sheet.line, 1.0)
    if len(way) > 1:
        shapes.append(f'<path d="{_path(way)}" fill="none" stroke="#c81e1e" stroke-width="5" stroke-linejoin="round"/>')
    shapes += [
        f'<path d="M9 0L-7 -7L-7 7z" fill="#c81e1e"'
        f' transform="translate({x:.0f} {y:.0f}) rotate({degrees(angle):.0f})"/>'
        for x, y, angle in draw_arrows(way, 90.0)
    ]
    shapes += [_place(window, stop) for stop in sheet.stops if stop.kind in PLACES]
    for pin in draw_pins(window, sheet.stops, PIN, PIN_LETTER):
        shapes.append(
            f'<g class="pin" data-numbers="{" ".join(map(str, pin.stops))}">'
            f'<rect x="{pin.x - pin.width / 2:.0f}" y="{pin.y - PIN / 2:.0f}" width="{pin.width:.0f}"'
            f' height="{PIN:.0f}" rx="14" fill="#fff" stroke="#c81e1e" stroke-width="2.5"/>'
            f'<text x="{pin.x:.0f}" y="{pin.y + 7:.0f}" font-size="19" font-weight="700" text-anchor="middle"'
            ' font-family="sans-serif">'
            f"{escape(pin.label)}</text></g>"
        )
    return f'<svg class="map" viewBox="0 0 {MAP_WIDTH:.0f} {MAP_HEIGHT:.0f}" direction="ltr">{"".join(shapes)}</svg>'


def _path(drawn: Sequence[Point]) -> str:
    """Whole units, each step from the one before: a third of the length of plain coordinates."""
    points = [(round(x), round(y)) for x, y in drawn]
    steps = [f"M{points[0][0]} {points[0][1]}"]
    before = points[0]
    for point in points[1:]:
        if point != before:
            steps.append(f"l{point[0] - before[0]} {point[1] - before[1]}")
            before = point
    return "".join(steps)


def _place(window: Window, stop: SheetStop) -> str:
    x, y = window.place(stop.lat, stop.lon)
    shape = {
        Kind.DEPART: "M-15 -15h30v30h-30z",
        Kind.TIP: "M0 -18L17 13L-17 13z",
        Kind.CHARGE: "M0 -18L18 0L0 18L-18 0z",
    }
    return (
        f'<path d="{shape[stop.kind]}" transform="translate({x:.0f} {y:.0f})"'
        ' fill="#143c8c" stroke="#fff" stroke-width="3"/>'
    )
