"""Why a bin is on a route or left, and which rule an edit breaks: in the operator's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from console.i18n import N_, _
from console.view import View
from console.wording import percent

WORTH_SAYING = 0.005
"""A chance below this is none in percent."""

WHY_WORDS = {
    "due": N_("due"),
    "on_the_way": N_("on the way"),
    "reported": N_("reported by a citizen"),
    "fixed_day": N_("its fixed day"),
    "by_hand": N_("put in by hand"),
    "not_needed": N_("can wait"),
    "outside": N_("outside the road network"),
    "stream": N_("no truck for this stream"),
    "site": N_("no disposal site for this stream"),
    "narrow": N_("no truck for this narrow street"),
    "too_big": N_("more than any truck can load"),
    "window": N_("outside its hours"),
    "shift": N_("shifts too short"),
    "capacity": N_("trucks are full"),
    "battery": N_("batteries too small"),
    "energy": N_("too little energy by departure"),
    "locked": N_("left out by hand"),
}
HEALTH_WORDS = {"silent": N_("sensor silent"), "stuck": N_("sensor stuck"), "new": N_("no reading yet")}
RULE_WORDS = {
    "bins": N_("bins"),
    "fleet": N_("trucks"),
    "way": N_("no way there"),
    "times": N_("times"),
    "window": N_("hours of the bin"),
    "service": N_("time at the bin"),
    "unloading": N_("unloading"),
    "hours": N_("disposal site closed"),
    "shift": N_("shift"),
    "break": N_("break"),
    "stream": N_("stream"),
    "narrow": N_("narrow street"),
    "capacity": N_("capacity"),
    "load": N_("load"),
    "empty": N_("not emptied"),
    "tips": N_("too many tips"),
    "energy": N_("energy"),
    "battery": N_("battery"),
    "charge": N_("charging"),
    "overtime": N_("overtime"),
    "locks": N_("locks"),
    "totals": N_("totals"),
    "shape": N_("route"),
}


def tell_why(view: View, why: Mapping[str, Any], reason: str) -> str:
    """The whole reason in a sentence; `reason` is what plans of older versions say."""
    if not why.get("code"):
        return reason
    words = [_(WHY_WORDS.get(str(why["code"]), str(why["code"])))]
    if "now" in why:
        words.append(
            _("{now} now, {then} when it would be emptied (at most {most})").format(
                now=percent(why.get("now")), then=percent(why.get("then")), most=percent(why.get("q90"))
            )
        )
    by = _local(view, why.get("by"))
    if by and why.get("p") is not None:
        words.append(_("overflows by {time}: {chance}").format(time=by, chance=percent(why["p"])))
    if float(why.get("early") or 0.0) >= WORTH_SAYING:
        words.append(_("before it would be emptied: {chance}").format(chance=percent(why["early"])))
    health = HEALTH_WORDS.get(str(why.get("health")))
    if health:
        words.append(_(health))
    if why.get("text"):
        words.append(f"« {why['text']} »")
    return "; ".join(words)


def tell_short(why: Mapping[str, Any], reason: str) -> str:
    """The reason in a word or two, for a column."""
    code = str(why.get("code") or "")
    return _(WHY_WORDS.get(code, code)) if code else reason


def tell_rule(rule: str) -> str:
    """A rule of the checker."""
    return _(RULE_WORDS.get(rule, rule))


def _local(view: View, text: object) -> str:
    if not isinstance(text, str):
        return ""
    try:
        at = view.local(datetime.fromisoformat(text))
    except ValueError:
        return ""
    return f"{at:%d/%m %H:%M}"
