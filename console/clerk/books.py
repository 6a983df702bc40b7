"""The books: what running charges cost, told as they go on; a receipt for each that has ended.

Energy registers are taken from the store as they arrive and kept for charges under way, so that a price is worked out
without asking it again. A register that arrives after the end, from a station that was offline, has its receipt made
anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

import structlog

from chargers.errors import TariffInvalid
from chargers.money import Bill, Charge, PriceList, Rule, choose, price, read_tariff
from fleet.errors import FleetError
from fleet.events import Event, Kind
from fleet.orders import OrderKind, OrderState, Wanted
from fleet.store import Store, Work, Writer
from fleet.tables import Receipt, Tariff, Transaction

LOOK_SECONDS = 5.0
LIVE_SECONDS = 60.0
"""Running charges are priced so often."""
TELL_SECONDS = 300.0
"""And the price shown at the station so often (OCPP 2.0.1, I02)."""
OPEN_FOR = timedelta(days=7)
"""A charge that ended longer ago gets no first receipt any more: no tariff held then."""
LOOK_BACK = timedelta(days=1)
"""After a start, receipts this young are worked out again: values may have come while nobody kept books."""
STIRRING = frozenset({Kind.TRANSACTION_ENDED, Kind.TARIFF_CHANGED})
PRICING = frozenset({Kind.TARIFF_CHANGED, Kind.STATION_CHANGED, Kind.CITY_IMPORTED})
"""Events after which tariffs and groups are read again, as they are once a minute."""
WHO = "books"

Samples = dict[datetime, float]
log = structlog.get_logger("console.clerk")


@dataclass(frozen=True, slots=True)
class Prices:
    """The tariffs in force, by whom and where."""

    lists: dict[str, tuple[PriceList, datetime | None, datetime | None]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By station."""
    speakers: frozenset[str] = frozenset()
    """Stations online that can show a price."""

    def of(self, row: Transaction) -> PriceList | None:
        """The price list of a charge: the one it was given, else what the rules say for its beginning."""
        if row.tariff_id is not None and row.tariff_id in self.lists:
            return self.lists[row.tariff_id][0]
        valid = {
            name
            for name, (_, since, until) in self.lists.items()
            if (since is None or since <= row.started_at) and (until is None or row.started_at < until)
        }
        rules = [rule for rule in self.rules if rule.tariff_id in valid]
        chosen = choose(rules, row.group_id, self.groups.get(row.station_id, ()))
        return None if chosen is None else self.lists[chosen][0]


@dataclass(frozen=True, slots=True)
class Priced:
    """A charge and what it comes to."""

    row: Transaction
    bill: Bill
    final: bool


class Books:
    """Keeps the books of one store until cancelled."""

    def __init__(self, store: Store, writer: Writer, zone: tzinfo) -> None:
        self._store, self._writer, self._zone = store, writer, zone
        self._prices = Prices()
        self._samples: dict[tuple[str, str], Samples] = {}
        self._cursor: int | None = None
        self._free: set[int] = set()
        """Charges that ended and cost nothing."""
        self._shown: dict[int, tuple[float, float]] = {}
        """By running charge: when its price was shown at the station, and which."""
        self._live_at = -LIVE_SECONDS
        self._stale = True
        self._wake = asyncio.Event()

    def take(self, events: Iterable[Event]) -> None:
        """Something happened: a charge that ended is billed at once."""
        if any(event.kind in STIRRING for event in events):
            self._wake.set()
        if any(event.kind in PRICING for event in events):
            self._stale = True

    def price(self, row: Transaction) -> float | None:
        """What a charge comes to as it stands, from what is known here; None when it costs nothing."""
        tariff = self._prices.of(row)
        if tariff is None:
            return None
        told = dict(self._samples.get((row.station_id, row.ref or ""), {}))  # whoever asks may be on another thread
        return float(price(tariff, _charge(row, told), self._zone).total)

    async def run(self) -> None:
        """Keep the books, for ever."""
        while True:
            try:
                await self.keep()
            except FleetError as error:
                log.warning("books not kept", why=str(error))
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def keep(self) -> int:
        """One look at what is new; gives how many charges were priced."""
        live = time.monotonic() - self._live_at >= LIVE_SECONDS
        priced = await self._writer.read(lambda work: self._look(work, live=live))
        if live:
            self._live_at = time.monotonic()
        if priced:
            await self._writer.do(lambda work: self._keep(work, priced))
        return len(priced)

    # reading, beside the loop

    def _look(self, work: Work, *, live: bool) -> list[Priced]:
        if live or self._stale or not self._prices.lists:
            self._stale = False
            self._prices = read_prices(work)
        if not self._prices.lists:
            self._cursor = None
            return []
        running = work.charging.running()
        again = self._read_samples(work, running)
        for row in work.money.without_receipt(work.now - OPEN_FOR):
            if row.transaction_id not in self._free:
                again[row.transaction_id or 0] = row
        found = [self._bill(row, dict(work.money.samples_of(row)), final=True) for row in again.values()]
        self._free.update(number for number, one in zip(again, found, strict=True) if one is None)
        if live:
            found += [self._bill(row, self._told(row), final=False) for row in running]
        return [one for one in found if one is not None]

    def _read_samples(self, work: Work, running: list[Transaction]) -> dict[int, Transaction]:
        """Take in what was stored since; gives charges that ended before and got more values now."""
        under_way = {(row.station_id, row.ref or ""): row for row in running}
        again: dict[int, Transaction] = {}
        if self._cursor is None:
            self._cursor = work.money.newest_sample()
            self._samples = {key: dict(work.money.samples_of(row)) for key, row in under_way.items()}
            young = work.money.receipts(work.now - LOOK_BACK, work.now + LOOK_BACK)
            return {row.transaction_id or 0: row for _, row in young}
        self._samples = {key: self._samples.get(key, {}) for key in under_way}
        late = set()
        while True:
            told, cursor = work.money.samples_after(self._cursor)
            for sample in told:
                key = sample.station_id, sample.ref
                if key in self._samples:
                    self._samples[key][sample.at] = sample.wh
                else:
                    late.add(key)
            if cursor == self._cursor:
                break
            self._cursor = cursor
        for station_id, ref in late:
            row = work.charging.transaction(station_id, ref)
            if row is not None and row.ended_at is not None and work.money.receipt(row.transaction_id or 0):
                again[row.transaction_id or 0] = row
        return again

    def _told(self, row: Transaction) -> Samples:
        return self._samples.get((row.station_id, row.ref or ""), {})

    def _bill(self, row: Transaction, told: Samples, *, final: bool) -> Priced | None:
        tariff = self._prices.of(row)
        return None if tariff is None else Priced(row, price(tariff, _charge(row, told), self._zone), final)

    # writing

    def _keep(self, work: Work, priced: list[Priced]) -> None:
        for one in priced:
            row = work.session.get(Transaction, one.row.transaction_id)
            if row is None or (not one.final and row.ended_at is not None):
                continue
            if row.tariff_id is None:
                row.tariff_id = one.bill.tariff_id
                work.session.add(row)
                work.session.flush()
            if one.final:
                if work.money.keep_receipt(receipt_of(one, work.now)):
                    _tell(work, one)
                self._shown.pop(row.transaction_id or 0, None)
            else:
                self._show(work, one)

    def _show(self, work: Work, one: Priced) -> None:
        """Say the price of a running charge where it changed; to the station less often."""
        number, total = one.row.transaction_id or 0, float(one.bill.total)
        at, shown = self._shown.get(number, (-TELL_SECONDS, -1.0))
        if total == shown:
            return
        _tell(work, one)
        now = time.monotonic()
        if one.row.station_id in self._prices.speakers and now - at >= TELL_SECONDS:
            args = {"transaction_id": number, "cost": total}
            waiting = work.orders.find(state=OrderState.QUEUED, kind=OrderKind.TELL_COST, target=one.row.station_id)
            if all(order.args.get("transaction_id") != number for order in waiting):
                work.orders.place(Wanted(OrderKind.TELL_COST, one.row.station_id, args, who=WHO))
            at = now
        self._shown[number] = at, total


def read_prices(work: Work) -> Prices:
    """The tariffs of the store; one that cannot be read is left out, and said."""
    lists = {}
    for row in work.money.tariffs():
        try:
            lists[row.tariff_id] = read_list(row), row.valid_from, row.valid_until
        except TariffInvalid as error:
            log.warning("tariff left out", why=str(error))
    if not lists:
        return Prices()
    stations = work.stations.all()
    return Prices(
        lists,
        tuple(Rule(row.tariff_id, row.token_group, row.station_group, row.rank) for row in work.money.rules()),
        {row.station_id: tuple(name.strip() for name in row.groups.split(",") if name.strip()) for row in stations},
        frozenset(row.station_id for row in stations if row.online and row.protocol in ("ocpp2.0.1", "ocpp2.1")),
    )


def read_list(row: Tariff) -> PriceList:
    """A tariff of the store as a price list.

    Raises:
        TariffInvalid
    """
    return read_tariff(row.tariff_id, row.currency, row.vat, row.elements)


def receipt_of(one: Priced, now: datetime) -> Receipt:
    """A bill as a row of the store."""
    bill = one.bill
    lines: list[dict[str, Any]] = [
        {
            "what": str(line.what),
            "from": line.since.isoformat(),
            "until": line.until.isoformat(),
            "quantity": float(line.quantity),
            "unit": line.unit,
            "price": float(line.price),
            "amount": float(line.amount),
            "vat": float(line.vat),
        }
        for line in bill.lines
    ]
    return Receipt(
        transaction_id=one.row.transaction_id or 0,
        tariff_id=bill.tariff_id,
        currency=bill.currency,
        kwh=round(bill.kwh, 4),
        minutes=round(bill.minutes, 2),
        idle_minutes=round(bill.idle_minutes, 2),
        net=float(bill.net),
        vat=float(bill.vat),
        total=float(bill.total),
        lines=lines,
        made_at=now,
    )


def _charge(row: Transaction, told: Samples) -> Charge:
    end_wh = row.end_wh if row.ended_at is not None else None
    return Charge.of(row.started_at, row.start_wh, told.items(), row.ended_at, end_wh)


def _tell(work: Work, one: Priced) -> None:
    work.events.append(
        Kind.TRANSACTION_PRICED,
        one.row.station_id,
        transaction_id=one.row.transaction_id,
        tariff=one.bill.tariff_id,
        total=float(one.bill.total),
        currency=one.bill.currency,
        final=one.final,
    )
