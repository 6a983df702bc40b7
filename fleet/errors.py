"""What can go wrong on the ground floor.

FleetError
├── SettingsError        a settings file or variable that cannot be used
├── StoreError
│   ├── StoreBusy        another process holds the database
│   ├── StoreReadOnly    the file or its folder may not be written
│   ├── StoreTooNew      made by a newer binwatt
│   ├── StoreTooOld      needs `binwatt db upgrade`
│   ├── StoreMissing     no store at this address yet
│   └── StoreUnusable    anything else the database says
├── ImportRefused        a file with rows that cannot be used; names every line
└── UplinkRefused        a sensor message that cannot be used
    └── UplinkUnreadable it is not even JSON
"""

from __future__ import annotations


class FleetError(Exception):
    """Root of the ground floor's errors. Its text is one line a person can act on."""


class SettingsError(FleetError):
    """A settings file or variable that cannot be used."""


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
