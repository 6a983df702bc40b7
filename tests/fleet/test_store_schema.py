"""The schema: migrations, models and what the program thinks it knows are one and the same."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from fleet import migrations
from fleet.store import Store


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
