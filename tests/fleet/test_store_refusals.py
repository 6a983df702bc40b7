"""A store that cannot be used says what is wrong, where, and the mend, in one line."""

from __future__ import annotations

import os
import pwd
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from fleet.errors import StoreBusy, StoreError, StoreMissing, StoreReadOnly, StoreTooNew, StoreTooOld, StoreUnusable
from fleet.events import Kind
from fleet.store import Store
from fleet.store import engine as store_engine

WRITE_AS_NOBODY = """
import os, sys
uid = int(sys.argv[2])
from fleet.errors import StoreError
from fleet.events import Kind
from fleet.store import Store
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
try:
    store = Store.open(sys.argv[1])
    with store.begin() as work:
        work.events.append(Kind.SERVER_STARTED, "serve")
except StoreError as error:
    print(type(error).__name__, error)
else:
    print("written")
"""


def one_line(error: StoreError) -> str:
    assert "\n" not in str(error)
    return str(error)


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    """Opening does not make one; it says how to."""
    with pytest.raises(StoreMissing) as told:
        Store.open(f"sqlite:///{tmp_path}/none.db")
    assert "binwatt db upgrade" in one_line(told.value)
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A path into nowhere names the folder to make."""
    with pytest.raises(StoreMissing) as told:
        Store.create(f"sqlite:///{tmp_path}/nowhere/store.db")
    assert "create its folder" in one_line(told.value)


@pytest.mark.parametrize("content", [b"this is no database at all, only text\n" * 40, b"\x00" * 4096])
def test_a_file_that_is_not_a_database(tmp_path: Path, content: bytes) -> None:
    """Some other file is left as it was."""
    path = tmp_path / "store.db"
    path.write_bytes(content)
    for open_it in (Store.open, Store.create):
        with pytest.raises(StoreUnusable) as told:
            open_it(f"sqlite:///{path}")
        assert "not a SQLite database" in one_line(told.value)
    assert path.read_bytes() == content


def test_an_address_that_is_none() -> None:
    """What is not an address, or another database, names the two that are meant."""
    for address in ("nonsense", "mysql://root@localhost/x", ""):
        with pytest.raises(StoreUnusable, match="sqlite:///PATH"):
            Store.open(address)


def test_a_store_of_a_newer_binwatt(any_store: Store, any_url: str) -> None:
    """A schema this binwatt does not know is not touched, neither by opening nor by upgrading."""
    with any_store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for open_it in (Store.open, Store.create):
        with pytest.raises(StoreTooNew) as told:
            open_it(any_url)
        assert "schema 9999" in one_line(told.value)


def test_a_store_of_an_older_binwatt(tmp_path: Path) -> None:
    """A database without our schema is not opened, but may be made ready."""
    url = f"sqlite:///{tmp_path}/old.db"
    sqlite3.connect(tmp_path / "old.db").execute("CREATE TABLE other (x)").connection.close()
    with pytest.raises(StoreTooOld) as told:
        Store.open(url)
    assert "binwatt db upgrade" in one_line(told.value)
    Store.create(url).close()
    Store.open(url).close()


def test_a_store_that_another_process_holds(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the busy timeout a writer is told so; a reader reads on."""
    monkeypatch.setattr(store_engine, "BUSY_SECONDS", 0.2)
    store = Store.open(sqlite_url)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with store.read() as work:
        assert work.bins.all() == []
    with pytest.raises(StoreBusy) as told, store.begin() as work:
        work.events.append(Kind.SERVER_STARTED, "serve")
    assert "another process" in one_line(told.value)
    holder.close()
    store.close()


@pytest.mark.parametrize("locked", ["file", "folder"])
def test_a_store_that_may_not_be_written(sqlite_url: str, locked: str) -> None:
    """A process without the right to write (a plain user where tests run as root) is told which right is missing."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    uid = os.geteuid()
    if uid == 0:
        uid = pwd.getpwnam("nobody").pw_uid
        for folder in (path.parent, *path.parent.parents[:3]):
            folder.chmod(0o755)
    path.chmod(0o444 if locked == "file" else 0o666)
    path.parent.chmod(0o777 if locked == "file" and os.geteuid() == 0 else 0o555)
    code = [sys.executable, "-c", WRITE_AS_NOBODY, sqlite_url, str(uid)]
    try:
        ran = subprocess.run(code, capture_output=True, text=True, timeout=60, check=True)
    finally:
        path.parent.chmod(0o755)
    kind, _, said = ran.stdout.strip().partition(" ")
    assert kind == StoreReadOnly.__name__, ran.stdout
    assert "write access" in said
    assert len(ran.stdout.splitlines()) == 1


def test_a_postgresql_that_is_not_there(tmp_path: Path) -> None:
    """No server at the address: say so, and never show a password."""
    with pytest.raises(StoreMissing) as told:
        Store.open(f"postgresql://city:hush@/binwatt?host={tmp_path}&connect_timeout=2")
    assert "no PostgreSQL answers" in one_line(told.value)
    assert "hush" not in str(told.value)


@pytest.mark.postgres
def test_a_postgresql_database_that_is_not_there(postgres_server: str) -> None:
    """The server answers but has no such database."""
    with pytest.raises(StoreMissing) as told:
        Store.open(postgres_server.format(name="nowhere"))
    assert "nowhere" in one_line(told.value)
