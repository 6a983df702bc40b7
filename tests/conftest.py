"""What tests of every room share: fresh stores on real databases, a clock that stands, and real data.

`store` is a fresh SQLite store; `any_store` runs a test on SQLite and on PostgreSQL, where its programs are installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from fleet.clock import FixedClock
from fleet.migrations import KNOWN
from fleet.store import Store

EVENING = datetime(2026, 3, 10, 19, 0, tzinfo=UTC)
"""A Tuesday, so that weekday rules have something to hold on to."""


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at `EVENING` until a test moves it."""
    return FixedClock(EVENING)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: BINWATT_DATA, or ../shared/data beside the checkout."""
    named = os.environ.get("BINWATT_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real data not here: set BINWATT_DATA, or put it at ../shared/data beside the checkout")
    return folder


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite store that tests copy instead of migrating anew."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    Store.create(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite store."""
    path = tmp_path / "binwatt.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A private PostgreSQL on a socket in a folder of its own; its address without a database name."""
    programs = _find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here (no initdb and postgres found)")
    account = _unprivileged_account()
    if os.geteuid() == 0 and account is None:
        pytest.skip("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")
    home = Path(tempfile.mkdtemp(prefix="bw-pg-", dir="/tmp"))  # a socket's path may have 107 bytes at most
    as_account: dict[str, object] = {}
    if os.geteuid() == 0 and account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
        as_account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": home, **as_account}
    init = [programs / "initdb", "-D", home / "data", "-U", "binwatt", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*init, "--locale=C"], check=True, timeout=60, **quiet)
    settings = (
        *("listen_addresses=", f"unix_socket_directories={home}", "max_connections=60"),
        *("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off"),
    )
    flags = [part for setting in settings for part in ("-c", setting)]
    server = subprocess.Popen([programs / "postgres", "-D", home / "data", *flags], **quiet)
    try:
        address = f"postgresql+psycopg://binwatt@/{{name}}?host={home}"
        _await_postgres(address.format(name="postgres"), server)
        _make_database(address, "binwatt")
        Store.create(address.format(name="binwatt")).close()
        yield address
    finally:
        server.send_signal(signal.SIGINT)  # "fast": ends sessions that a failing test left open
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty PostgreSQL store: the same for every test, emptied anew."""
    url = postgres_server.format(name="binwatt")
    _empty_postgres(url)
    return url


@pytest.fixture
def store(sqlite_url: str, clock: FixedClock) -> Iterator[Store]:
    """A fresh SQLite store on the test's clock."""
    opened = Store.open(sqlite_url, clock)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh store, on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def any_store(any_url: str, clock: FixedClock) -> Iterator[Store]:
    """A fresh store on the test's clock, on SQLite and on PostgreSQL."""
    opened = Store.open(any_url, clock)
    yield opened
    opened.close()


def _find_postgres() -> Path | None:
    """The folder of PostgreSQL's own programs: newest packaged one, else what PATH knows."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    folders = [*packaged, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in folders if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _unprivileged_account() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _await_postgres(url: str, server: subprocess.Popen[bytes]) -> None:
    engine = create_engine(url)
    until = time.monotonic() + 30
    while True:
        try:
            engine.connect().close()
        except Exception:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            engine.dispose()
            return


def _make_database(address: str, name: str) -> None:
    engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()


def _empty_postgres(url: str) -> None:
    """Take every row out and start every number at 1 again; ten times quicker than a database for each test."""
    engine = create_engine(url)
    with engine.begin() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        for table in reversed(SQLModel.metadata.sorted_tables):
            connection.execute(table.delete())
        for sequence in (
            connection.execute(text("SELECT sequence_name FROM information_schema.sequences")).scalars().all()
        ):
            connection.execute(text(f'ALTER SEQUENCE "{sequence}" RESTART'))
        connection.execute(text("UPDATE alembic_version SET version_num = :known"), {"known": KNOWN[-1]})
    engine.dispose()
