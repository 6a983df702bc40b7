"""Settings: one file and the environment, checked whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.errors import SettingsError
from fleet.settings import load


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "binwatt.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without a file and without variables the defaults hold, and nothing listens beyond this machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings = load({})
    assert (settings.ocpp.host, settings.http.host) == ("127.0.0.1", "127.0.0.1")
    assert settings.db.startswith("sqlite:///")


def test_environment_wins_over_the_file(tmp_path: Path):
    """A variable beats the same key of the file; other keys of the file stay."""
    path = write(tmp_path, "[ocpp]\nport = 9100\nheartbeat_seconds = 60\n")
    settings = load({"BINWATT_OCPP_PORT": "9200"}, path)
    assert (settings.ocpp.port, settings.ocpp.heartbeat_seconds) == (9200, 60)


def test_db_has_a_short_name():
    """BINWATT_DB is the store's address."""
    assert load({"BINWATT_DB": "sqlite:////var/x.db"}).db == "sqlite:////var/x.db"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[ocp]\nport = 1\n", "no table [ocp]; did you mean ocpp?"),
        ("[ocpp]\nprot = 1\n", "[ocpp] has no key 'prot'; did you mean port?"),
        ('[ocpp]\nport = "9000"\n', "[ocpp] port: '9000' is not a whole number"),
        ('[ocpp]\nunknown_stations = "ask"\n', "is not one of 'refuse', 'park'"),
        ('[city]\ntime_zone = "Africa/Berkane"\n', "'Africa/Berkane' is no time zone"),
        ("[depot]\ntariff = 3\n", "must be a list of [time, price]"),
        ("ocpp = 3\n", "ocpp must be a table"),
        ("[ocpp\n", "is not TOML"),
    ],
)
def test_bad_file_is_named_with_key_and_mend(tmp_path: Path, text: str, says: str):
    """Every mistake in the file gives one line that names file or key and what would do."""
    with pytest.raises(SettingsError) as caught:
        load({}, write(tmp_path, text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_variable_is_named_with_the_nearest():
    """A misspelt variable is not silently ignored."""
    with pytest.raises(
        SettingsError, match="BINWATT_OCPP_PRT: there is no such setting; did you mean BINWATT_OCPP_PORT"
    ):
        load({"BINWATT_OCPP_PRT": "1"})


def test_named_file_must_exist(tmp_path: Path):
    """A settings file that was named but is not there is an error, not a default."""
    with pytest.raises(SettingsError, match="no such settings file"):
        load({"BINWATT_SETTINGS": str(tmp_path / "none.toml")})


def test_readme_lists_every_setting():
    """Every key of every table stands in the README, so that nobody has to read the code to find it."""
    from dataclasses import fields

    from fleet.settings import Settings

    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    settings = Settings()
    keys = [f"{part.name}.{item.name}" for part in fields(settings) for item in fields(getattr(settings, part.name))]
    assert [key for key in keys if f"`{key}`" not in readme] == []
