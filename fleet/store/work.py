"""One unit of work: the verbs of the store by family, all in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from fleet.clock import Clock
from fleet.store.alarms import Alarms
from fleet.store.bins import Bins
from fleet.store.campaigns import Campaigns
from fleet.store.chain import Events
from fleet.store.charging import Charging
from fleet.store.desk_views import DeskViews
from fleet.store.devices import Devices
from fleet.store.files import Files
from fleet.store.forecasts import Forecasts
from fleet.store.frames import Frames
from fleet.store.leases import Leases
from fleet.store.meters import Meters
from fleet.store.money import Money
from fleet.store.orders import Orders
from fleet.store.places import Places
from fleet.store.plans import Plans
from fleet.store.reports import Reports
from fleet.store.reservations import Reservations
from fleet.store.roads import Roads
from fleet.store.shaping import Shaping
from fleet.store.sites import Sites
from fleet.store.stations import Stations
from fleet.store.tokens import Tokens
from fleet.store.trucks import Trucks
from fleet.store.trust import Trust


class Work:
    """The store's verbs inside one transaction; rows it hands out stay readable after it.

    `work.bins`, `work.orders`, … group the verbs; `work.events.append(…)` says what happened. What is written here and
    what is said of it become visible together, or not at all.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self._clock = clock
        self.postgres = session.get_bind().dialect.name == "postgresql"
        self.events = Events(self)
        self.orders = Orders(self)
        self.alarms = Alarms(self)
        self.places = Places(self)
        self.roads = Roads(self)
        self.bins = Bins(self)
        self.forecasts = Forecasts(self)
        self.reports = Reports(self)
        self.trucks = Trucks(self)
        self.plans = Plans(self)
        self.shaping = Shaping(self)
        self.stations = Stations(self)
        self.tokens = Tokens(self)
        self.reservations = Reservations(self)
        self.files = Files(self)
        self.devices = Devices(self)
        self.trust = Trust(self)
        self.charging = Charging(self)
        self.leases = Leases(self)
        self.frames = Frames(self)
        self.meters = Meters(self)
        self.money = Money(self)
        self.sites = Sites(self)
        self.campaigns = Campaigns(self)
        self.desk = DeskViews(self)

    @property
    def now(self) -> datetime:
        """The clock's now, aware UTC."""
        return self._clock.now()

    def insert_new(self, table: type[SQLModel], values: dict[str, object]) -> bool:
        """Insert one row unless a unique key says it is there already; True when it was new."""
        self.session.flush()
        return self.session.connection().execute(_insert_unless_there(table, self.postgres), values).rowcount == 1

    def insert_many(self, table: type[SQLModel], rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows in bulk, leaving out those that are there already. All rows name the same columns.

        Rows are plain mappings: making a SQLModel instance costs ten times its insert.
        """
        if rows:
            self.session.connection().execute(_insert_unless_there(table, self.postgres), rows)

    def upsert(
        self,
        table: type[SQLModel],
        key: dict[str, object],
        values: dict[str, object],
        only: Collection[str] | None = None,
    ) -> bool:
        """Insert or update the row with this key; True when it was new. `only` these columns of a row that is there."""
        match = [getattr(table, name) == value for name, value in key.items()]
        if self.insert_new(table, {**key, **values}):
            return True
        changes = values if only is None else {name: value for name, value in values.items() if name in only}
        if changes:
            self.session.execute(update(table).where(*match).values(**changes))
        return False

    def add(self, table: type[SQLModel], values: dict[str, object]) -> int:
        """Insert one row and give its number."""
        result = self.session.execute(insert(table).values(**values))
        return int(result.inserted_primary_key[0])  # type: ignore[attr-defined]


@cache
def _insert_unless_there(table: type[SQLModel], to_postgres: bool) -> Executable:
    """The statement once for each table: building it anew costs more than running it.

    Inline, for numbers are not asked back; PostgreSQL's driver keeps the count of rows only when told to.
    """
    core = SQLModel.metadata.tables[str(table.__tablename__)]
    maker = postgresql.insert if to_postgres else sqlite.insert
    return maker(core).on_conflict_do_nothing().inline().execution_options(preserve_rowcount=True)
