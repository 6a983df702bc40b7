"""The panels of a station's page: what holds its power, what it is, which parts report problems."""

from __future__ import annotations

from datetime import timedelta

from console.faults import known_faults
from console.i18n import N_, _
from console.screens.places import tell_explained
from console.station.curves import allowed_at
from console.station.values import StationFacts
from console.view import StationView, View
from console.widgets.columns import Level
from console.widgets.panel import Line, Pair, Say
from console.wording import NOTHING, ago, clock, figure

CLOCK_SECONDS = 60.0
"""A clock further off is worth looking at."""
SOON = timedelta(days=30)
"""A certificate that ends within this should be renewed."""
PURPOSE_WORDS = {
    "ChargingStationMaxProfile": N_("limit of the whole station"),
    "ChargingStationExternalConstraints": N_("limit set by others, told by the station"),
    "TxDefaultProfile": N_("default of every charge"),
    "TxProfile": N_("schedule of this charge"),
}
SECURITY_WORDS = {
    0: N_("0 nothing"),
    1: N_("1 password"),
    2: N_("2 TLS and password"),
    3: N_("3 TLS and certificate"),
}


def tell_limit(view: View, station: StationView, facts: StationFacts) -> list[Line]:
    """What it may draw now, and who or what said so."""
    holding = facts.holding
    most = Pair(_("it can"), figure(station.max_kw, "kW"))
    place = view.places.get(station.place_id) if station.place_id else None
    site: list[Line] = []
    if place is not None and place.site_limit_kw is not None:
        site.append(Pair(_("its site may"), figure(place.site_limit_kw, "kW")))
    if holding is None:
        return [Pair(_("may draw"), _("all it can")), most, *site]
    lines: list[Line] = [
        Pair(_("may draw"), figure(allowed_at(facts, view.now), "kW", 1), "warn"),
        Say(_(PURPOSE_WORDS.get(holding.purpose, holding.purpose))),
    ]
    if holding.order_id is not None:
        said = f"{holding.who} {holding.why}".strip()
        lines.append(Say(f"{said}, {clock(view, holding.at)}" if said else clock(view, holding.at), "dim",
                         f"#{holding.order_id}"))  # fmt: skip
    changes = [(at, kw) for at, kw in facts.allowed_kw if at > view.now]
    if changes:
        at, kw = changes[0]
        lines.append(Pair(_("from {time}").format(time=clock(view, at)), figure(kw, "kW", 1), "note"))
    return [*lines, most, *site]


def tell_identity(view: View, station: StationView, facts: StationFacts) -> list[Line]:
    """Who made it, what runs on it, how it proves itself, how wrong its clock is."""
    place = view.places.get(station.place_id) if station.place_id else None
    lines: list[Line] = [
        Pair(_("made by"), f"{station.vendor} {station.model}".strip() or NOTHING),
        Pair(_("serial"), facts.serial or NOTHING),
        Pair(_("firmware"), station.firmware or NOTHING),
        Pair("OCPP", station.protocol.removeprefix("ocpp") or NOTHING),
        Pair(_("heard"), _("{span} ago").format(span=ago(view, facts.last_seen_at)) if facts.last_seen_at else NOTHING),
        Pair(_("started"), clock(view, facts.booted_at)),
        _tell_clock(facts.clock_error_s),
        *_tell_security(view, facts),
    ]
    if place is not None:
        lines.append(Pair(_("stands at"), place.name))
    if station.groups:
        lines.append(Pair(_("groups"), ", ".join(station.groups)))
    if facts.fallback_kw is not None:
        lines.append(Pair(_("alone it draws"), figure(facts.fallback_kw, "kW", 1)))
    if facts.rate_unit:
        lines.append(Pair(_("takes limits in"), facts.rate_unit))
    if facts.quirks:
        lines.append(Say(", ".join(facts.quirks), "warn", _("quirks")))
    if station.admission == "parked":
        lines.append(Say(_("It is unknown here. y admits it, n refuses it."), "warn"))
    return lines


def _tell_clock(error_s: float | None) -> Line:
    if error_s is None:
        return Pair(_("clock"), NOTHING)
    wrong = abs(error_s) > CLOCK_SECONDS
    return Pair(_("clock"), f"{error_s:+.0f} s", "warn" if wrong else "plain")


def _tell_security(view: View, facts: StationFacts) -> list[Line]:
    """The security profile it is connected with, against what it must have; its certificate's end."""
    has, least = facts.connected_profile, facts.least_profile
    level: Level = "warn" if has is not None and least is not None and has < least else "plain"
    lines: list[Line] = [Pair(_("security"), _(SECURITY_WORDS[has]) if has in SECURITY_WORDS else NOTHING, level)]
    until = facts.certificate_until
    if until is not None:
        level = "plain" if until - view.now > SOON else "warn" if until > view.now else "bad"
        state = "" if facts.certificate_state == "valid" else f" ({facts.certificate_state})"
        lines.append(Pair(_("certificate until"), f"{view.local(until):%d/%m/%Y}{state}", "bad" if state else level))
    return lines


def tell_problems(view: View, station: StationView, facts: StationFacts) -> list[Line]:
    """Problems its parts reported and did not take back."""
    lines: list[Line] = []
    for one in facts.problems:
        told = known_faults().of_event(one.component, one.variable, one.tech_code, station.vendor)
        lines.append(Say(f"{one.component}.{one.variable} = {one.value} ({clock(view, one.at)})", "warn"))
        lines += tell_explained(told)
    return lines
