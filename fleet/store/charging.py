"""Transactions, profiles, needs and schedules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlmodel import col, func, select

from fleet.events import Kind
from fleet.tables import (
    ChargingNeed,
    ChargingSchedule,
    InstalledProfile,
    MeterValue,
    PowerShortfall,
    ScheduledPower,
    Station,
    Transaction,
)

if TYPE_CHECKING:
    from fleet.store.work import Work


class Charging:
    """Charging in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def running(self, station_id: str | None = None) -> list[Transaction]:
        """Transactions under way, oldest first."""
        query = select(Transaction).where(Transaction.state == "running").order_by(col(Transaction.transaction_id))
        if station_id is not None:
            query = query.where(Transaction.station_id == station_id)
        return list(self._work.session.exec(query))

    def transaction(self, station_id: str, ref: str) -> Transaction | None:
        """The transaction a station calls `ref`."""
        query = select(Transaction).where(Transaction.station_id == station_id, Transaction.ref == ref)
        return self._work.session.exec(query).first()

    def newest_energy(self, row: Transaction) -> float | None:
        """The highest meter register told for a transaction, in Wh."""
        query = select(func.max(MeterValue.energy_wh)).where(
            MeterValue.measured_at >= row.started_at - timedelta(minutes=5),
            MeterValue.station_id == row.station_id,
            MeterValue.ref == (row.ref or ""),
        )
        return self._work.session.exec(query).one()

    def close_by_hand(self, transaction_id: int, *, who: str, why: str, end_wh: float | None = None) -> str | None:
        """End a transaction whose end never came; None when done, else why not.

        Without `end_wh` the highest meter register it told counts. Should the station tell its end after all, that one
        holds.
        """
        row = self._work.session.get(Transaction, transaction_id)
        if row is None:
            return f"there is no transaction {transaction_id}"
        if row.state != "running":
            return f"transaction {transaction_id} has ended already"
        if end_wh is not None and row.start_wh is not None and end_wh < row.start_wh:
            return f"end_wh is {end_wh:g}, below the {row.start_wh:g} Wh at its start; give the meter's register"
        if end_wh is None:
            told = self.newest_energy(row)
            end_wh = told if told is None or row.start_wh is None else max(told, row.start_wh)
        row.state, row.ended_at, row.end_wh = "ended", self._work.now, end_wh
        row.end_reason, row.closed_by = (why or "closed by hand")[:200], who or "?"
        session = self._work.session
        session.add(row)
        for profile in self.profiles(row.station_id):
            if profile.purpose == "TxProfile" and profile.ref == row.ref:
                profile.state = "cleared"
                session.add(profile)
        session.flush()
        self._work.alarms.clear("transaction.stuck", f"{row.station_id}#{transaction_id}")
        said: dict[str, Any] = {"transaction_id": transaction_id, "evse": row.evse}
        self._work.events.append(Kind.TRANSACTION_CLOSED, row.station_id, who=who, **said, why=row.end_reason)
        self._work.events.append(
            Kind.TRANSACTION_ENDED,
            row.station_id,
            who=who,
            **said,
            ref=row.ref,
            token=row.token,
            truck=row.truck_id,
            energy_wh=None if row.start_wh is None or end_wh is None else end_wh - row.start_wh,
            reason=row.end_reason,
        )
        return None

    def count_transactions(self) -> dict[str, int]:
        """How many transactions are in each state."""
        counts: dict[str, int] = {}
        for state in self._work.session.exec(select(Transaction.state)):
            counts[state] = counts.get(state, 0) + 1
        return counts

    def newest_meter(self) -> dict[tuple[str, int], MeterValue]:
        """The newest meter value of every EVSE in the last hour of the clock."""
        since = self._work.now - timedelta(hours=1)
        query = select(MeterValue).where(MeterValue.measured_at >= since).order_by(col(MeterValue.measured_at))
        return {(row.station_id, row.evse): row for row in self._work.session.exec(query)}

    def meters_at(self, place_id: str, since: datetime, until: datetime) -> list[MeterValue]:
        """Meter values with a power at one site between two instants, by time."""
        at_site = select(Station.station_id).where(Station.place_id == place_id)
        query = (
            select(MeterValue)
            .where(
                col(MeterValue.station_id).in_(at_site),
                MeterValue.measured_at >= since,
                MeterValue.measured_at <= until,
                col(MeterValue.power_w).is_not(None),
            )
            .order_by(col(MeterValue.measured_at))
        )
        return list(self._work.session.exec(query))

    def profiles(self, station_id: str | None = None) -> list[InstalledProfile]:
        """Profiles sent to one station or to all, that were not cleared."""
        query = select(InstalledProfile).where(InstalledProfile.state != "cleared")
        if station_id is not None:
            query = query.where(InstalledProfile.station_id == station_id)
        return list(self._work.session.exec(query.order_by(col(InstalledProfile.installed_id))))

    def needs(self, since: datetime | None = None) -> list[ChargingNeed]:
        """Open needs, soonest departure first; with `since`, also closed ones with a departure after it."""
        query = select(ChargingNeed).order_by(col(ChargingNeed.ready_by), col(ChargingNeed.truck_id))
        if since is None:
            query = query.where(ChargingNeed.state == "open")
        else:
            query = query.where(ChargingNeed.ready_by >= since, ChargingNeed.state != "superseded")
        return list(self._work.session.exec(query))

    def replace_needs(self, day: date, needs: Sequence[ChargingNeed]) -> None:
        """These are the needs from now on; open ones before them are superseded."""
        session = self._work.session
        for before in self.needs():
            before.state = "superseded"
            session.add(before)
        session.flush()
        for need in needs:
            values = need.model_dump(exclude={"need_id", "truck_id", "ready_by"})
            self._work.upsert(ChargingNeed, {"truck_id": need.truck_id, "ready_by": need.ready_by}, values)
        session.expire_all()
        self.tell_needs(day.isoformat())

    def restate_need(self, need: ChargingNeed, *, kwh: float, soc: float) -> None:
        """What is to be charged is known better now: the truck is at its plug."""
        row = self._work.session.get(ChargingNeed, need.need_id)
        assert row is not None
        row.kwh, row.soc_then, row.made_at = kwh, soc, self._work.now
        self._work.session.add(row)
        self._work.session.flush()

    def tell_needs(self, subject: str) -> None:
        """Say what the open needs are now."""
        self._work.events.append(
            Kind.NEEDS_CHANGED,
            subject,
            needs=[
                {
                    "truck": need.truck_id,
                    "kwh": round(need.kwh, 3),
                    "target_kwh": round(need.target_kwh, 3),
                    "ready_by": need.ready_by.isoformat(),
                    "soc": need.soc_then,
                    "priority": need.priority,
                }
                for need in self.needs()
            ],
        )

    def close_need(self, need: ChargingNeed, *, met: bool, delivered_kwh: float, soc: float | None) -> None:
        """The truck left, or its time came: it had what it needed, or not."""
        row = self._work.session.get(ChargingNeed, need.need_id)
        assert row is not None
        row.state = "met" if met else "missed"
        row.delivered_kwh = delivered_kwh
        self._work.session.add(row)
        self._work.session.flush()
        self._work.events.append(
            Kind.NEED_CLOSED,
            row.truck_id,
            truck=row.truck_id,
            state=row.state,
            delivered_kwh=round(delivered_kwh, 3),
            kwh=round(row.kwh, 3),
            soc=soc,
        )

    def keep_schedule(
        self,
        schedule: ChargingSchedule,
        powers: Sequence[ScheduledPower],
        shortfalls: Sequence[PowerShortfall],
    ) -> int:
        """Keep a schedule; it is the one in force at its site from now on."""
        session = self._work.session
        session.add(schedule)
        session.flush()
        assert schedule.schedule_id is not None
        for row in (*powers, *shortfalls):
            row.schedule_id = schedule.schedule_id
            session.add(row)
        session.flush()
        self._work.events.append(
            Kind.SCHEDULE_MADE,
            schedule.place_id,
            schedule_id=schedule.schedule_id,
            site=schedule.place_id,
            starts_at=schedule.starts_at.isoformat(),
            slot_minutes=schedule.slot_minutes,
            limit_kw=schedule.limit_kw,
            base_kw=schedule.base_kw,
            total_kw=schedule.total_kw,
            peak_kw=schedule.peak_kw,
            why=schedule.why,
            powers=[
                {"truck": row.truck_id, "station": row.station_id, "evse": row.evse, "kw": row.kw} for row in powers
            ],
            shortfalls=[
                {"truck": row.truck_id, "kwh": row.kwh, "ready_by": row.ready_by.isoformat(), "reason": row.reason}
                for row in shortfalls
            ],
        )
        return schedule.schedule_id

    def schedule(self, place_id: str) -> tuple[ChargingSchedule, list[ScheduledPower], list[PowerShortfall]] | None:
        """The schedule in force at a site."""
        session = self._work.session
        query = select(ChargingSchedule).where(ChargingSchedule.place_id == place_id)
        newest = session.exec(query.order_by(col(ChargingSchedule.schedule_id).desc()).limit(1)).first()
        if newest is None:
            return None
        key = newest.schedule_id
        powers = session.exec(select(ScheduledPower).where(ScheduledPower.schedule_id == key)).all()
        shortfalls = session.exec(select(PowerShortfall).where(PowerShortfall.schedule_id == key)).all()
        return newest, list(powers), list(shortfalls)
