"""Whole nights of a depot whose stations misbehave: what they draw together never passes the site's limit.

Stations, vehicles and profiles are the twin's, store and conductor the product's, what the central system writes its
own ledger. Only the line between them is played here, in simulated time: it loses requests and answers, drops for
minutes, and stations refuse, fall silent and reboot. The sum is that of the stations' own power at every change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest

from chargers.central import ledger
from chargers.central.ledger import End, Start
from chargers.central.limits import Limits, fit
from chargers.errors import ProfileError
from chargers.night import Policy, close_needs, conduct, pursue
from chargers.profile import fallback_profile, from_v201
from chargers.schedule import NO_MARGINS
from chargers.twin.cabinet import Cabinet
from chargers.twin.notices import Charge, Ended, Notice, Started, StopReason, TokenPresented
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from chargers.twin.variables import rate_units
from chargers.twin.wording import CLOCK_ERROR
from fleet.clock import FixedClock
from fleet.orders import OrderKind, OrderState
from fleet.store import Store, Work
from fleet.tables import ChargingNeed, Evse, IdToken, Order, Place, Station, Truck, TruckState
from fleet.twin.battery import Battery

LIMIT_KW, BASE_KW, FALLBACK_KW, MARGIN_KW = 120.0, 12.0, 5.0, 1.0
STEP = timedelta(seconds=60)
LOOK_EVERY = timedelta(minutes=15)
NIGHT = timedelta(hours=7)
POLICY = Policy(slot_minutes=15, margins=NO_MARGINS, margin_kw=MARGIN_KW, price=lambda at: 2.0 if at.hour < 22 else 1.0)
PACK = Battery(capacity_kwh=220, ac_kw=22, dc_kw=60)
MANNERS = (
    frozenset[Misbehaviour](),
    frozenset({Misbehaviour.WRONG_CLOCK}),
    frozenset({Misbehaviour.FEW_PERIODS, Misbehaviour.WATTS_ONLY}),
    frozenset({Misbehaviour.DEFAULT_AT_NEXT_START}),
    frozenset({Misbehaviour.AMPS_ONLY}),
    frozenset[Misbehaviour](),
)


@dataclass
class Line:
    """A station and the line to it: requests and messages pass, are lost, or wait for it to come back."""

    spec: StationSpec
    cabinet: Cabinet = field(init=False)
    said: list[Notice] = field(default_factory=list)
    refs: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))
    back_at: datetime | None = None
    """Until then the line is down."""
    refuses: bool = False

    def open(self, at: datetime) -> None:
        name = self.spec.identity
        self.cabinet = Cabinet(self.spec, at, self.said.append, lambda: f"{name}-{next(self.refs)}")

    def stamp(self, at: datetime) -> datetime:
        return at + CLOCK_ERROR if self.spec.shows(Misbehaviour.WRONG_CLOCK) else at


class Night:
    """A depot, its trucks and its lines, stepped through a night."""

    def __init__(self, store: Store, clock: FixedClock, seed: int, trouble: float) -> None:
        self.store, self.clock, self.random, self.trouble = store, clock, Random(seed), trouble
        self.lines = [Line(self._spec(number, manners)) for number, manners in enumerate(MANNERS, 1)]
        self.peak_kw, self.drawn_kwh, self.lost, self.stirred, self.answered = 0.0, 0.0, 0, True, False
        self.looked = clock.now() - LOOK_EVERY
        with store.begin() as work:
            self._furnish(work)
        for line in self.lines:
            line.open(clock.now())
            self._connect(line)

    @staticmethod
    def _spec(number: int, manners: frozenset[Misbehaviour]) -> StationSpec:
        evse = EvseSpec(22.0, "AC") if number in (4, 5) else EvseSpec(60.0, "DC", 1)
        return StationSpec(f"S{number}", "ocpp1.6" if number % 2 else "ocpp2.0.1", (evse,), misbehaviours=manners)

    def _furnish(self, work: Work) -> None:
        work.places.upsert(
            Place(
                place_id="depot",
                name="Depot",
                lat=34.9,
                lon=-2.3,
                is_depot=True,
                site_limit_kw=LIMIT_KW,
                base_load_kw=BASE_KW,
            )
        )
        for number, line in enumerate(self.lines, 1):
            name, evse = line.spec.identity, line.spec.evses[0]
            station = Station(
                station_id=name,
                place_id="depot",
                current=evse.current,
                phases=evse.phases,
                max_kw=evse.max_kw,
                fallback_kw=FALLBACK_KW,
            )
            work.stations.upsert(station, [Evse(station_id=name, number=1, max_kw=evse.max_kw)])
            truck = Truck(truck_id=f"T{number}", depot_id="depot", battery_kwh=220.0, id_token=f"C{number}")
            work.trucks.upsert(truck)
            work.stations.upsert_token(IdToken(token=f"C{number}", truck_id=f"T{number}"))
            away = timedelta(hours=self.random.uniform(4, 8))
            need = ChargingNeed(
                truck_id=f"T{number}", ready_by=work.now + away, target_kwh=200.0, kwh=150.0, made_at=work.now
            )
            work.session.add(need)

    # the line

    def _connect(self, line: Line) -> None:
        """A station is there (again): prepared as the central system prepares it, then it tells what it kept."""
        name, spec, now = line.spec.identity, line.spec, self.clock.now()
        line.back_at = None
        units = tuple(sorted(rate_units(spec)))
        limits = Limits(units, max_periods=line.cabinet.variables.number("ChargingScheduleMaxPeriods"))
        with self.store.begin() as work:
            ledger.connect(work, name, spec.protocol)
            ledger.learn(work, name, limits.as_columns())
            evse = spec.evses[0]
            unit = limits.unit_for(evse.current)
            line.cabinet.take_profile(
                0, fallback_profile(profile_id=1, kw=FALLBACK_KW, unit=unit, phases=evse.phases), now
            )
            ledger.note_fallback(work, name)
        line.cabinet.go_online(now)
        self.stirred = True

    def _drop(self, line: Line) -> None:
        line.cabinet.online = False
        line.back_at = self.clock.now() + timedelta(minutes=self.random.choice((2, 7, 25, 55)))
        self.lost += 1
        with self.store.begin() as work:
            ledger.disconnect(work, line.spec.identity, "the line was cut")
        self.stirred = True

    def _hear(self, line: Line) -> None:
        """What a connected station said, in order."""
        while line.cabinet.online and line.said:
            notice = line.said.pop(0)
            with self.store.begin() as work:
                match notice:
                    case TokenPresented():
                        accepted = work.tokens.judge(notice.token).status == "Accepted"
                        accepted = accepted and ledger.may_start(work, line.spec.identity)
                        line.cabinet.token_answered(notice.evse, notice.token, accepted=accepted, now=self.clock.now())
                    case Started():
                        self._start(work, line, notice.charge)
                    case Ended():
                        assert notice.charge.ref is not None
                        at = line.stamp(notice.sample.at)
                        wh = notice.sample.energy_wh
                        ledger.end_transaction(
                            work, End(line.spec.identity, notice.charge.ref, at, wh, str(notice.reason))
                        )
                        self.stirred = True

    def _start(self, work: Work, line: Line, charge: Charge) -> None:
        start = Start(
            station_id=line.spec.identity,
            evse=1,
            connector=1,
            token=charge.token,
            at=line.stamp(charge.started_at),
            wh=charge.meter_start_wh,
            ref=charge.ref,
            start_key=None if charge.ref else f"{charge.number}",
        )
        row = ledger.start_transaction(work, start)
        line.cabinet.start_answered(charge, ref=row.ref, accepted=True, now=self.clock.now())
        self.stirred = True

    def _carry(self) -> None:
        """Orders one at a time, as the central system's dispatch does: marked sent, tried, marked again."""
        lines = {line.spec.identity: line for line in self.lines}
        while True:
            with self.store.begin() as work:
                waiting = work.orders.queued([OrderKind.SET_PROFILE])
                order = next((one for one in waiting if lines[one.target].cabinet.online), None)
                if order is None:
                    return
                work.orders.mark(order, OrderState.SENT)
            line = lines[order.target]
            fate = "well" if self.random.random() >= self.trouble else self.random.choice(FATES)
            taken = fate in ("well", "answer lost", "line lost after") and not line.refuses and self._take(line, order)
            state = {
                "well": OrderState.ACCEPTED if taken else OrderState.REJECTED,
                "answer lost": OrderState.FAILED,
                "request lost": OrderState.FAILED,
                "line lost before": OrderState.QUEUED,
                "line lost after": OrderState.QUEUED,
                "refuses": OrderState.REJECTED,
            }[fate]
            with self.store.begin() as work:
                work.orders.mark(order, state, {})
            self.answered = True
            self.hold()
            if state is OrderState.QUEUED:
                self._drop(line)

    def _take(self, line: Line, order: Order) -> bool:
        with self.store.read() as work:
            station = work.stations.get(line.spec.identity)
            assert station is not None
        profile = fit(from_v201(order.args["profile"]), Limits.of(station))
        try:
            line.cabinet.take_profile(order.args["evse"], profile, self.clock.now())
        except ProfileError:
            return False
        return True

    # the night

    def play(self) -> None:
        ends = self.clock.now() + NIGHT
        arrivals = {number: self.clock.now() + STEP * self.random.randrange(90) for number in range(len(self.lines))}
        while self.clock.now() < ends:
            now = self.clock.now()
            for number, line in enumerate(self.lines):
                if arrivals.get(number, ends) <= now:
                    del arrivals[number]
                    self._plug(number, line)
                if line.back_at is not None and line.back_at <= now:
                    self._connect(line)
                self._befall(line)
                line.cabinet.advance(now)
                self._hear(line)
            self._carry()
            self.hold()
            self._look()
            self.clock.advance(STEP)

    def _plug(self, number: int, line: Line) -> None:
        soc = self.random.uniform(0.1, 0.4)
        with self.store.begin() as work:
            state = TruckState(truck_id=f"T{number + 1}", at=work.now, lat=34.9, lon=-2.3, soc=soc, activity="plugged")
            work.trucks.report(state)
        line.cabinet.plug(1, Vehicle(f"C{number + 1}", PACK, soc), self.clock.now())

    def _befall(self, line: Line) -> None:
        draw = self.random.random() / self.trouble if self.trouble else 1.0
        if draw < 0.01 and line.cabinet.online:
            self._drop(line)
        elif draw < 0.016:
            line.cabinet.reset(StopReason.HARD_RESET, self.clock.now())
        elif draw < 0.03:
            line.refuses = not line.refuses

    def _look(self) -> None:
        with self.store.begin() as work:
            site = work.places.charging_sites()[0]
            if self.stirred or self.clock.now() - self.looked >= LOOK_EVERY:
                close_needs(work)
                conduct(work, site, POLICY, "a test")
                self.stirred, self.answered, self.looked = False, False, self.clock.now()
            elif self.answered:
                pursue(work, site, POLICY, "a test")
                self.answered = False

    def hold(self) -> None:
        """The sum of what flows now, against the limit."""
        now = self.clock.now()
        powers = {}
        for line in self.lines:
            line.cabinet.advance(now)
            powers[line.spec.identity] = line.cabinet.outlets[1].power_kw(line.cabinet.limits)
        total = BASE_KW + sum(powers.values())
        self.peak_kw = max(self.peak_kw, total)
        self.drawn_kwh = sum(line.cabinet.outlets[1].meter_wh for line in self.lines) / 1000
        assert total <= LIMIT_KW + 1e-6, f"{now:%H:%M}: {total:.1f} kW above {LIMIT_KW} kW: {powers}"


FATES = ("answer lost", "request lost", "line lost before", "line lost after", "refuses")


@pytest.mark.parametrize(("trouble", "seed"), [(0.0, 0), (0.3, 1), (0.3, 2), (0.3, 4), (0.3, 5)])
def test_stations_together_stay_under_the_site_limit_all_night(
    store: Store, clock: FixedClock, trouble: float, seed: int
):
    """Whatever is lost, refused or rebooted, the stations' own power and the base load never pass the limit."""
    night = Night(store, clock, seed, trouble)
    night.play()
    assert night.peak_kw > (0.5 if trouble else 0.8) * LIMIT_KW, "a night that draws nothing proves nothing"
    assert night.drawn_kwh > (150 if trouble else 400)
    assert (night.lost > 5) == bool(trouble)
