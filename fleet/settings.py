"""Settings: one TOML file and BINWATT_ environment variables, read once, checked whole.

The file is `BINWATT_SETTINGS`, else `binwatt.toml` in the user's configuration directory. The environment wins over the
file: table and key joined by an underscore, so `[ocpp] port` is BINWATT_OCPP_PORT; `BINWATT_DB` is `[store] db`.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from fleet.errors import SettingsError

APP = "binwatt"
ENV_FILE = "BINWATT_SETTINGS"
SHORT_NAMES = {"BINWATT_DB": ("store", "db")}
OUTSIDE = {ENV_FILE, "BINWATT_DATA"}
"""Variables with our prefix that are no settings: where this file is, and where the tests find real data."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where things are kept."""

    db: str = ""
    """A SQLAlchemy URL; empty: SQLite in the data directory."""
    data_dir: str = ""
    """For caches, logs and the SQLite file; empty: the user data directory."""


@dataclass(frozen=True, slots=True)
class CitySettings:
    """What differs from city to city."""

    name: str = "Berkane"
    time_zone: str = "Africa/Casablanca"
    calendar: str = "morocco"
    """Holidays, market days and Ramadan: the name of a calendar that comes with binwatt, or a TOML file."""
    simulated: bool = False
    """Everything in this store is simulated: the console says so and offers the time controls."""


@dataclass(frozen=True, slots=True)
class OcppSettings:
    """The central system."""

    host: str = "127.0.0.1"
    port: int = 9000
    unknown_stations: Literal["refuse", "park"] = "refuse"
    """An identity nobody entered: refused, or parked until a dispatcher decides."""
    open_stations: bool = False
    """Let stations without a password of their own connect."""
    heartbeat_seconds: int = 300
    call_timeout_seconds: float = 30.0
    compression: bool = False
    """Offer permessage-deflate; costs memory per station (the `websockets` transport is used then)."""
    tls_port: int = 0
    """Where stations of security profile 2 and 3 connect; 0: no TLS."""
    tls_certificate: str = ""
    """PEM file of the server's certificate and what leads to its root; empty: one of our own authority."""
    tls_key: str = ""
    least_security: int = 1
    """Security profile a station needs where its row says nothing: 0 none, 1 password, 2 and TLS, 3 certificate."""
    open_networks: str = ""
    """Address ranges from which profile 0 is let in, comma separated, e.g. "10.1.0.0/16"."""
    frames_days: int = 30
    """How long exchanged frames are kept; 0: they are not."""
    meter_days: int = 400
    """How long meter values are kept before only their hours remain."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Webhooks and health."""

    host: str = "127.0.0.1"
    port: int = 8080
    ingest_token: str = ""
    """What senders must show; empty: nothing is asked."""
    order_token: str = ""
    """What POST /api/v1/orders asks for; empty: it is closed."""
    public_token: str = ""
    """What readers of the stations' public status show (OCPI); empty: nothing is asked."""
    ocpi_party: str = "MA*BWT"
    """Who runs the stations, as OCPI writes it: country of two letters, a star, three letters."""
    ocpi_country: str = "MAR"
    """The country of the stations, three letters."""
    public_url: str = ""
    """How stations reach this server for firmware and logs; empty: http://host:port."""
    most_upload_mb: int = 50


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """The night job."""

    seconds: float = 60.0
    """For the solver."""
    engine: Literal["portfolio", "own", "ortools", "pyvrp"] = "portfolio"
    workers: int = 1
    """Processes that search side by side."""
    days: int = 1
    """Nights looked ahead: 1 to 7."""
    roads: Literal["built-in", "osrm", "valhalla", "openrouteservice"] = "built-in"
    """Who measures the roads; the built-in network steps in when another does not answer."""
    roads_url: str = ""
    speeds: str = ""
    """A TOML file of speeds by road class and hour; empty: the defaults."""
    overflow_cost: float = 250.0
    """What an overflow is taken to cost: cleaning the spot and the complaint."""
    currency: str = "MAD"
    co2_kg_per_kwh: float = 0.6
    """Of the grid's electricity."""
    history_days: int = 28
    mandatory_p: float = 0.5
    """A bin whose chance to overflow before its next round is at least this must be visited."""
    reserve: float = 0.15
    """Of the battery, kept at the end of a round."""
    publish: bool = False


@dataclass(frozen=True, slots=True)
class DepotSettings:
    """Charging at the depot."""

    slot_minutes: int = 15
    prudence: Literal["normal", "prudent"] = "prudent"
    """How much is given for readiness: see docs/why.md."""
    margin_kw: float = 2.0
    """Kept free under the site limit."""
    tariff: tuple[tuple[str, float], ...] = (("00:00", 0.74), ("07:00", 1.01), ("17:00", 1.42), ("22:00", 0.74))
    """(local time, price per kWh) from which it holds. The defaults are to be checked on the bill."""


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The screen."""

    language: Literal["en", "fr", "ar"] = "en"
    glyphs: Literal["braille", "half", "ascii"] = "braille"
    operator: str = ""
    """Who gives orders; empty: the login name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process."""

    store: StoreSettings = field(default_factory=StoreSettings)
    city: CitySettings = field(default_factory=CitySettings)
    ocpp: OcppSettings = field(default_factory=OcppSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    depot: DepotSettings = field(default_factory=DepotSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)

    @property
    def data_dir(self) -> Path:
        """Where caches, logs and the default store lie."""
        return Path(self.store.data_dir) if self.store.data_dir else Path(platformdirs.user_data_dir(APP))

    @property
    def db(self) -> str:
        """The store's address."""
        return self.store.db or f"sqlite:///{self.data_dir / 'binwatt.db'}"

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.city.time_zone)


def load(env: Mapping[str, str], file: Path | None = None) -> Settings:
    """Read the file (if there is one) and the environment.

    Raises:
        SettingsError: one line: the place, what is wrong, the nearest thing that exists.
    """
    named = env.get(ENV_FILE)
    path = file or (Path(named) if named else Path(platformdirs.user_config_dir(APP)) / "binwatt.toml")
    given = _read(path, must_exist=file is not None or named is not None)
    parts: dict[str, Any] = {}
    sections = {item.name: item for item in fields(Settings)}
    for name in given:
        if name not in sections:
            raise SettingsError(f"{path}: there is no table [{name}]{_nearest(name, sections)}")
    from_env = _from_env(env)
    for name, item in sections.items():
        maker = item.default_factory
        assert maker is not MISSING
        table = given.get(name, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{path}: {name} must be a table; write [{name}] on a line of its own")
        parts[name] = _make(type(maker()), name, table, from_env.get(name, {}), path)
    settings = Settings(**parts)
    try:
        _ = settings.zone
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(
            f"city.time_zone: {settings.city.time_zone!r} is no time zone, e.g. Africa/Casablanca"
        ) from None
    return settings


def _read(path: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"{path}: no such settings file; correct {ENV_FILE}") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from None


def _from_env(env: Mapping[str, str]) -> dict[str, dict[str, tuple[str, str]]]:
    """Section -> key -> (variable, text)."""
    known = dict(SHORT_NAMES)
    for section in fields(Settings):
        assert section.default_factory is not MISSING
        for item in fields(section.default_factory()):
            known[f"BINWATT_{section.name}_{item.name}".upper()] = (section.name, item.name)
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for name, text in env.items():
        if not name.startswith("BINWATT_") or name in OUTSIDE:
            continue
        if name not in known:
            raise SettingsError(f"{name}: there is no such setting{_nearest(name, known)}")
        section_name, key = known[name]
        found.setdefault(section_name, {})[key] = (name, text)
    return found


def _make(
    kind: type[Any], section: str, table: dict[str, Any], from_env: dict[str, tuple[str, str]], path: Path
) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            raise SettingsError(f"{path}: [{section}] has no key {key!r}{_nearest(key, hints)}")
        values[key] = _check(value, hints[key], f"{path}: [{section}] {key}")
    for key, (variable, text) in from_env.items():
        values[key] = _check(_parse(text, hints[key], variable), hints[key], variable)
    return kind(**values)


def _parse(text: str, hint: Any, place: str) -> Any:
    if hint is str or get_origin(hint) is Literal:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise SettingsError(f"{place}: {text!r} is not {_describe(hint)}") from None


def _check(value: Any, hint: Any, place: str) -> Any:
    if get_origin(hint) is Literal:
        if value in get_args(hint):
            return value
        raise SettingsError(f"{place}: {value!r} is not {_describe(hint)}")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (bool, int, float, str):
        if type(value) is hint:
            return value
        raise SettingsError(f"{place}: {value!r} is not {_describe(hint)}")
    try:
        return tuple((str(at), float(price)) for at, price in value)
    except (TypeError, ValueError):
        raise SettingsError(f'{place}: must be a list of [time, price], e.g. [["22:00", 0.74]]') from None


def _describe(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(repr(choice) for choice in get_args(hint))
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names.get(hint, "a list of [time, price]")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"; did you mean {close[0]}?" if close else f"; known: {', '.join(sorted(known))}"
