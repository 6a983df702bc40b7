"""An A4 page in French, Arabic or English: one font for all scripts, shaped, in order, and mirrored for Arabic."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.enums import TextDirection
from fpdf.fonts import TTFFont

from console.sheets.order import order_runs, runs_left
from console.sheets.values import Language

FONTS: Final = Path(__file__).parent / "fonts"
FONT: Final = "dejavu"
WIDTH, HEIGHT, EDGE = 210.0, 297.0, 10.0
"""Of the page, and what stays white around it, in mm."""
INNER = WIDTH - 2 * EDGE
ELLIPSIS = "…"
POINT_MM = 0.3528


class Paper(FPDF):
    """A4 upright in mm. `put` and `box` take x from the side where a line of the language begins.

    DejaVu Sans holds Latin and Arabic; a second font for one of them would break lines that mix both. The same pages
    made twice are the same bytes: the date in the file is the one given, not today's.
    """

    def __init__(self, language: Language, made_at: datetime) -> None:
        super().__init__(format="A4", unit="mm")
        self.language = language
        self.rtl = language == "ar"
        self.set_margin(0)
        self.set_auto_page_break(auto=False)
        self.c_margin = 0
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_text_shaping(use_shaping_engine=True, direction="ltr")
        self._widths: dict[tuple[str, str, bool], float] = {}
        self.set_creation_date(made_at)
        self.set_lang({"fr": "fr-FR", "ar": "ar-MA", "en": "en-GB"}[language])
        self.set_producer("binwatt")

    def finish(self) -> bytes:
        """The file. The fonts are closed: nothing can be drawn after."""
        body = bytes(self.output())
        self.shut()
        return body

    def shut(self) -> None:
        """Close the font files, which fpdf2 reads piece by piece and leaves open."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def side(self, x: float, width: float = 0.0) -> float:
        """Where a box begins from the left, if it begins `x` from the side the language begins on."""
        return WIDTH - x - width if self.rtl else x

    def put(
        self,
        x: float,
        y: float,
        width: float,
        text: str,
        *,
        size: float = 9.0,
        bold: bool = False,
        grey: int = 0,
        align: Literal["start", "middle", "end"] = "start",
        part_of: str = "",
    ) -> None:
        """One line of text in a box; what does not fit ends in an ellipsis.

        It is read as its own first letter says, or that of the text it is `part_of`: a French address stays one on an
        Arabic sheet. `align` is of the sheet.
        """
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(grey)
        text = self.cut(text, width)
        pieces = [
            (piece, leftwards, self.measure(piece, leftwards=leftwards))
            for piece, leftwards in order_runs(text, leftwards=runs_left(part_of or text, otherwise=self.rtl))
        ]
        free = width - sum(length for _, _, length in pieces)
        at_right = (align == "end") != self.rtl
        left = self.side(x, width) + (free / 2 if align == "middle" else free if at_right else 0.0)
        for piece, leftwards, length in pieces:
            self.set_text_shaping(use_shaping_engine=True, direction="rtl" if leftwards else "ltr")
            self.set_xy(left, y)
            self.cell(length, size * POINT_MM * 1.25, piece)
            left += length

    def measure(self, text: str, *, leftwards: bool = False) -> float:
        """Width of a text of one direction in the font in force, in mm.

        fpdf2's own answer works out the order of the whole line each time; here a piece is shaped once.
        """
        key = (self.font_style, text, leftwards)
        known = self._widths.get(key)
        if known is None:
            direction = TextDirection.RTL if leftwards else TextDirection.LTR
            shaping = {**(self.text_shaping or {}), "fragment_direction": direction, "paragraph_direction": direction}
            font = self.current_font
            assert isinstance(font, TTFFont)
            known = self._widths[key] = font.get_text_width(text, 1.0, shaping)[1]
        return known * self.font_size

    def measure_line(self, text: str) -> float:
        """Width of a text of any scripts: that of its words, and of the spaces between them."""
        words = text.split(" ")
        wide = sum(self.measure(word, leftwards=runs_left(word, otherwise=False)) for word in words)
        return wide + (len(words) - 1) * self.measure(" ")

    def box(self, x: float, y: float, width: float, height: float, *, fill: int | None = None) -> None:
        """A rectangle: its outline, or filled with a grey of 0 to 255."""
        if fill is None:
            self.rect(self.side(x, width), y, width, height)
        else:
            self.set_fill_color(fill)
            self.rect(self.side(x, width), y, width, height, style="F")

    def cut(self, text: str, width: float) -> str:
        """As much of a text as fits in the font in force."""
        if self.measure_line(text) <= width:
            return text
        least, most = 0, len(text)
        while least < most:
            middle = (least + most + 1) // 2
            if self.measure_line(text[:middle].rstrip() + ELLIPSIS) <= width:
                least = middle
            else:
                most = middle - 1
        return text[:least].rstrip() + ELLIPSIS

    def wrap(self, text: str, width: float, *, size: float, bold: bool = False, most: int = 2) -> list[str]:
        """A text in at most so many lines, broken between words; the last one is cut by `put` if it is too long.

        Broken by us and in logical order, so that every line is shaped and put in order by itself.
        """
        self.set_font(FONT, "B" if bold else "", size)
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and (len(lines) == most or self.measure_line(longer) <= width):
                lines[-1] = longer
            else:
                lines.append(word)
        return lines
