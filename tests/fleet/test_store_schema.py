"""The schema: migrations, models and what the program thinks it knows are one and the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData
from sqlmodel import SQLModel

from fleet import migrations
from fleet.store import Store
from fleet.store.engine import make_engine
from fleet.store.schema import upgrade

EVENING = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)


def test_migrations_make_exactly_the_models(any_store: Store) -> None:
    """Migrated up, the database differs in nothing from the SQLModel classes."""
    with any_store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_known_is_what_alembic_would_run() -> None:
    """KNOWN lists alembic's revisions in order and ends at its only head."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [migrations.KNOWN[-1]]
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == tuple(migrations.KNOWN)


def test_an_upgrade_keeps_what_refers_to_a_table_made_anew(tmp_path: Path) -> None:
    """A store of an earlier version with a plan in it is upgraded, and its routes and stops are still there."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    upgrade(engine, "0004")
    with engine.connect().execution_options(binwatt_write=True) as connection, connection.begin():
        old = MetaData()
        old.reflect(connection)
        for name, known in (
            ("place", {"place_id": "depot"}),
            ("truck", {"truck_id": "T1", "depot_id": "depot"}),
            ("bin", {"bin_id": "B1"}),
            ("plan", {"plan_id": 1}),
            ("route", {"route_id": 1, "plan_id": 1, "truck_id": "T1"}),
            ("stop", {"stop_id": 1, "route_id": 1, "bin_id": "B1"}),
        ):
            table = old.tables[name]
            needed = {column.name: _some(column) for column in table.columns if not column.nullable}
            connection.execute(table.insert().values(needed | known))
    upgrade(engine)
    engine.dispose()
    store = Store.open(f"sqlite:///{tmp_path / 'old.db'}")
    with store.read() as work:
        whole = work.plans.whole(1)
    store.close()
    assert whole is not None
    assert [[stop.bin_id for stop in stops] for _, stops in whole.routes] == [["B1"]]


def _some(column: Column[Any]) -> object:
    """Any value a column takes."""
    kinds: dict[type, object] = {object: [], dict: [], bool: False, datetime: EVENING, date: EVENING.date()}
    kind = column.type.python_type
    return kinds[kind] if kind in kinds else kind()
