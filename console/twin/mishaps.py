"""The night's faults, as they befall stations. Those of sensors and trucks are lived by sensors and trucks."""

from __future__ import annotations

from chargers.twin.pacing import Pacing
from chargers.twin.yard import Yard
from console.twin.depot import EVSE, Depot
from fleet.twin.faults import Fault, FaultKind

OF_STATIONS: frozenset[FaultKind] = frozenset({"station faulted", "line dropped", "cable unplugged"})


async def suffer(fault: Fault, yard: Yard, depot: Depot, pacing: Pacing) -> None:
    """Wait for a fault, have it befall its station, and mend it. One that is over already never was."""
    if fault.ends <= pacing.now():
        return
    await pacing.until(fault.starts)
    begin(fault, yard, depot, (fault.ends - pacing.now()).total_seconds())
    await pacing.until(fault.ends)
    match fault.kind:
        case "station faulted":
            yard[fault.subject].clear_fault(EVSE)
        case "cable unplugged":
            depot.push_cable(fault.subject)


def begin(fault: Fault, yard: Yard, depot: Depot, seconds: float) -> None:
    """A fault befalls its station, for so many of the clock's seconds."""
    match fault.kind:
        case "station faulted":
            yard[fault.subject].set_fault(EVSE, fault.detail)
        case "line dropped":
            yard[fault.subject].drop_line(seconds)
        case "cable unplugged":
            depot.pull_cable(fault.subject)
