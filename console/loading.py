"""The store as a View: what the console reads once, before it follows the tail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.view import (
    AlarmView,
    BinView,
    DepotView,
    EvseView,
    LeftView,
    NeedView,
    OrderView,
    PlaceView,
    PlanView,
    RouteView,
    RuleView,
    StationView,
    StopView,
    TransactionView,
    TruckView,
    View,
)
from console.view.charging import power_step, read_groups
from console.view.fold import KEEP_EVENTS, KEEP_ORDERS, is_told
from fleet.events import Kind
from fleet.orders import STATION_KINDS
from fleet.settings import Settings
from fleet.store import WholePlan, Work
from fleet.tables import Order

if TYPE_CHECKING:
    from routing.roads import Network

NEW_PLAN = frozenset({Kind.PLAN_MADE, Kind.PLAN_EDITED, Kind.PLAN_PUBLISHED, Kind.PLAN_WITHDRAWN})
"""After these there may be another plan on the table."""
SHOWN_POWER = timedelta(hours=14)
STALE = timedelta(minutes=15)
"""A figure older than this says nothing of what is drawn now."""


def load_rules(work: Work, network: Network | None) -> dict[int, RuleView]:
    """Every rule of ours, with what the map shows of it where there is a network."""
    from console.streets import draw_rule, tell_period

    return {
        row.override_id: RuleView(
            rule_id=row.override_id,
            street=row.street,
            kind=row.kind,
            value=row.value,
            period=tell_period(row),
            why=row.why,
            who=row.who,
            active=row.active,
            begins=row.starts_on,
            ends=row.ends_on,
            lines=draw_rule(network, row) if network is not None and row.active else (),
        )
        for row in work.roads.overrides(ended=True)
        if row.override_id is not None
    }


def load_view(work: Work, settings: Settings) -> View:
    """Everything the screens show, as it stands in the store."""
    pace = work.places.pace()
    needs = {need.truck_id: need for need in reversed(work.charging.needs())}
    view = View(
        now=work.now,
        zone=settings.zone,
        city=settings.city.name,
        simulated=settings.city.simulated or pace is not None,
        speed=pace.speed if pace else None,
        bins=_load_bins(work),
        trucks=_load_trucks(work),
        places={
            row.place_id: PlaceView(
                row.place_id, row.name, row.lat, row.lon, row.is_depot, row.is_disposal, row.site_limit_kw
            )
            for row in work.places.all()
        },
        stations=_load_stations(work),
        depots=_load_depots(work),
        needs={
            row.truck_id: NeedView(
                row.truck_id, row.kwh, row.target_kwh, row.ready_by, row.soc_then, row.priority, row.delivered_kwh,
                row.state,
            )
            for row in needs.values()
        },
        orders={
            row.order_id: OrderView(
                row.order_id, row.kind, row.target, row.state, row.who, row.done_at or row.sent_at or row.ordered_at,
                row.why, row.args, row.answer, row.ordered_at, row.sent_at, row.expires_at,
            )
            for row in _load_orders(work)
            if row.order_id is not None
        },
        alarms={
            row.alarm_id: AlarmView(
                row.alarm_id, row.kind, row.subject, row.severity, row.text, row.raised_at, row.acknowledged_by or ""
            )
            for row in work.alarms.standing()
            if row.alarm_id is not None
        },
        events=tuple(event for event in work.events.newest(4 * KEEP_EVENTS) if is_told(event))[-KEEP_EVENTS:],
    )  # fmt: skip
    shortfalls = {
        short.truck_id: short
        for place in work.places.charging_sites()
        if (found := work.charging.schedule(place.place_id))
        for short in found[2]
    }
    marked = {
        truck: replace(need, shortfall_kwh=shortfalls[truck].kwh, reason=shortfalls[truck].reason)
        if truck in shortfalls
        else need
        for truck, need in view.needs.items()
    }
    return lay_plan(replace(view, needs=marked), newest_plan(work))


def lay_plan(view: View, plan: PlanView | None) -> View:
    """The view with this plan on the table; each bin learns what the plan does with it."""
    if plan is None:
        return replace(view, plan=None)
    visits = {stop.bin_id: (route.truck_id, stop) for route in plan.routes for stop in route.stops if stop.bin_id}
    left = {item.bin_id: item for item in plan.left}
    bins = {}
    for bin_id, known in view.bins.items():
        truck, stop = visits.get(bin_id, ("", None))
        item = left.get(bin_id)
        expected = stop or item
        changed = replace(
            known,
            truck_id=truck,
            left_reason=item.reason if item else "",
            expected_fill=expected.fill if expected else None,
            overflow_p=expected.overflow_p if expected else None,
        )
        bins[bin_id] = known if changed == known else changed
    return replace(view, plan=plan, bins=bins)


def plan_view(whole: WholePlan) -> PlanView:
    """A plan of the store as the screens know it."""
    plan = whole.plan
    warnings = (*plan.report.get("warnings", ()), *plan.report.get("without", ()))
    return PlanView(
        plan_id=plan.plan_id or 0,
        day=plan.day,
        state=plan.state,
        made_at=plan.made_at,
        made_by=plan.made_by,
        km=plan.km,
        hours=plan.hours,
        kwh=plan.kwh,
        kg=plan.kg,
        cost=plan.cost,
        served=plan.served,
        unserved=plan.unserved,
        solve_seconds=plan.solve_seconds,
        warnings=tuple(str(text) for text in warnings),
        version=plan.version,
        based_on=plan.based_on,
        note=plan.note,
        broken=tuple(str(text) for text in plan.report.get("broken") or ()),
        routes=tuple(
            RouteView(
                truck_id=route.truck_id,
                departs_at=route.departs_at,
                returns_at=route.returns_at,
                km=route.km,
                kwh=route.kwh,
                kg=route.kg,
                bins=route.bins,
                tips=route.tips,
                kwh_p90=route.kwh_p90,
                target_kwh=route.target_kwh,
                line=tuple((lat, lon) for lat, lon in route.line),
                stops=tuple(
                    StopView(
                        stop.seq, stop.kind, stop.lat, stop.lon, stop.arrives_at, stop.leaves_at, stop.bin_id,
                        stop.place_id, stop.km, stop.load_kg, stop.kwh, stop.fill, stop.overflow_p, stop.reason,
                        stop.why, stop.locked, stop.charged_kwh,
                    )
                    for stop in stops
                ),
                locked=route.locked,
                shift_id=route.shift_id or "",
                overtime_minutes=route.overtime_minutes,
            )
            for route, stops in whole.routes
        ),
        left=tuple(
            LeftView(row.bin_id, row.due, row.reason, row.fill, row.overflow_p, row.why) for row in whole.left
        ),
    )  # fmt: skip


def newest_plan(work: Work) -> PlanView | None:
    """The plan on the table: the one made or published last; when that was withdrawn, the one in force or a draft."""
    last = work.events.newest(1, NEW_PLAN)
    plan = work.plans.get(int(last[-1].data["plan_id"])) if last else None
    if plan is None or plan.state not in {"draft", "published"}:
        plan = work.plans.newest()
    return read_plan(work, plan.plan_id) if plan is not None and plan.plan_id is not None else None


def read_plan(work: Work, plan_id: int) -> PlanView | None:
    """One plan, and how much of it was shaped by hand."""
    whole = work.plans.whole(plan_id)
    if whole is None:
        return None
    edits = work.shaping.edits(plan_id)
    undone = sum(edit.undone for edit in edits)
    return replace(plan_view(whole), edits=len(edits) - undone, undone=undone)


def _load_orders(work: Work) -> list[Order]:
    """The newest orders, and every older one that still waits for its station."""
    newest = work.orders.newest(KEEP_ORDERS)
    seen = {row.order_id for row in newest}
    return [*(row for row in work.orders.waiting(STATION_KINDS) if row.order_id not in seen), *newest]


def _load_bins(work: Work) -> dict[str, BinView]:
    latest = work.bins.latest()
    emptied = {row.bin_id: row.emptied_at for row in work.bins.emptyings_since(work.now - timedelta(days=14))}
    bins = {}
    for row in work.bins.all():
        reading = latest.get(row.bin_id)
        bins[row.bin_id] = BinView(
            row.bin_id, row.name, row.address, row.lat, row.lon, row.stream, row.capacity_l, row.overflow_fill,
            fill=reading.fill if reading else None,
            read_at=reading.measured_at if reading else None,
            quality=reading.quality if reading else "",
            battery=reading.battery if reading else None,
            emptied_at=emptied.get(row.bin_id),
        )  # fmt: skip
    return bins


def _load_trucks(work: Work) -> dict[str, TruckView]:
    states = work.trucks.states()
    trucks = {}
    for row in work.trucks.all():
        known = TruckView(row.truck_id, row.name, battery_kwh=row.battery_kwh, id_token=row.id_token or "")
        said = states.get(row.truck_id)
        if said is not None:
            known = replace(
                known, lat=said.lat, lon=said.lon, activity=said.activity, soc=said.soc, load_kg=said.load_kg,
                at=said.at,
            )  # fmt: skip
        trucks[row.truck_id] = known
    return trucks


def _load_stations(work: Work) -> dict[str, StationView]:
    connectors = {(row.station_id, row.evse): row for row in work.stations.connectors() if row.evse}
    running = {(row.station_id, row.evse): row for row in work.charging.running()}
    meters = work.charging.newest_meter()
    profiles = {(row.station_id, row.evse): row for row in work.charging.profiles()}
    limits = {
        order.target: order.args.get("limit_kw")
        for order in work.orders.newest(KEEP_ORDERS)
        if (order.kind, order.state) == ("limit_station", "accepted")
    }
    evses: dict[str, list[EvseView]] = {}
    for row in work.stations.evses():
        at = (row.station_id, row.number)
        connector, transaction, meter, profile = connectors.get(at), running.get(at), meters.get(at), profiles.get(at)
        charge = None
        if transaction is not None and transaction.transaction_id is not None:
            charge = TransactionView(
                transaction.transaction_id, transaction.ref or "", transaction.token or "",
                transaction.truck_id or "", transaction.started_at, transaction.start_wh,
            )  # fmt: skip
        live = meter if charge is not None else None
        place = EvseView(
            row.number,
            row.max_kw,
            status=connector.status if connector else "Unavailable",
            error_code=connector.error_code if connector else "",
            info=connector.info if connector else "",
            power_kw=live.power_w / 1000 if live and live.power_w is not None else None,
            offered_kw=live.offered_w / 1000 if live and live.offered_w is not None else None,
            energy_wh=live.energy_wh if live else None,
            soc=live.soc if live else None,
            metered_at=live.measured_at if live else None,
            transaction=charge,
            profile=f"{profile.purpose} {profile.state}" if profile else "",
        )
        evses.setdefault(row.station_id, []).append(place)
    return {
        row.station_id: StationView(
            row.station_id, row.name, row.place_id, row.lat, row.lon, row.admission, row.online, row.protocol or "",
            row.vendor, row.model, row.firmware, row.max_kw, limits.get(row.station_id),
            groups=read_groups(row.groups),
            evses=tuple(evses.get(row.station_id, ())),
        )
        for row in work.stations.all()
    }  # fmt: skip


def _load_power(work: Work, place_id: str) -> tuple[tuple[datetime, float], ...]:
    """What a site's stations drew since the evening: highest of each five minutes, as `fold` goes on with it."""
    last: dict[tuple[str, int], tuple[datetime, float]] = {}
    peaks: dict[datetime, float] = {}
    for row in work.charging.meters_at(place_id, work.now - SHOWN_POWER, work.now):
        last[row.station_id, row.evse] = row.measured_at, (row.power_w or 0.0) / 1000
        total = sum(kw for at, kw in last.values() if row.measured_at - at < STALE)
        step = power_step(row.measured_at)
        peaks[step] = max(peaks.get(step, 0.0), total)
    return tuple(sorted(peaks.items()))


def _load_depots(work: Work) -> dict[str, DepotView]:
    depots = {}
    for place in work.places.charging_sites():
        found = work.charging.schedule(place.place_id)
        if found is None:
            depots[place.place_id] = DepotView(place.place_id, actual_kw=_load_power(work, place.place_id))
            continue
        schedule, powers, _shortfalls = found
        depots[place.place_id] = DepotView(
            place.place_id,
            schedule.starts_at,
            schedule.slot_minutes,
            tuple(schedule.limit_kw),
            tuple(schedule.base_kw),
            tuple(schedule.total_kw),
            schedule.peak_kw,
            schedule.why,
            tuple((row.truck_id, row.station_id, row.evse, tuple(row.kw)) for row in powers),
            _load_power(work, place.place_id),
        )
    return depots
