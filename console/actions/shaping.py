"""When the plan can be shaped by hand, and why not."""

from __future__ import annotations

from console.actions.values import Selection
from console.i18n import _
from console.view import View


def may_shape(view: View, _at: Selection) -> str | None:
    plan = view.plan
    if plan is None:
        return _("there is no plan yet")
    if plan.state not in {"draft", "published"}:
        return _("plan {number} is {state}").format(number=plan.plan_id, state=_(plan.state))
    return None


def needs_stop(view: View, at: Selection) -> str | None:
    reason = may_shape(view, at)
    if reason:
        return reason
    return None if at.bin_id and at.truck_id else _("no bin of a route is selected")


def needs_left(view: View, at: Selection) -> str | None:
    reason = may_shape(view, at)
    if reason:
        return reason
    return None if at.bin_id and not at.truck_id else _("no bin left is selected; v shows them")


def needs_route(view: View, at: Selection) -> str | None:
    return may_shape(view, at) or (None if at.truck_id else _("no route is selected"))


def needs_other_truck(view: View, at: Selection) -> str | None:
    reason = needs_route(view, at)
    return reason or (None if len(view.trucks) > 1 else _("there is only one truck"))


def needs_other_and_stop(view: View, at: Selection) -> str | None:
    return needs_stop(view, at) or needs_other_truck(view, at)


def may_undo(view: View, at: Selection) -> str | None:
    reason = may_shape(view, at)
    return reason or (None if view.plan and view.plan.edits else _("there is nothing to take back"))


def may_redo(view: View, at: Selection) -> str | None:
    reason = may_shape(view, at)
    return reason or (None if view.plan and view.plan.undone else _("there is nothing to do again"))


def needs_plan(view: View, _at: Selection) -> str | None:
    return None if view.plan else _("there is no plan yet")
