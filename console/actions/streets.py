"""What can be done with rules of streets: when, what is asked first, what is ordered."""

from __future__ import annotations

from collections.abc import Callable

from console.actions.values import Answers, Selection
from console.i18n import _
from console.view import View
from fleet.orders import OrderKind, Wanted


def needs_streets(view: View, _at: Selection) -> str | None:
    return None if view.streets is not None else _("no road network yet; import one with: binwatt import roads FILE")


def needs_rule(view: View, at: Selection) -> str | None:
    return None if at.rule_id in view.rules else _("no rule is selected")


def needs_standing_rule(view: View, at: Selection) -> str | None:
    if reason := needs_rule(view, at):
        return reason
    return None if view.rules[at.rule_id].active else _("this rule is ended already")


def danger_delete(view: View, at: Selection) -> str | None:
    rule = view.rules.get(at.rule_id)
    return _("Delete the rule of {street}? To end it keeps it on record.").format(street=rule.street) if rule else None


def order_rule(deed: str) -> Callable[[View, Selection, Answers], tuple[Wanted, ...]]:
    """The order to do something to the selected rule."""

    def order(_view: View, at: Selection, _answers: Answers) -> tuple[Wanted, ...]:
        return (Wanted(OrderKind.RULE_STREET, str(at.rule_id), {"do": deed}),)

    return order
