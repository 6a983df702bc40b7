"""The store: one database, verbs by family, a group-commit writer and a tail of events."""

from fleet.store.plans import WholePlan
from fleet.store.store import Store
from fleet.store.tail import Cursor, Source, Tail
from fleet.store.work import Work
from fleet.store.writer import Writer

__all__ = ["Cursor", "Source", "Store", "Tail", "WholePlan", "Work", "Writer"]
