"""The catalogues: complete, with the same placeholders, with the plural forms GNU gives."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.extract import extract_from_dir

from console import i18n
from console.errors import LanguageUnknown
from console.faults import known_faults

CONSOLE = Path(i18n.__file__).parent
WORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
ARABIC_PLURALS = [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 4), (99, 4), (100, 5), (102, 5), (103, 3), (111, 4)]


@pytest.fixture(autouse=True)
def _english():
    yield
    i18n.use("en")


def in_code() -> set[str | tuple[str, str]]:
    """Every text the code asks a translation for."""
    found = extract_from_dir(str(CONSOLE), method_map=[("**.py", "python")], keywords=WORDS)
    return {message for _file, _line, message, _comments, _context in found} | known_faults().texts()


def catalogue(code: str):
    with i18n.catalogue_path(code).open("rb") as source:
        return pofile.read_po(source)


def fields(text: str) -> list[str]:
    """Placeholders with their formats, in any order."""
    return sorted(f"{name}:{spec}" for _text, name, spec, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_every_catalogue_holds_exactly_the_texts_of_the_code(code):
    """A text without a translation, and a translation without a text, both fail."""
    known = {message.id for message in catalogue(code) if message.id}
    assert known == in_code()


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_every_translation_is_there_with_the_same_placeholders(code):
    """No translation is empty, and none loses, adds or renames a field."""
    for message in catalogue(code):
        if not message.id:
            continue
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple) else (message.string,)
        for target in targets:
            assert target, message.id
            assert fields(target) == fields(sources[0]), message.id


@pytest.mark.parametrize("code", ["fr", "ar"])
def test_texts_are_translated_not_copied(code):
    """All but a few words that are the same in both languages differ from English."""
    same = [m.id for m in catalogue(code) if m.id and m.id == m.string and re.search(r"[a-z]{4}", m.id)]
    assert len(same) < 12, same


@pytest.mark.parametrize(("n", "form"), ARABIC_PLURALS)
def test_arabic_plurals_follow_gnu(n, form):
    """Arabic has six forms, chosen as GNU gettext chooses, not as Babel would by default."""
    forms = next(m.string for m in catalogue("ar") if m.id == ("{n} truck", "{n} trucks"))
    i18n.use("ar")
    assert i18n.ngettext("{n} truck", "{n} trucks", n) == forms[form]


@pytest.mark.parametrize(
    ("code", "n", "said"), [("en", 1, "1 bin"), ("en", 0, "0 bins"), ("fr", 0, "0 bac"), ("fr", 2, "2 bacs")]
)
def test_english_and_french_count_as_they_do(code, n, said):
    """French says nought in the singular, English in the plural."""
    i18n.use(code)
    assert i18n.ngettext("{n} bin", "{n} bins", n).format(n=n) == said


def test_an_unknown_language_names_those_there_are():
    """A wrong code is one line with the mend."""
    with pytest.raises(LanguageUnknown, match="no catalogue for 'de'; there are en, fr, ar"):
        i18n.use("de")
    assert i18n.language() == "en"


def test_no_text_hides_inside_an_f_string():
    """Extraction tools do not look inside f-strings, so a literal text there would never be translated."""
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
                hidden = [
                    call
                    for call in calls
                    if isinstance(call.func, ast.Name)
                    and call.func.id in WORDS
                    and any(isinstance(word, ast.Constant) for word in call.args)
                ]
                assert not hidden, f"{path.name}:{node.lineno}"
