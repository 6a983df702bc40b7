"""What the console does to the world: orders, acknowledgements, the pace of simulated time. Always in a thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from console.errors import ActionDisabled, ShapingImpossible
from fleet.orders import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from console.records.values import Record, Sheet
    from console.shaping.values import EditCall, Tried
    from console.station.values import StationFacts
    from console.streets import Chain
    from console.view import PlanView
    from fleet.settings import Settings
    from fleet.store import Store

HISTORY = timedelta(days=7)


class Hands(Protocol):
    """What a screen may ask for. Every call may block, and may raise FleetError or ActionDisabled."""

    def place(self, wanted: Wanted) -> None:
        """Place an order in the operator's name."""

    def acknowledge(self, alarm_id: int) -> None:
        """Take an alarm on in the operator's name."""

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at this pace; 0 pauses it."""

    def skip(self, by: timedelta) -> None:
        """Move simulated time on."""

    def history(self, bin_id: str) -> tuple[tuple[datetime, float], ...]:
        """A bin's fill over the last week."""
        ...

    def prepare(self) -> None:
        """Be ready for the first edit."""

    def try_edit(self, plan_id: int, version: int, call: EditCall) -> Tried:
        """What an edit of this version of a plan would change."""
        ...

    def accept(self, plan_id: int, version: int, call: EditCall) -> int:
        """Keep an edit; the number of the draft it is in."""
        ...

    def undo(self, plan_id: int, version: int) -> Tried:
        """Take the last edit of a draft back."""
        ...

    def redo(self, plan_id: int, version: int) -> Tried:
        """Do the edit taken back last again."""
        ...

    def other_plans(self, plan_id: int) -> tuple[PlanView, ...]:
        """Plans of the same day that this one may be compared with, the one it was shaped from first."""
        ...

    def print_sheets(self, plan_id: int, kind: str, language: str, truck: str | None) -> tuple[Path, ...]:
        """Write the route sheets of a plan or of one truck; gives the files."""
        ...

    def street_of(self, bin_id: str) -> str:
        """The street a bin stands in; empty where it has no name."""
        ...

    def chain(self, street: str) -> Chain:
        """A street's longest run and its two directions."""
        ...

    def read_records(self, sheet: Sheet, station_id: str | None) -> tuple[Record, ...]:
        """The lines of a list, of one station if told."""
        ...

    def read_station(self, station_id: str) -> StationFacts | None:
        """What the page of a station shows; None where the store does not know it."""
        ...


class StoreHands:
    """Hands that write into the store."""

    def __init__(self, store: Store, operator: str, settings: Settings) -> None:
        self._store = store
        self._operator = operator
        self._settings = settings
        from console.shaping.bench import Bench

        self._bench = Bench(store.url.render_as_string(hide_password=False), operator, settings.plan.reserve)

    def close(self) -> None:
        """End the process that works edits out."""
        self._bench.close()

    def place(self, wanted: Wanted) -> None:
        """Place an order in the operator's name."""
        from console.ordering import refusal_of

        with self._store.begin() as work:
            fault = refusal_of(work, wanted)
            if fault is not None:
                raise ActionDisabled(fault)
            work.orders.place(replace(wanted, who=self._operator))

    def read_records(self, sheet: Sheet, station_id: str | None) -> tuple[Record, ...]:
        """The lines of a list, of one station if told."""
        from console.records.reading import read_records

        with self._store.read() as work:
            return read_records(work, sheet, station_id, self._settings.zone)

    def read_station(self, station_id: str) -> StationFacts | None:
        """What the page of a station shows; None where the store does not know it."""
        from console.station.reading import read_station

        with self._store.read() as work:
            return read_station(work, station_id, self._settings.zone)

    def acknowledge(self, alarm_id: int) -> None:
        """Take an alarm on in the operator's name."""
        with self._store.begin() as work:
            work.alarms.acknowledge(alarm_id, self._operator)

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at this pace; 0 pauses it.

        Raises:
            ActionDisabled: this store lives in real time.
        """
        with self._store.begin() as work:
            pace = work.places.pace()
            if pace is None:
                raise ActionDisabled("time runs by itself in a real city")
            work.places.set_pace(pace.change(datetime.now(UTC), speed=speed), self._operator)

    def skip(self, by: timedelta) -> None:
        """Move simulated time on.

        Raises:
            ActionDisabled: this store lives in real time.
        """
        with self._store.begin() as work:
            pace = work.places.pace()
            if pace is None:
                raise ActionDisabled("time runs by itself in a real city")
            work.places.set_pace(pace.skip(datetime.now(UTC), by), self._operator)

    def history(self, bin_id: str) -> tuple[tuple[datetime, float], ...]:
        """A bin's fill over the last week."""
        with self._store.read() as work:
            rows = work.bins.readings_of(bin_id, work.now - HISTORY)
        return tuple((row.measured_at, row.fill) for row in rows if row.fill is not None)

    def prepare(self) -> None:
        """Start the process that works edits out: the first edit finds it ready."""
        self._bench.warm()

    def try_edit(self, plan_id: int, version: int, call: EditCall) -> Tried:
        """What an edit of this version of a plan would change."""
        return self._bench.try_edit(plan_id, version, call)

    def accept(self, plan_id: int, version: int, call: EditCall) -> int:
        """Keep an edit; the number of the draft it is in."""
        return self._bench.accept(plan_id, version, call)

    def undo(self, plan_id: int, version: int) -> Tried:
        """Take the last edit of a draft back."""
        return self._bench.undo(plan_id, version)

    def redo(self, plan_id: int, version: int) -> Tried:
        """Do the edit taken back last again."""
        return self._bench.redo(plan_id, version)

    def other_plans(self, plan_id: int) -> tuple[PlanView, ...]:
        """Plans of the same day that this one may be compared with, the one it was shaped from first."""
        from console.loading import read_plan

        with self._store.read() as work:
            plan = work.plans.get(plan_id)
            numbers = [row.plan_id for row in work.shaping.plans_of(plan_id)]
            numbers.sort(key=lambda number: plan is not None and number != plan.based_on)
            plans = [read_plan(work, number) for number in numbers if number is not None]
        return tuple(found for found in plans if found is not None)

    def print_sheets(self, plan_id: int, kind: str, language: str, truck: str | None) -> tuple[Path, ...]:
        """Write the route sheets of a plan or of one truck; gives the files.

        Raises:
            ShapingImpossible: there is no folder to write to.
        """
        from console.export import export_plan

        folder = self._settings.data_dir / "sheets" / f"plan-{plan_id}"
        try:
            files = export_plan(
                self._store, self._settings, plan_id, kind=kind, language=language, truck=truck, folder=folder
            )
        except OSError as error:
            raise ShapingImpossible(f"{folder}: {error.strerror or error}; free it or set data_dir") from error
        return tuple(files)

    def street_of(self, bin_id: str) -> str:
        """The street a bin stands in; empty where it has no name."""
        from console.roads import open_roads
        from console.streets import street_at

        with self._store.read() as work:
            row = work.bins.get(bin_id)
        return street_at(open_roads(self._store)[0], row.lat, row.lon) if row else ""

    def chain(self, street: str) -> Chain:
        """A street's longest run and its two directions."""
        from console.roads import open_roads
        from console.streets import chain_of

        return chain_of(open_roads(self._store)[0], street)
