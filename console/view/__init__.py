"""What the screens draw: one frozen View of the city, and how each event changes it.

Pure: no store, no clock, no screen.
"""

from console.view.fold import fold
from console.view.values import (
    AlarmView,
    BinView,
    DepotView,
    EvseView,
    LeftView,
    NeedView,
    OrderView,
    PlaceView,
    PlanView,
    ProgressView,
    RouteView,
    RuleView,
    StationView,
    StopView,
    TransactionView,
    TruckView,
    View,
)

__all__ = [
    "AlarmView",
    "BinView",
    "DepotView",
    "EvseView",
    "LeftView",
    "NeedView",
    "OrderView",
    "PlaceView",
    "PlanView",
    "ProgressView",
    "RouteView",
    "RuleView",
    "StationView",
    "StopView",
    "TransactionView",
    "TruckView",
    "View",
    "fold",
]
