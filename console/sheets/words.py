"""The words on a sheet, in the crew's language: it need not be the one the console speaks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from console.sheets.values import Language

_TABLE: Final[Mapping[str, tuple[str, str, str]]] = {
    # key: French, Arabic, English
    "sheet": ("Feuille de route", "ورقة الطريق", "Route sheet"),
    "truck": ("Camion", "الشاحنة", "Truck"),
    "plan": ("Plan", "المخطط", "Plan"),
    "draft": ("BROUILLON", "مسودة", "DRAFT"),
    "departs": ("Départ", "الانطلاق", "Departs"),
    "returns": ("Retour", "العودة", "Returns"),
    "bins": ("Bacs", "الحاويات", "Bins"),
    "distance": ("Distance", "المسافة", "Distance"),
    "load": ("Charge", "الحمولة", "Load"),
    "tips": ("Vidages", "مرات التفريغ", "Tips"),
    "battery": ("Batterie au départ", "البطارية عند الانطلاق", "Battery at departure"),
    "energy": ("Énergie prévue", "الطاقة المتوقعة", "Energy expected"),
    "overtime": ("Heures sup.", "ساعات إضافية", "Overtime"),
    "order": ("N°", "رقم", "No."),
    "time": ("Heure", "الوقت", "Time"),
    "address": ("Adresse", "العنوان", "Address"),
    "bin": ("Bac", "الحاوية", "Bin"),
    "stream": ("Flux", "النوع", "Stream"),
    "fill": ("Rempl.", "الامتلاء", "Fill"),
    "remarks": ("Remarques", "ملاحظات", "Remarks"),
    "depot": ("Dépôt", "المستودع", "Depot"),
    "depart": ("Départ du dépôt", "الانطلاق من المستودع", "Leave the depot"),
    "tip": ("Vidage", "التفريغ", "Tip"),
    "break": ("Pause", "استراحة", "Break"),
    "charge": ("Recharge", "الشحن", "Charge"),
    "return": ("Retour au dépôt", "العودة إلى المستودع", "Back to the depot"),
    "until": ("jusqu'à", "إلى غاية", "until"),
    "page": ("page", "صفحة", "page"),
    "next": ("Prochain arrêt", "المحطة التالية", "Next stop"),
    "done": ("Tournée terminée", "انتهت الجولة", "Round finished"),
    "tick": ("Fait", "تم", "Done"),
    "undo": ("Décocher", "إلغاء", "Untick"),
    "open": ("Ouvrir dans la carte", "فتح في الخريطة", "Open in a map app"),
    "left": ("restants", "متبقية", "left"),
    "signature": ("Signature du chef d'équipe", "توقيع رئيس الفريق", "Crew leader's signature"),
    "stream.mixed": ("mélangé", "مختلط", "mixed"),
    "stream.residual": ("résiduel", "متبقي", "residual"),
    "stream.recycling": ("recyclable", "قابل للتدوير", "recycling"),
    "stream.paper": ("papier", "ورق", "paper"),
    "stream.glass": ("verre", "زجاج", "glass"),
    "stream.organic": ("organique", "عضوي", "organic"),
    "stream.plastic": ("plastique", "بلاستيك", "plastic"),
    "stream.packaging": ("emballages", "تغليف", "packaging"),
    "stream.textile": ("textile", "نسيج", "textile"),
    "stream.metal": ("métal", "معادن", "metal"),
    "stream.green": ("vert", "نباتي", "green"),
}
_COLUMN: Final[Mapping[Language, int]] = {"fr": 0, "ar": 1, "en": 2}
_LOCALE: Final[Mapping[Language, str]] = {"fr": "fr", "ar": "ar_MA", "en": "en_GB"}


def say(language: Language, key: str) -> str:
    """A word of the sheet; a key without one (a stream of the city's own) stands as it is."""
    row = _TABLE.get(key)
    return row[_COLUMN[language]] if row else key.rpartition(".")[2]


def say_day(language: Language, day: date) -> str:
    """The day in full, with its weekday."""
    from babel.dates import format_date

    return format_date(day, "EEEE d MMMM y", _LOCALE[language])


def say_number(language: Language, value: float, digits: int = 0) -> str:
    """A figure with the language's decimal mark; digits are Latin everywhere, as in Morocco."""
    text = f"{value:,.{digits}f}"
    if language == "en":
        return text
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")


def say_share(language: Language, share: float) -> str:
    """A share of one in percent."""
    return f"{share * 100:.0f}\N{NARROW NO-BREAK SPACE}%" if language == "fr" else f"{share:.0%}"


def words(language: Language) -> dict[str, str]:
    """Every word of a language, by key."""
    return {key: row[_COLUMN[language]] for key, row in _TABLE.items()}
