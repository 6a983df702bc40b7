"""The console's languages: gettext catalogues read from .po files, switched while the console runs.

`_("text")` and `ngettext` translate at the moment they are called, so a screen drawn again speaks the new language.
`N_("text")` only marks a text that is translated later, where a constant is built at import.
"""

from __future__ import annotations

import gettext as gnu
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from console.errors import LanguageUnknown

LANGUAGES = {"en": "English", "fr": "Français", "ar": "العربية (beta)"}
"""Code and own name of every language there is a catalogue for."""

FOLDER = Path(__file__).parent / "locale"


@dataclass(slots=True)
class _Speech:
    """The language in force and its catalogue."""

    code: str = "en"
    catalogue: gnu.NullTranslations = field(default_factory=gnu.NullTranslations)


_speech = _Speech()


def catalogue_path(code: str) -> Path:
    """Where the catalogue of a language lies."""
    return FOLDER / code / "console.po"


def use(code: str) -> None:
    """Speak `code` from now on.

    Raises LanguageUnknown when there is no catalogue for it.
    """
    if code not in LANGUAGES:
        raise LanguageUnknown(f"no catalogue for {code!r}; there are {', '.join(LANGUAGES)}")
    # The texts in the source are English: nothing to read, and nothing to import, for it.
    _speech.catalogue = gnu.NullTranslations() if code == "en" else _read(catalogue_path(code))
    _speech.code = code


def language() -> str:
    """The code of the language in force."""
    return _speech.code


def following() -> str:
    """The code of the language after the one in force."""
    codes = list(LANGUAGES)
    return codes[(codes.index(_speech.code) + 1) % len(codes)]


def _(text: str) -> str:
    """`text` in the language in force."""
    return _speech.catalogue.gettext(text) if text else ""


def ngettext(one: str, many: str, n: int) -> str:
    """`one` or `many`, as `n` asks in the language in force."""
    return _speech.catalogue.ngettext(one, many, n)


def N_(text: str) -> str:  # noqa: N802 - the name every gettext tool looks for
    """`text` as it is, marked for the catalogues."""
    return text


def _read(path: Path) -> gnu.GNUTranslations:
    from babel.messages import mofile, pofile

    with path.open("rb") as source:
        catalogue = pofile.read_po(source)
    compiled = BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    return gnu.GNUTranslations(compiled)
