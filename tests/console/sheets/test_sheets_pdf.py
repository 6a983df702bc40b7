"""The printed sheet: what can be read back from it, how it is shaped, how long it takes."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from io import BytesIO

import pytest
from fpdf import FPDF
from pypdf import PdfReader

from console.sheets.order import order_runs, runs_left
from console.sheets.paper import FONT, INNER, Paper
from console.sheets.pdf import draw_sheet


def read(body: bytes) -> tuple[list[str], PdfReader]:
    pdf = PdfReader(BytesIO(body))
    return [page.extract_text() for page in pdf.pages], pdf


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Feuille de route", "Camion BK-03", "mardi 24 novembre 2026", "42,4 km", "Batterie", "84 kWh (52")),
        ("en", ("Route sheet", "Truck BK-03", "Tuesday 24 November 2026", "42.4 km", "84 kWh (52%)", "Break")),
    ],
)
def test_a_sheet_says_its_truck_its_day_and_its_figures(sheet, streets, language, words):
    """What the crew looks for is text in the file, in its language."""
    pages, _ = read(draw_sheet(sheet, streets, language))
    for word in words:
        assert word in pages[0].replace("\xa0", " ") + pages[1], word


def test_every_stop_is_listed_once_and_in_order(sheet, streets):
    """Bins come in the order of the round, with their time, address and expected fill."""
    pages, _ = read(draw_sheet(sheet, streets, "fr"))
    text = "\n".join(pages)
    found = re.findall(r"BK-\d{4}", text)
    assert found == [stop.ref for stop in sheet.stops if stop.number]
    assert "06:24" in text
    assert "12, avenue Mohammed V" in text


def test_long_rounds_go_on_with_a_heading_and_the_page_s_number(make_sheet, streets):
    """Fifty stops are three pages; each says whose it is and which of how many."""
    pages, _ = read(draw_sheet(make_sheet(50), streets, "fr"))
    assert len(pages) == 3
    assert all("BK-03" in page and f"page {number}/3" in page for number, page in enumerate(pages, 1))


def test_arabic_is_joined_and_runs_to_the_left(sheet, streets):
    """Glyphs are those of the letters' joined forms, and the page begins at the right."""
    body = draw_sheet(sheet, streets, "ar")
    text = "".join(read(body)[0])
    assert re.search("[\u0621-\u064a]{3,}", text)
    paper = Paper("ar", sheet.made_at)
    paper.add_page()
    paper.set_font(FONT, "", 10)
    joined = {glyph["mapped_char"] for glyph in shape(paper, "محمد", "rtl")}
    alone = {glyph["mapped_char"] for glyph in shape(paper, "م", "rtl")}
    paper.shut()
    assert not joined & alone, "a letter within a word has another form than the same letter alone"
    assert paper.side(10, 30) == 170


def shape(paper: FPDF, text: str, direction: str) -> list[dict[str, int]]:
    paper.set_text_shaping(use_shaping_engine=True, direction=direction)
    return paper.fonts[FONT].shape_text(text, 10, paper.text_shaping)


@pytest.mark.parametrize(
    ("text", "leftwards", "drawn"),
    [
        ("12, avenue Mohammed V", False, [("12, avenue Mohammed V", False)]),
        ("Rue — زنقة 14, souk", False, [("Rue — ", False), ("14", False), ("زنقة ", True), (", souk", False)]),
        ("حي 7 قرب Rue A", True, [("Rue A", False), (" قرب ", True), ("7", False), ("حي ", True)]),
        ("", True, []),
    ],
)
def test_lines_of_two_scripts_are_drawn_in_visual_order(text, leftwards, drawn):
    """A number after Arabic stands left of it; Latin within Arabic is read rightwards (UAX 9)."""
    assert order_runs(text, leftwards=leftwards) == drawn


def test_a_line_is_read_as_its_first_letter_says():
    """A French address stays one on an Arabic sheet, and a figure follows the sheet."""
    assert not runs_left("12, avenue Mohammed V", otherwise=True)
    assert runs_left("14 زنقة", otherwise=False)
    assert runs_left("61 %", otherwise=True)


def test_what_does_not_fit_is_cut_and_what_is_long_is_wrapped(sheet):
    """No text leaves its column."""
    paper = Paper("fr", sheet.made_at)
    paper.add_page()
    lines = paper.wrap("un deux trois quatre cinq six sept huit neuf dix onze douze", 30, size=8, most=2)
    assert len(lines) == 2
    assert paper.get_string_width(lines[0]) <= 30
    for text in ("12, avenue Mohammed V", "شارع محمد الخامس، حي السلام", "Rue — زنقة المسجد 14, près"):
        assert paper.measure_line(text) == pytest.approx(paper.get_string_width(text), rel=0.02)
    cut = paper.cut("x" * 400, INNER)
    assert cut.endswith("…")
    assert paper.get_string_width(cut) <= INNER
    paper.shut()


def test_the_same_plan_gives_the_same_bytes(sheet, streets):
    """Printed twice a sheet is one file: nothing in it is of today."""
    assert draw_sheet(sheet, streets, "ar") == draw_sheet(sheet, streets, "ar")


def test_a_draft_says_that_it_is_one(make_sheet):
    """A sheet of a plan nobody published cannot be taken for a published one."""
    assert "BROUILLON" in read(draw_sheet(make_sheet(3, state="draft"), (), "fr"))[0][0]
    assert "BROUILLON" not in read(draw_sheet(make_sheet(3), (), "fr"))[0][0]


def test_fifty_stops_are_drawn_in_time(make_sheet, streets):
    """Under 1.5 s of CPU with a map of thousands of streets."""
    many = streets * 40
    start = time.process_time()
    draw_sheet(make_sheet(50), many, "fr")
    assert time.process_time() - start < 1.5


def test_a_round_without_geometry_or_stops_is_still_a_page(make_sheet):
    """Nothing to draw is no error."""
    bare = replace(make_sheet(1), stops=(), line=(), target_kwh=None)
    assert len(read(draw_sheet(bare, (), "fr"))[0]) == 1
