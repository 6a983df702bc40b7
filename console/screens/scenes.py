"""From the View to what the map shows."""

from __future__ import annotations

from console.view import PlanView, View
from console.widgets.scene import Line, Look, Mark, Scene

AT_HOME = frozenset({"parked", "plugged"})
ORDER: dict[Look, int] = {"low": 0, "blind": 1, "half": 2, "high": 3, "over": 4}
"""Bins that matter more are drawn over those that matter less."""


def city_scene(view: View) -> Scene:
    """Bins, places, stations, trucks under way and the routes of the plan on the table."""
    marks = [Mark(tin.bin_id, tin.lat, tin.lon, tin.state(view.now)) for tin in view.bins.values()]
    marks.sort(key=lambda mark: ORDER[mark.look])
    marks += [Mark(place.place_id, place.lat, place.lon, "tip") for place in view.places.values() if place.is_disposal]
    stations = [
        Mark(station.station_id, station.lat, station.lon, "fault" if station.faulted else "station")
        for station in view.stations.values()
        if station.lat is not None and station.lon is not None
    ]
    marks += [mark for mark in stations if mark.look == "station"]
    marks += [Mark(place.place_id, place.lat, place.lon, "depot") for place in view.places.values() if place.is_depot]
    marks += [mark for mark in stations if mark.look == "fault"]
    marks += [
        Mark(truck.truck_id, truck.lat, truck.lon, "truck")
        for truck in view.trucks.values()
        if truck.lat is not None and truck.lon is not None and truck.activity not in AT_HOME
    ]
    return Scene(tuple(marks), lines_of(view.plan))


def lines_of(plan: PlanView | None) -> tuple[Line, ...]:
    """The routes of a plan that may still be driven."""
    if plan is None or plan.state not in {"draft", "published"}:
        return ()
    return tuple(Line(route.truck_id, route.line, number) for number, route in enumerate(plan.routes))
