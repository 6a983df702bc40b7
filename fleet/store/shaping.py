"""Plans shaped by hand: a draft based on the plan opened, its edits in order, undone and done again, never overwritten.

Every change names the version of the draft it was worked out on. A change of an older version is refused with who
changed the draft meanwhile, and how: two dispatchers at once see each other's edits, and neither loses one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, func, insert, literal, select, update
from sqlmodel import SQLModel, col
from sqlmodel import select as select_rows

from fleet.errors import PlanChanged, ShapingRefused
from fleet.events import Kind
from fleet.store.chain import to_event
from fleet.tables import EventRow, LeftBin, Plan, PlanEdit, PlanProblem, Route, Stop

if TYPE_CHECKING:
    from fleet.store.work import Work

Way = Literal["edit", "undo", "redo"]
KEPT_PROBLEMS = 8
"""How many plans back a draft's problem is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one edit, undone or done again, does to the rows of a plan.

    `kind`, `args` and `delta` are JSON of the edit. `trucks` (truck and shift, None where a route names none)
    lose their routes; `routes` come in their place. `unleft`
    are no longer left, `left` are. `head` are the plan's columns that differ.
    """

    kind: str
    args: Mapping[str, Any]
    delta: Mapping[str, Any]
    head: Mapping[str, Any]
    trucks: Collection[tuple[str, str | None]] = ()
    routes: Sequence[tuple[Route, Sequence[Stop]]] = ()
    unleft: Collection[str] = ()
    left: Sequence[LeftBin] = field(default_factory=tuple)
    way: Way = "edit"


class Shaping:
    """Plans under a person's hands, in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def begin(self, plan_id: int, who: str) -> int:
        """Copy a plan as a draft to shape and give its number.

        Raises:
            ShapingRefused: there is no such plan, or it was withdrawn or superseded.
            PlanChanged: somebody shapes it already.
        """
        session = self._work.session
        plan = session.get(Plan, plan_id)
        if plan is None:
            raise ShapingRefused(f"there is no plan {plan_id}")
        if plan.state not in {"draft", "published"}:
            raise ShapingRefused(f"plan {plan_id} is {plan.state}; shape the one in force")
        begun = session.exec(
            select_rows(Plan).where(Plan.based_on == plan_id, Plan.state == "draft").order_by(col(Plan.plan_id).desc())
        ).first()
        if begun is not None and begun.plan_id is not None:
            raise PlanChanged(plan_id, begun.made_by, "begin", {"plan_id": begun.plan_id}, begun.made_at)
        fresh = {
            "state": "draft", "made_at": self._work.now, "made_by": who, "published_at": None, "note": "",
            "based_on": plan_id, "version": 1,
        }  # fmt: skip
        copied = self._copy(Plan, plan, **fresh)
        for route in session.exec(select_rows(Route).where(Route.plan_id == plan_id).order_by(col(Route.route_id))):
            number = self._copy(Route, route, plan_id=copied)
            self._copy_rows(Stop, col(Stop.route_id), route.route_id, number)
        self._copy_rows(LeftBin, col(LeftBin.plan_id), plan_id, copied)
        self._work.events.append(
            Kind.PLAN_MADE, str(copied), who=who, plan_id=copied, day=plan.day.isoformat(), km=plan.km,
            hours=plan.hours, kwh=plan.kwh, cost=plan.cost, served=plan.served, unserved=plan.unserved,
            routes=session.exec(select_rows(func.count()).where(Route.plan_id == copied)).one(),
            based_on=plan_id,
        )  # fmt: skip
        return copied

    def save(self, plan_id: int, seen: int, change: Change, who: str) -> int:
        """Write a change worked out on version `seen` of a draft and give the version after it.

        Raises:
            ShapingRefused: the plan is no draft any more, or there is nothing to undo.
            PlanChanged: somebody else changed it since version `seen`.
        """
        session = self._work.session
        plan = session.get(Plan, plan_id, populate_existing=True)
        if plan is None or plan.state != "draft":
            state = "gone" if plan is None else plan.state
            raise ShapingRefused(f"plan {plan_id} is {state}; only a draft can be shaped")
        taken = session.execute(
            update(Plan)
            .where(col(Plan.plan_id) == plan_id, col(Plan.version) == seen)
            .values(version=seen + 1, **change.head)
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined]  # what an UPDATE gives has a count
            raise self._changed(plan)
        self._note(plan_id, change, who)
        for truck, shift in change.trucks:
            session.execute(
                delete(Route).where(
                    col(Route.plan_id) == plan_id,
                    col(Route.truck_id) == truck,
                    col(Route.shift_id).is_(None) if shift is None else col(Route.shift_id) == shift,
                )
            )
        for route, stops in change.routes:
            route.plan_id = plan_id
            session.add(route)
            session.flush()
            for stop in stops:
                stop.route_id = route.route_id or 0
            session.add_all(stops)
        gone = [*change.unleft, *(row.bin_id for row in change.left)]
        session.execute(delete(LeftBin).where(col(LeftBin.plan_id) == plan_id, col(LeftBin.bin_id).in_(gone)))
        for row in change.left:
            row.plan_id = plan_id
        session.add_all(change.left)
        session.flush()
        session.expire(plan)
        self._work.events.append(
            Kind.PLAN_EDITED, str(plan_id), who=who, plan_id=plan_id, version=seen + 1, way=change.way,
            kind=change.kind, args=dict(change.args.get("edit", {})), delta=dict(change.delta),
        )  # fmt: skip
        return seen + 1

    def refuse_stale(self, plan_id: int) -> None:
        """Tell who changed a plan last.

        Raises:
            PlanChanged: always.
        """
        plan = self._work.session.get(Plan, plan_id)
        if plan is None:
            raise ShapingRefused(f"there is no plan {plan_id}")
        raise self._changed(plan)

    def edits(self, plan_id: int) -> list[PlanEdit]:
        """The edits of a plan in order, those undone too."""
        query = select_rows(PlanEdit).where(PlanEdit.plan_id == plan_id).order_by(col(PlanEdit.seq))
        return list(self._work.session.exec(query))

    def to_undo(self, plan_id: int) -> PlanEdit | None:
        """The edit that undoing would take back."""
        return next((row for row in reversed(self.edits(plan_id)) if not row.undone), None)

    def to_redo(self, plan_id: int) -> PlanEdit | None:
        """The edit that would be done again."""
        return next((row for row in self.edits(plan_id) if row.undone), None)

    def problem(self, plan_id: int) -> tuple[int, bytes] | None:
        """The packed problem of a plan, or of the plan it was shaped from, and whose it is; None when none is kept."""
        number: int | None = plan_id
        for _ in range(KEPT_PROBLEMS):
            if number is None:
                return None
            kept = self._work.session.get(PlanProblem, number)
            if kept is not None:
                return number, kept.body
            plan = self._work.session.get(Plan, number)
            number = plan.based_on if plan is not None else None
        return None

    def keep_problem(self, plan_id: int, body: bytes) -> None:
        """Give a plan a problem of its own: one that knows more bins than the one it came from."""
        self._work.upsert(PlanProblem, {"plan_id": plan_id}, {"body": body})

    def plans_of(self, plan_id: int, count: int = 12) -> list[Plan]:
        """Other plans of the same day, newest first: what a plan may be compared with."""
        plan = self._work.session.get(Plan, plan_id)
        if plan is None:
            return []
        query = select_rows(Plan).where(Plan.day == plan.day, Plan.plan_id != plan_id)
        return list(self._work.session.exec(query.order_by(col(Plan.plan_id).desc()).limit(count)))

    # inside

    def _note(self, plan_id: int, change: Change, who: str) -> None:
        """Keep the edit, or turn its flag; what was undone and not done again is forgotten by a new edit."""
        session = self._work.session
        if change.way == "edit":
            session.execute(delete(PlanEdit).where(col(PlanEdit.plan_id) == plan_id, col(PlanEdit.undone)))
            last = self.to_undo(plan_id)
            row = PlanEdit(
                plan_id=plan_id, seq=last.seq + 1 if last else 1, kind=change.kind, args=dict(change.args),
                delta=dict(change.delta), who=who, at=self._work.now,
            )  # fmt: skip
        else:
            found = self.to_undo(plan_id) if change.way == "undo" else self.to_redo(plan_id)
            if found is None:
                raise ShapingRefused(f"plan {plan_id}: there is nothing to {change.way}")
            row = found
            row.undone = change.way == "undo"
        session.add(row)
        session.flush()

    def _changed(self, plan: Plan) -> PlanChanged:
        query = select_rows(EventRow).where(
            EventRow.kind == str(Kind.PLAN_EDITED), EventRow.subject == str(plan.plan_id)
        )
        row = self._work.session.exec(query.order_by(col(EventRow.event_id).desc()).limit(1)).first()
        if row is None:
            return PlanChanged(plan.plan_id or 0, plan.made_by, "begin", {}, plan.made_at)
        event = to_event(row)
        kind = str(event.data["kind"]) if event.data["way"] == "edit" else str(event.data["way"])
        return PlanChanged(plan.plan_id or 0, event.who, kind, event.data["args"], event.at)

    def _copy(self, table: type[SQLModel], row: SQLModel, **changes: object) -> int:
        keys = {column.name for column in SQLModel.metadata.tables[str(table.__tablename__)].primary_key.columns}
        return self._work.add(table, {**row.model_dump(exclude=keys), **changes})

    def _copy_rows(self, table: type[SQLModel], owner: Any, source: int | None, goal: int) -> None:
        """Copy the rows of `source` to `goal` inside the database."""
        whole = SQLModel.metadata.tables[str(table.__tablename__)]
        columns = [column for column in whole.columns if not column.primary_key]
        picked = [literal(goal) if column.name == owner.key else column for column in columns]
        rows = select(*picked).where(owner == source).order_by(*whole.primary_key.columns)
        self._work.session.execute(insert(whole).from_select([column.name for column in columns], rows))
