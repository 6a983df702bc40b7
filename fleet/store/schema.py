"""Which migrations the store has had. Looking costs one row; Alembic is imported only to upgrade."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, inspect, text

from fleet.errors import StoreTooNew, StoreTooOld
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


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date, in one transaction."""
    from alembic import command  # 0.4 s, needed only here
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    with engine.connect() as connection:
        writer = connection.execution_options(binwatt_write=True)
        with writer.begin():
            config.attributes["connection"] = writer
            command.upgrade(config, "head")
