"""What can go wrong on the ground floor.

FleetError
├── SettingsError        a settings file or variable that cannot be used
├── CalendarRefused      a calendar file that cannot be used
├── StoreError
│   ├── StoreBusy        another process holds the database
│   ├── StoreReadOnly    the file or its folder may not be written
│   ├── StoreTooNew      made by a newer binwatt
│   ├── StoreTooOld      needs `binwatt db upgrade`
│   ├── StoreMissing     no store at this address yet
│   └── StoreUnusable    anything else the database says
├── ShapingRefused       a plan that cannot be shaped by hand, or an edit of it that cannot be kept
│   └── PlanChanged      somebody else changed the plan meanwhile; names who, how and when
├── ImportRefused        a file with rows that cannot be used; names every line
└── UplinkRefused        a sensor message that cannot be used
    └── UplinkUnreadable it is not even JSON
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


class FleetError(Exception):
    """Root of the ground floor's errors. Its text is one line a person can act on."""


class SettingsError(FleetError):
    """A settings file or variable that cannot be used."""


class CalendarRefused(FleetError):
    """A calendar file that cannot be used."""


class StoreError(FleetError):
    """The store cannot do what was asked."""


class StoreBusy(StoreError):
    """Another process holds the database longer than the busy timeout."""


class StoreReadOnly(StoreError):
    """The database file or its folder may not be written."""


class StoreTooNew(StoreError):
    """The store was made by a newer binwatt."""


class StoreTooOld(StoreError):
    """The store lacks migrations this binwatt needs."""


class StoreMissing(StoreError):
    """There is no store at this address yet."""


class StoreUnusable(StoreError):
    """The database refused for a reason not named elsewhere in this tree."""


class ImportRefused(FleetError):
    """A file with rows that cannot be used. Nothing of it was stored.

    `problems` holds one line each: place in the file, what is wrong, the mend.
    """

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        self.source = source
        self.problems = problems
        rows = "row" if len(problems) == 1 else "rows"
        super().__init__(f"{source}: {len(problems)} {rows} cannot be used, nothing was imported; first: {problems[0]}")


class UplinkRefused(FleetError):
    """A sensor message that cannot be used: wrong shape, unknown sensor, or a time that cannot be."""


class UplinkUnreadable(UplinkRefused):
    """A sensor message that is not even JSON."""


class ShapingRefused(FleetError):
    """A plan that cannot be shaped by hand, or an edit of it that cannot be kept."""


class PlanChanged(ShapingRefused):
    """Somebody else changed the plan since it was looked at: `who`, the `kind` and fields of the `edit`, `at` (UTC)."""

    def __init__(self, plan_id: int, who: str, kind: str, edit: Mapping[str, Any], at: datetime) -> None:
        self.plan_id = plan_id
        self.who = who
        self.kind = kind
        self.edit = dict(edit)
        self.at = at
        what = " ".join([kind, *(f"{name} {value}" for name, value in edit.items() if value is not None)])
        super().__init__(
            f"plan {plan_id} was changed meanwhile: {who} ({what}) at {at:%H:%M} UTC; look at it and try again"
        )

    def __reduce__(self) -> tuple[type[PlanChanged], tuple[object, ...]]:
        """Rebuilt from its own fields where it comes out of a worker process."""
        return type(self), (self.plan_id, self.who, self.kind, self.edit, self.at)
