"""The command line as a person meets it: one line, the right exit code, nothing half done."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def env(sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a user with a fresh store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BINWATT_")}
    return {
        **kept,
        "BINWATT_DB": sqlite_url,
        "BINWATT_STORE_DATA_DIR": str(tmp_path / "data"),
        "BINWATT_OCPP_PORT": "0",
        "BINWATT_HTTP_PORT": "0",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def binwatt(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", *map(str, arguments)],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def said(result: subprocess.CompletedProcess[str], code: int) -> str:
    """What it said on stderr, after a look that it was no traceback and ended with `code`."""
    assert "Traceback" not in result.stderr
    assert result.returncode == code, result.stderr
    return result.stderr


def test_broken_extract_is_one_line(env: dict[str, str], tmp_path: Path):
    """A file that is no OpenStreetMap extract is named with the mend, and nothing is in use afterwards."""
    path = tmp_path / "city.osm.pbf"
    path.write_bytes(b"not a map" * 100)
    line = said(binwatt(env, "import", "roads", path), 2)
    assert line.count("\n") == 1
    assert "city.osm.pbf" in line
    assert "no road network yet" in said(binwatt(env, "plan", "--seconds", "1"), 1)


def test_every_bad_row_is_named_and_none_is_kept(env: dict[str, str], tmp_path: Path):
    """Three bad rows give three lines with number and mend; the good row is not kept either."""
    path = tmp_path / "bins.csv"
    path.write_text("bin_id;lat;lon\nB1;34,92;-2,32\nB2;134;-2,32\n;34,92;-2,32\nB1;34,93;-2,33\n", encoding="utf-8")
    lines = said(binwatt(env, "import", "bins", path), 2)
    assert all(f"line {number}" in lines for number in (3, 4, 5))
    assert json.loads(binwatt(env, "check", "--json").stdout)["bins"] == 0


def test_second_import_updates(env: dict[str, str], tmp_path: Path):
    """The same file twice adds once."""
    path = tmp_path / "bins.csv"
    path.write_text("bin_id,lat,lon\nB1,34.92,-2.32\n", encoding="utf-8")
    first = json.loads(binwatt(env, "import", "bins", path, "--json").stdout)
    second = json.loads(binwatt(env, "import", "bins", path, "--json").stdout)
    assert (first["added"], first["updated"], second["added"], second["updated"]) == (1, 0, 0, 1)


def test_missing_store_names_the_mend(env: dict[str, str], tmp_path: Path):
    """A reading verb does not make a store; it says how to."""
    env["BINWATT_DB"] = f"sqlite:///{tmp_path / 'none.db'}"
    assert "binwatt db upgrade" in said(binwatt(env, "plan"), 2)
    assert not (tmp_path / "none.db").exists()


def test_newer_store_is_left_alone(env: dict[str, str], sqlite_url: str):
    """A store of a newer binwatt is refused by every verb, serve too."""
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for verb in ("check", "serve", "plan"):
        assert "made by a newer binwatt (schema 9999" in said(binwatt(env, verb), 2)


def test_misspelt_setting_is_named(env: dict[str, str]):
    """A variable that does nothing is an error, not a surprise later."""
    env["BINWATT_OCPP_PRT"] = "9000"
    assert "did you mean BINWATT_OCPP_PORT" in said(binwatt(env, "check"), 2)


@pytest.mark.parametrize("what", ["ocpp", "http"])
def test_port_in_use_is_one_line(env: dict[str, str], what: str):
    """A port another program holds is named with the variable that changes it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        env[f"BINWATT_{what.upper()}_PORT"] = str(other.getsockname()[1])
        line = said(binwatt(env, "serve"), 2)
    assert line.count("\n") == 1
    assert f"BINWATT_{what.upper()}_PORT" in line


def test_bad_date_is_bad_input(env: dict[str, str]):
    """A date that is none ends with 2 and says what one looks like."""
    assert "YYYY-MM-DD" in said(binwatt(env, "plan", "--date", "tomorrow"), 2)


def test_tampered_log_fails_the_check(env: dict[str, str], sqlite_url: str, tmp_path: Path):
    """Changing an event after it was written is found, and check ends with 1."""
    path = tmp_path / "bins.csv"
    path.write_text("bin_id,lat,lon\nB1,34.92,-2.32\n", encoding="utf-8")
    binwatt(env, "import", "bins", path)
    assert binwatt(env, "check").returncode == 0
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE event SET data = '{"added":99}' WHERE event_id = 1""")
    engine.dispose()
    assert "event 1 does not fit" in said(binwatt(env, "check"), 1)


def test_doctor_tells_versions_store_and_ports(env: dict[str, str]):
    """What a bug report needs is one command."""
    figures = json.loads(binwatt(env, "doctor", "--json").stdout)
    assert {"python", "libraries", "terminal", "store", "ocpp port", "http port"} <= set(figures)
    assert "ready" in figures["store"]


def test_help_is_quick_and_lists_the_verbs(env: dict[str, str]):
    """`binwatt --help` loads no solver, no screen and no database driver."""
    result = binwatt(env, "--help")
    assert all(
        verb in result.stdout
        for verb in ("demo", "console", "serve", "plan", "import", "twin", "check", "doctor", "db")
    )
    heavy = ("ortools", "numpy", "textual", "sqlmodel", "ocpp")
    code = f"import sys, console.cli; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
