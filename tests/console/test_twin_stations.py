"""`binwatt twin stations` as a process against our own central system."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from chargers.central import CentralSystem
from chargers.twin.personalities import PERSONALITIES, pick, table
from chargers.twin.spec import Misbehaviour
from chargers.twin.tally import Latency
from console.errors import ConsoleError
from console.twin.stations import read_passwords
from fleet.passwords import hash_password
from fleet.settings import OcppSettings
from fleet.store import Writer
from fleet.tables import Evse, IdToken, MeterValue, Place, Station, Transaction

PASSWORD = "a-long-secret-of-the-crowd"
COUNT = 12


@asynccontextmanager
async def depot(store):
    key = hash_password(PASSWORD)
    with store.begin() as work:
        work.places.upsert(Place(place_id="D", name="Depot", lat=34.9, lon=-2.3, is_depot=True, site_limit_kw=500))
        work.stations.upsert_token(IdToken(token="TWIN"))
        for number in range(1, COUNT + 1):
            name = f"TWIN-{number:04}"
            row = Station(station_id=name, place_id="D", fallback_kw=4.2, password_hash=key)
            work.stations.upsert(row, [Evse(station_id=name, number=1, max_kw=50.0)])
    writer = Writer(store)
    central = CentralSystem(store, writer, OcppSettings(port=0))
    writer.start()
    await central.start()
    try:
        yield central
    finally:
        await central.stop()
        await writer.stop()


async def run(*arguments):
    """(exit code, standard output, standard error) of the command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "console",
        "twin",
        "stations",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "100"},
    )
    async with asyncio.timeout(40):
        out, errors = await process.communicate()
    return process.returncode, out.decode(), errors.decode()


@pytest.mark.parametrize("version", ["1.6", *(pytest.param(v, marks=pytest.mark.slow) for v in ("2.0.1", "2.1"))])
async def test_a_crowd_charges_and_is_summed_up(store, version):
    """A dozen stations of mixed characters: all connected, all charging, no fault, and the store has their readings."""
    async with depot(store) as central:
        url = f"ws://127.0.0.1:{central.port}/ocpp"
        crowd = ("--url", url, "--count", str(COUNT), "--version", version, "--password", PASSWORD)
        manner = ("--personality", "civil,quiet,deaf,sloppy", "--speed", "60", "--rate", "40", "--seconds", "5")
        code, out, errors = await run(*crowd, *manner, "--json")
    with store.read() as work:
        charges = list(work.session.exec(select(Transaction)))
        readings = len(list(work.session.exec(select(MeterValue))))
    figures = json.loads(out)
    assert (code, errors) == (0, "")
    assert (figures["connected"], figures["complaints"], figures["broken"]) == (COUNT, [], [])
    assert len(charges) >= COUNT
    assert readings > COUNT
    assert figures["sent"] >= figures["answered"] - figures["received"] > 80
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"] < 5000


async def test_nobody_listening_is_one_line():
    """Exit code 1 and one line that says what to look at."""
    code, _, errors = await run("--url", "ws://127.0.0.1:9/ocpp", "--count", "2", "--seconds", "1")
    assert code == 1
    assert "no station was connected" in errors.splitlines()[-1]


async def test_bad_arguments_are_one_line():
    """A personality nobody has and a version nobody speaks: exit code 2."""
    code, _, errors = await run("--personality", "angelic")
    assert (code, len(errors.splitlines())) == (2, 1)
    assert "no personality 'angelic'" in errors
    assert (await run("--version", "1.5"))[0] == 2


def test_the_list_is_the_page():
    """docs/twin-stations.md holds the rows of every personality as the program has them."""
    page = (Path(__file__).parents[2] / "docs" / "twin-stations.md").read_text("utf-8")
    assert table() in page


def test_every_manner_belongs_to_somebody():
    """No bad manner is left without a personality that shows it, and names are had once."""
    shown = {manner for one in PERSONALITIES for manner in one.manners}
    assert shown == set(Misbehaviour)
    assert len({one.name for one in PERSONALITIES}) == len(PERSONALITIES)
    assert pick("all") == PERSONALITIES


def test_keys_are_read_from_a_file(tmp_path):
    """Station and key; a line without a key is named."""
    file = tmp_path / "keys.csv"
    file.write_text("A, one\nB,two\n")
    assert read_passwords(file) == {"A": "one", "B": "two"}
    file.write_text("A,one\nB\n")
    with pytest.raises(ConsoleError, match=r"keys\.csv, line 2"):
        read_passwords(file)


def test_quantiles_are_at_most_five_percent_too_long():
    """p50 and p99 of a thousand known times."""
    latency = Latency()
    for number in range(1, 1001):
        latency.note(number / 1000)
    for share in (0.5, 0.99):
        assert share <= latency.quantile(share) <= share * 1.05
    assert Latency().quantile(0.5) is None
