"""Edits of a plan in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.i18n import N_, _

EDIT_WORDS = {
    "move": N_("move {bin} to {truck}"),
    "add": N_("add {bin}"),
    "drop": N_("leave {bin} out"),
    "lock": N_("lock {bin} {truck}"),
    "unlock": N_("unlock {bin} {truck}"),
    "swap": N_("swap {one} and {other}"),
    "start": N_("start of {truck}"),
    "split": N_("split {truck} at {bin}, the rest to {other}"),
    "improve": N_("improve around the locks"),
    "begin": N_("begin to shape"),
    "undo": N_("take back"),
    "redo": N_("do again"),
}


def tell_edit(kind: str, args: Mapping[str, Any]) -> str:
    """An edit in a few words."""
    known = {name: "" if value is None else value for name, value in args.items()}
    words = _(EDIT_WORDS.get(kind, kind)).format_map(_Blank(known))
    return " ".join(words.split())


class _Blank(dict[str, object]):
    """Fields of an edit; one that is not named reads as nothing."""

    def __missing__(self, _name: str) -> str:
        return ""
