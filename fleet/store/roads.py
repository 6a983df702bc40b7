"""Our own rules of streets, and road matrices kept between nights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any

from sqlmodel import col, delete, select

from fleet.errors import StoreError
from fleet.events import Kind
from fleet.tables import Order, RoadOverride, RoadTable

if TYPE_CHECKING:
    from fleet.store.work import Work

MOST_TABLES = 8
"""Matrices kept: one for each class and hours of trucks, and a few of days with other rules."""

RULES: dict[str, tuple[float, float] | None] = {
    "closed": None, "one_way": None, "max_t": (0.5, 100), "max_height": (1, 10), "max_width": (1, 6), "speed": (2, 130),
}  # fmt: skip
"""Kinds of rules, and the bounds of the value of those that have one: tonnes, metres, km/h."""
_COLUMNS = ("kind", "street", "line", "value", "from_time", "until_time", "weekdays", "starts_on", "ends_on")


def read_rule(args: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a rule out of an order's arguments; ValueError names what is none."""
    changes: dict[str, Any] = {}
    for name, value in args.items():
        if name not in _COLUMNS:
            raise ValueError(f"there is no {name!r} in a rule")
        if name in {"starts_on", "ends_on"}:
            changes[name] = date.fromisoformat(value) if value else None
        elif name in {"from_time", "until_time"}:
            changes[name] = time.fromisoformat(value).strftime("%H:%M") if value and value != "24:00" else None
        elif name == "line":
            changes[name] = [[float(lat), float(lon)] for lat, lon in value]
        elif name == "weekdays":
            changes[name] = sorted({int(day) for day in value})
        elif name == "value":
            changes[name] = None if value is None else float(value)
        else:
            changes[name] = str(value)
    return changes


def _refuse(row: RoadOverride) -> str | None:
    """What is wrong with a rule; None where nothing is."""
    if row.kind not in RULES:
        return f"{row.kind!r} is no rule; known: {', '.join(RULES)}"
    if not row.street and len(row.line) < 2:
        return "it says not where: name a street or give a line along it"
    if row.kind == "one_way" and len(row.line) < 2:
        return "a one-way rule needs a line in the direction that stays open"
    bounds = RULES[row.kind]
    if bounds and not (row.value is not None and bounds[0] <= row.value <= bounds[1]):
        return f"{row.kind} is {row.value}: give {bounds[0]:g} to {bounds[1]:g}"
    if not row.weekdays or not set(row.weekdays) <= set(range(7)):
        return f"weekdays {row.weekdays}: give some of 0 (Monday) to 6 (Sunday)"
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        return f"it ends on {row.ends_on}, before it starts on {row.starts_on}"
    return None


class Roads:
    """Street rules and kept matrices in this unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def overrides(self, *, ended: bool = False) -> list[RoadOverride]:
        """Every rule that was not ended by hand, oldest first; with `ended` those too."""
        query = select(RoadOverride).order_by(col(RoadOverride.override_id))
        return list(self._work.session.exec(query if ended else query.where(col(RoadOverride.active))))

    def active(self, day: date) -> list[RoadOverride]:
        """Rules whose days are not over on `day` and have begun by the day after: a shift may pass midnight."""
        return [
            row
            for row in self.overrides()
            if (row.ends_on is None or (day - row.ends_on).days <= 1)
            and (row.starts_on is None or (row.starts_on - day).days <= 1)
        ]

    def get(self, override_id: int) -> RoadOverride:
        """One rule.

        Raises:
            StoreError: there is none of this number.
        """
        row = self._work.session.get(RoadOverride, override_id)
        if row is None:
            raise StoreError(f"street rule {override_id}: there is none; look with: binwatt roads override list")
        return row

    def add(self, row: RoadOverride) -> int:
        """A new rule; its number."""
        self._work.session.add(row)
        self._work.session.flush()
        assert row.override_id is not None
        self._say(row, "added")
        return row.override_id

    def change(self, override_id: int, changes: dict[str, Any], who: str) -> RoadOverride:
        """Change some columns of a rule."""
        row = self.get(override_id)
        for name, value in changes.items():
            setattr(row, name, value)
        row.who, row.at = who, self._work.now
        self._work.session.add(row)
        self._work.session.flush()
        self._say(row, "changed")
        return row

    def end(self, override_id: int, who: str) -> RoadOverride:
        """From now on the rule holds no more; it stays on record."""
        row = self.get(override_id)
        row.active, row.who = False, who
        self._work.session.add(row)
        self._say(row, "ended")
        return row

    def drop(self, override_id: int, who: str) -> None:
        """Delete a rule that never should have been; the events keep that it was."""
        row = self.get(override_id)
        row.who = who
        self._say(row, "deleted")
        self._work.session.delete(row)

    def carry_out(self, order: Order) -> str | None:
        """Do what an order about a rule says; why not, where it makes no sense."""
        args = {name: value for name, value in order.args.items() if name != "do"}
        deed = order.args.get("do", "add")
        try:
            changes = read_rule(args)
            if deed == "add":
                missing = {"kind"} - changes.keys()
                row = RoadOverride(**changes, why=order.why, who=order.who, at=self._work.now) if not missing else None
                if row is None or (refusal := _refuse(row)):
                    return "it says no kind of rule" if row is None else refusal
                self.add(row)
                return None
            number = int(order.target)
            if deed == "change":
                before = self.get(number)
                if refusal := _refuse(RoadOverride(**(before.model_dump() | changes))):
                    return refusal
                self.change(number, changes | ({"why": order.why} if order.why else {}), order.who)
            elif deed == "end":
                self.end(number, order.who)
            elif deed == "delete":
                self.drop(number, order.who)
            else:
                return f"{deed!r} is nothing to do with a rule: add, change, end or delete"
        except StoreError as error:
            return str(error)
        except (TypeError, ValueError) as error:
            return f"the rule makes no sense: {error}"
        return None

    def table(self, key: str) -> RoadTable | None:
        """The matrix kept under this key."""
        return self._work.session.get(RoadTable, key)

    def keep_table(self, key: str, engine: str, points: list[list[float]], body: bytes) -> None:
        """Keep a matrix; the oldest beyond a few are forgotten."""
        values = {"engine": engine, "made_at": self._work.now, "points": points, "body": body}
        self._work.upsert(RoadTable, {"key": key}, values)
        newest = select(RoadTable.key).order_by(col(RoadTable.made_at).desc(), col(RoadTable.key)).limit(MOST_TABLES)
        kept = set(self._work.session.exec(newest)) | {key}
        self._work.session.exec(delete(RoadTable).where(col(RoadTable.key).not_in(kept)))

    def _say(self, row: RoadOverride, state: str) -> None:
        self._work.events.append(
            Kind.STREET_RULED,
            str(row.override_id),
            who=row.who,
            state=state,
            kind=row.kind,
            street=row.street,
            value=row.value,
            why=row.why,
        )
