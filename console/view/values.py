"""The values a View is made of. Frozen: a thing that changed is a new object, and screens repaint what is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal

from fleet.events import Event

BLIND_AFTER = timedelta(hours=26)
"""A sensor that has said nothing for longer is silent: most report at least once a day."""
HALF_FILL, HIGH_FILL = 0.5, 0.8

BinState = Literal["blind", "low", "half", "high", "over"]


@dataclass(frozen=True, slots=True)
class BinView:
    """A bin and what is known of it. `expected_fill` and `overflow_p` are what the newest plan reckoned with."""

    bin_id: str
    name: str
    address: str
    lat: float
    lon: float
    stream: str = "mixed"
    capacity_l: float = 1100.0
    overflow_fill: float = 1.0
    fill: float | None = None
    read_at: datetime | None = None
    quality: str = "ok"
    battery: float | None = None
    emptied_at: datetime | None = None
    expected_fill: float | None = None
    overflow_p: float | None = None
    truck_id: str = ""
    """Who empties it by the newest plan."""
    left_reason: str = ""
    """Why the newest plan leaves it."""

    def state(self, now: datetime) -> BinState:
        """How full it is, or that nobody knows."""
        if self.fill is None or self.read_at is None or now - self.read_at > BLIND_AFTER:
            return "blind"
        if self.fill >= self.overflow_fill:
            return "over"
        return "high" if self.fill >= HIGH_FILL else "half" if self.fill >= HALF_FILL else "low"


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule of ours for a street. `period` in the words `console.streets.read_period` reads; `lines` of its map."""

    rule_id: int
    street: str
    kind: str
    value: float | None
    period: str
    why: str
    who: str
    active: bool = True
    begins: date | None = None
    ends: date | None = None
    lines: tuple[tuple[tuple[float, float], ...], ...] = ()

    def state(self, today: date) -> Literal["holds", "comes", "over", "ended"]:
        """Whether it holds on this day, will, or did."""
        if not self.active:
            return "ended"
        if self.ends is not None and self.ends < today:
            return "over"
        return "comes" if self.begins is not None and self.begins > today else "holds"


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A depot, a disposal site, a site with a grid connection."""

    place_id: str
    name: str
    lat: float
    lon: float
    is_depot: bool = False
    is_disposal: bool = False
    site_limit_kw: float | None = None


@dataclass(frozen=True, slots=True)
class TruckView:
    """A truck as it last spoke."""

    truck_id: str
    name: str = ""
    lat: float | None = None
    lon: float | None = None
    activity: str = "parked"
    soc: float | None = None
    load_kg: float | None = None
    battery_kwh: float | None = None
    id_token: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TransactionView:
    """A charge under way."""

    transaction_id: int
    ref: str
    token: str
    truck_id: str
    started_at: datetime
    start_wh: float | None = None


@dataclass(frozen=True, slots=True)
class EvseView:
    """One place to charge, as its station last said."""

    number: int
    max_kw: float = 0.0
    status: str = "Unavailable"
    error_code: str = ""
    info: str = ""
    power_kw: float | None = None
    offered_kw: float | None = None
    energy_wh: float | None = None
    soc: float | None = None
    metered_at: datetime | None = None
    transaction: TransactionView | None = None
    profile: str = ""
    """Purpose and answer of the profile sent last."""


@dataclass(frozen=True, slots=True)
class StationView:
    """A charging station and its EVSEs in order."""

    station_id: str
    name: str = ""
    place_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    admission: str = "accepted"
    online: bool = False
    protocol: str = ""
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    max_kw: float = 0.0
    limit_kw: float | None = None
    """What a dispatcher limited it to."""
    groups: tuple[str, ...] = ()
    evses: tuple[EvseView, ...] = ()

    def evse(self, number: int) -> EvseView | None:
        """One of its EVSEs."""
        return next((evse for evse in self.evses if evse.number == number), None)

    @property
    def faulted(self) -> bool:
        """Whether one of its connectors reports a fault."""
        return any(evse.status == "Faulted" for evse in self.evses)

    @property
    def power_kw(self) -> float:
        """What it draws now, all EVSEs."""
        return sum(evse.power_kw or 0.0 for evse in self.evses)


@dataclass(frozen=True, slots=True)
class StopView:
    """One stop of a route."""

    seq: int
    kind: str
    lat: float
    lon: float
    arrives_at: datetime
    leaves_at: datetime
    bin_id: str | None = None
    place_id: str | None = None
    km: float = 0.0
    load_kg: float = 0.0
    kwh: float = 0.0
    fill: float | None = None
    overflow_p: float | None = None
    reason: str = ""
    why: Mapping[str, Any] = field(default_factory=dict)
    """Why it is on the route, as figures; see `fleet.tables.Stop.why`."""
    locked: bool = False
    charged_kwh: float = 0.0


@dataclass(frozen=True, slots=True)
class RouteView:
    """One truck's round. `line` is (lat, lon) along the streets."""

    truck_id: str
    departs_at: datetime
    returns_at: datetime
    km: float
    kwh: float
    kg: float
    bins: int
    tips: int
    kwh_p90: float = 0.0
    target_kwh: float | None = None
    line: tuple[tuple[float, float], ...] = ()
    stops: tuple[StopView, ...] = ()
    locked: bool = False
    shift_id: str = ""
    overtime_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftView:
    """A bin the plan leaves, and why. `due`: it should have been visited."""

    bin_id: str
    due: bool
    reason: str
    fill: float | None = None
    overflow_p: float | None = None
    why: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan on the table: the one in force, or the newest draft."""

    plan_id: int
    day: date
    state: str
    made_at: datetime
    made_by: str = ""
    km: float = 0.0
    hours: float = 0.0
    kwh: float = 0.0
    kg: float = 0.0
    cost: float = 0.0
    served: int = 0
    unserved: int = 0
    solve_seconds: float = 0.0
    routes: tuple[RouteView, ...] = ()
    left: tuple[LeftView, ...] = ()
    warnings: tuple[str, ...] = ()
    version: int = 1
    """Counts every change by hand."""
    based_on: int | None = None
    note: str = ""
    broken: tuple[str, ...] = ()
    """The rules it breaks after edits by hand; such a plan is not published."""
    edits: int = 0
    """How many edits by hand stand in it."""
    undone: int = 0
    """How many could be done again."""


@dataclass(frozen=True, slots=True)
class ProgressView:
    """A plan being made."""

    day: str
    phase: str = ""
    elapsed_s: float = 0.0
    seconds: float = 0.0
    cost: float | None = None
    served: int | None = None
    due: int | None = None
    failed: str = ""
    """Why there will be no plan; empty while there may be one."""


@dataclass(frozen=True, slots=True)
class NeedView:
    """What a truck must have taken in by its departure."""

    truck_id: str
    kwh: float
    target_kwh: float
    ready_by: datetime
    soc: float | None = None
    priority: float = 1.0
    delivered_kwh: float = 0.0
    state: str = "open"
    shortfall_kwh: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DepotView:
    """One site's night: limit, plan and what was drawn. Series are kW per slot from `starts_at`."""

    place_id: str
    starts_at: datetime | None = None
    slot_minutes: int = 15
    limit_kw: tuple[float, ...] = ()
    base_kw: tuple[float, ...] = ()
    planned_kw: tuple[float, ...] = ()
    peak_kw: float = 0.0
    why: str = ""
    powers: tuple[tuple[str, str, int, tuple[float, ...]], ...] = ()
    """(truck, station, evse, kW per slot)."""
    actual_kw: tuple[tuple[datetime, float], ...] = ()
    """Highest draw of the stations in each five minutes."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order and how far it is."""

    order_id: int
    kind: str
    target: str
    state: str
    who: str
    at: datetime
    why: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    ordered_at: datetime | None = None
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    """When it is no longer wanted, if it could not be sent until then."""

    @property
    def waits(self) -> bool:
        """Whether it is still to be sent: until then it can be withdrawn."""
        return self.state == "queued"


@dataclass(frozen=True, slots=True)
class AlarmView:
    """Something a person should look at."""

    alarm_id: int
    kind: str
    subject: str
    severity: str
    text: str
    raised_at: datetime
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything the screens know, at one instant."""

    now: datetime
    zone: tzinfo = UTC
    city: str = ""
    simulated: bool = False
    speed: float | None = None
    """Simulated seconds a second; 0 a pause; None real time."""
    streets: Any = None
    """The street network as `console.widgets.scene.Streets`, or None."""
    bins: Mapping[str, BinView] = field(default_factory=dict)
    trucks: Mapping[str, TruckView] = field(default_factory=dict)
    places: Mapping[str, PlaceView] = field(default_factory=dict)
    stations: Mapping[str, StationView] = field(default_factory=dict)
    depots: Mapping[str, DepotView] = field(default_factory=dict)
    needs: Mapping[str, NeedView] = field(default_factory=dict)
    plan: PlanView | None = None
    progress: ProgressView | None = None
    orders: Mapping[int, OrderView] = field(default_factory=dict)
    alarms: Mapping[int, AlarmView] = field(default_factory=dict)
    rules: Mapping[int, RuleView] = field(default_factory=dict)
    """Our own rules of streets, ended ones too."""
    events: tuple[Event, ...] = ()
    """The newest, oldest first."""

    def local(self, at: datetime) -> datetime:
        """An instant in the city's own time."""
        return at.astimezone(self.zone)
