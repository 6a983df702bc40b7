"""Which migrations the store has had. Looking costs one row; Alembic is imported only to upgrade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from fleet.errors import StoreTooNew, StoreTooOld, StoreUnusable
from fleet.migrations import KNOWN


def check_version(engine: Engine, place: str, *, allow_old: bool = False) -> None:
    """Refuse a store this binwatt does not fit.

    Raises:
        StoreTooNew: it had a migration this binwatt does not know.
        StoreTooOld: it lacks one, and `allow_old` is not given.
    """
    with engine.connect() as connection:
        found = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if inspect(connection).has_table("alembic_version")
            else None
        )
    if found is not None and found not in KNOWN:
        raise StoreTooNew(
            f"{place}: made by a newer binwatt (schema {found}, this one knows up to {KNOWN[-1]}); update"
        )
    if found != KNOWN[-1] and not allow_old:
        raise StoreTooOld(f"{place}: schema {found or 'none'}, this binwatt needs {KNOWN[-1]}; run: binwatt db upgrade")


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the schema up to date, in one transaction.

    Raises:
        StoreUnusable: rows would refer to rows that are not there; nothing is changed.
    """
    from alembic import command  # 0.4 s, needed only here
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    with engine.connect() as connection, _tables_may_be_made_anew(connection):
        writer = connection.execution_options(binwatt_write=True)
        with writer.begin():
            config.attributes["connection"] = writer
            command.upgrade(config, to)
            if engine.dialect.name == "sqlite":
                astray = writer.exec_driver_sql("PRAGMA foreign_key_check").first()
                if astray is not None:
                    raise StoreUnusable(f"upgrade refused: a row of {astray[0]} refers to one of {astray[2]} not there")


@contextmanager
def _tables_may_be_made_anew(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which under foreign keys deletes what refers to it
    (sqlite.org, "Making Other Kinds Of Table Schema Changes"): off for the upgrade, and only outside a transaction.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")
