"""Needs over the night: known exactly when the truck is plugged, closed when it leaves."""

from __future__ import annotations

from chargers.night.scene import Scene
from fleet.store import Work

TOLERANCE = 0.02
"""Of the battery: what telematics may be behind the truth."""


def settle_needs(work: Work, scene: Scene) -> bool:
    """A truck that came home since its need was stated needs what its battery lacks now; True when any need changed."""
    changed = False
    for name, need in scene.needs.items():
        outlet = scene.plugged.get(name)
        transaction = scene.bays[outlet].transaction if outlet is not None else None
        battery, soc = scene.trucks[name].battery_kwh, scene.soc.get(name)
        if transaction is None or transaction.started_at <= need.made_at or battery is None or soc is None:
            continue
        work.charging.restate_need(need, kwh=max(0.0, need.target_kwh - soc * battery), soc=soc)
        changed = True
    if changed:
        work.charging.tell_needs("depot")
    return changed


def close_needs(work: Work) -> None:
    """Needs whose departure has come: met, or missed."""
    trucks = {row.truck_id: row for row in work.trucks.all()}
    states = work.trucks.states()
    for need in work.charging.needs():
        if need.ready_by > work.now:
            continue
        battery = trucks[need.truck_id].battery_kwh if need.truck_id in trucks else None
        state = states.get(need.truck_id)
        soc = state.soc if state is not None else None
        if battery is None or soc is None:
            work.charging.close_need(need, met=False, delivered_kwh=0.0, soc=soc)
            continue
        met = soc >= min(1.0, need.target_kwh / battery) - TOLERANCE
        delivered = max(0.0, soc - (need.soc_then or 0.0)) * battery
        work.charging.close_need(need, met=met, delivered_kwh=delivered, soc=soc)
