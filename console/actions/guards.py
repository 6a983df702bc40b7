"""Why an action cannot be done now, and what is asked before a dangerous one."""

from __future__ import annotations

from console.actions.values import Selection
from console.i18n import _
from console.view import View


def needs_time(view: View, _at: Selection) -> str | None:
    return None if view.simulated else _("time runs by itself in a real city")


def needs_alarm(view: View, at: Selection) -> str | None:
    alarm = view.alarms.get(at.alarm_id)
    if alarm is None:
        return _("no alarm is selected")
    if alarm.acknowledged_by:
        return _("{name} acknowledged it").format(name=alarm.acknowledged_by)
    return None


def needs_bin(_view: View, at: Selection) -> str | None:
    return None if at.bin_id else _("no bin is selected")


def may_plan(view: View, _at: Selection) -> str | None:
    if view.progress is not None and not view.progress.failed:
        return _("a plan is being made")
    if not view.bins:
        return _("there are no bins; import them first: binwatt import bins FILE")
    if not view.trucks:
        return _("there are no trucks; import them first: binwatt import trucks FILE")
    return None


def may_publish(view: View, _at: Selection) -> str | None:
    if view.plan is None:
        return _("there is no plan yet")
    if view.plan.state != "draft":
        return _("plan {number} is {state}").format(number=view.plan.plan_id, state=_(view.plan.state))
    if view.plan.broken:
        return _("it breaks {n} rules: {first}").format(n=len(view.plan.broken), first=view.plan.broken[0])
    return None


def may_withdraw(view: View, _at: Selection) -> str | None:
    if view.plan is None or view.plan.state != "published":
        return _("no published plan is on the table")
    return None


def needs_station(view: View, at: Selection) -> str | None:
    station = at.station(view)
    if station is None:
        return _("no station is selected")
    if not station.online:
        return _("{station} is offline").format(station=station.station_id)
    return None


def may_start(view: View, at: Selection) -> str | None:
    reason, place = needs_station(view, at), at.place(view)
    if reason:
        return reason
    if place is None:
        return _("no EVSE is selected")
    if place.transaction:
        return _("it charges already")
    if place.status in {"Faulted", "Unavailable"}:
        return _("the EVSE is {state}").format(state=_(place.status))
    return None


def may_stop(view: View, at: Selection) -> str | None:
    reason, place = needs_station(view, at), at.place(view)
    return reason or (None if place and place.transaction else _("nothing charges here"))


def may_stop_all(view: View, _at: Selection) -> str | None:
    charging = any(evse.transaction for station in view.stations.values() for evse in station.evses)
    return None if charging else _("nothing is charging")


def may_admit(view: View, at: Selection) -> str | None:
    station = at.station(view)
    return None if station and station.admission == "parked" else _("only a parked station can be decided on")


# what is dangerous, and only then


def while_charging(view: View, at: Selection) -> bool:
    place = at.place(view)
    return bool(place and place.transaction)


def danger_reset(_view: View, at: Selection) -> str | None:
    return _("Restart {station} at once? Charges under way are cut off.").format(station=at.station_id)


def danger_unlock(view: View, at: Selection) -> str | None:
    if not while_charging(view, at):
        return None
    return _("Unlock {station} while it charges? The charge ends.").format(station=f"{at.station_id}/{at.evse}")


def danger_availability(view: View, at: Selection) -> str | None:
    place = at.place(view)
    if not while_charging(view, at) or place is None or place.status == "Unavailable":
        return None
    return _("Take {station} out of service while it charges?").format(station=f"{at.station_id}/{at.evse}")


def danger_withdraw(view: View, _at: Selection) -> str | None:
    plan = view.plan
    return _("Withdraw plan {number}? Trucks and chargers lose their work for that day.").format(
        number=plan.plan_id if plan else ""
    )


def danger_stop_all(view: View, _at: Selection) -> str | None:
    number = sum(bool(evse.transaction) for station in view.stations.values() for evse in station.evses)
    return _("Stop all charges under way ({number})? Trucks may miss their departure.").format(number=number)
