"""The page for a phone: complete in itself, safe with any address, in three languages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from console.sheets.page import draw_page
from console.sheets.values import LANGUAGES
from console.sheets.words import words

VOID = frozenset({"meta", "input", "path", "rect", "br"})


class Outline(HTMLParser):
    """Tags in order, attributes, and whether every tag is closed."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(body.decode())

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def body(sheet, streets) -> bytes:
    return draw_page(sheet, streets, "fr")


def test_a_page_needs_nothing_but_itself(body):
    """No address is fetched: no link, image, style or script from outside, and a policy that forbids it."""
    outline = Outline(body)
    assert outline.open == []
    for tag, attributes in outline.seen:
        assert tag not in {"link", "img", "iframe"}
        assert "src" not in attributes
        assert attributes.get("href", "#") == "#"
    assert b"http://" not in body
    assert b"https://" not in body
    policy = next(found["content"] for tag, found in outline.seen if found.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_every_stop_can_be_ticked(body, sheet):
    """One tick box a stop, in order, kept under a name that changes with the round."""
    rows = [found for tag, found in Outline(body).seen if tag == "li"]
    assert [row["data-number"] for row in rows] == [str(stop.number or "") for stop in sheet.stops]
    assert [tag for tag, found in Outline(body).seen if found.get("type") == "checkbox"] == ["input"] * len(sheet.stops)
    assert f'data-key="binwatt-12-BK-03-{sheet.checksum}"'.encode() in body
    assert b"localStorage" in body


def test_addresses_cannot_break_the_page(sheet):
    """An address with markup in it is text; one that ends a script does not."""
    stop = replace(sheet.stops[1], address="</script><script>alert(1)</script>", notes='" onload="x')
    body = draw_page(replace(sheet, stops=(stop,), truck_id='T"><b>'), (), "fr")
    outline = Outline(body)
    assert sum(tag == "script" for tag, _ in outline.seen) == 2
    assert not any("onload" in found for _, found in outline.seen)
    assert "</script><script>alert(1)</script>" in "".join(outline.text)


def test_a_page_speaks_three_languages(body):
    """Every word of every language is in it, and each marked text has one."""
    spoken = json.loads(re.search(rb'id="words">(.*?)</script>', body).group(1))
    days = [spoken[code].pop("day") for code in LANGUAGES]
    assert days == ["mardi 24 novembre 2026", "الثلاثاء 24 نونبر 2026", "Tuesday 24 November 2026"]
    assert spoken == {code: words(code) for code in LANGUAGES}
    for tag, found in Outline(body).seen:
        if "data-w" in found and not found["data-w"].startswith("stream."):
            assert found["data-w"] in spoken["fr"] | {"day": ""}, tag


def test_an_arabic_page_runs_to_the_left(sheet):
    """The document says so; times and figures stay as they are."""
    body = draw_page(sheet, (), "ar").decode()
    assert '<html lang="ar" dir="rtl">' in body
    assert '<time dir="ltr">06:06</time>' in body


def test_the_map_holds_route_and_pins(body, sheet):
    """Every bin is under one pin, and the streets are drawn below the route."""
    pins = [found["data-numbers"] for tag, found in Outline(body).seen if found.get("class") == "pin"]
    assert sorted(int(number) for pin in pins for number in pin.split()) == list(range(1, sheet.bins + 1))
    text = body.decode()
    assert text.index('stroke="#dedede"') < text.index('stroke="#c81e1e"')
    assert "© OpenStreetMap contributors" in text
