"""What becomes of a sensor's message in the store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from fleet.clock import FixedClock
from fleet.events import Kind
from fleet.sensors import Message, parse_truck_messages, take_message, take_truck_messages
from fleet.store import Store
from fleet.tables import Bin, Place, Sensor, Truck, Uplink


@pytest.fixture
def city(any_store: Store) -> Store:
    """A bin with a sensor, a depot and a truck."""
    with any_store.begin() as work:
        work.bins.upsert(Bin(bin_id="A", lat=34.9, lon=-2.3))
        work.bins.upsert_sensor(
            Sensor(device_id="bin-a", bin_id="A", dev_eui="24E124713B1234AB", empty_mm=1300, full_mm=300)
        )
        work.places.upsert(Place(place_id="depot", name="Depot", lat=34.9, lon=-2.3, is_depot=True))
        work.trucks.upsert(Truck(truck_id="T1", depot_id="depot"))
    return any_store


def message(clock: FixedClock, key: str = "k1", device: str = "bin-a", **fields: object) -> Message:
    plain = Message(
        network="ttn",
        source="city",
        key=key,
        device_ids=(device,),
        dev_eui=None,
        measured_at=clock.at - timedelta(seconds=2),
        received_at=clock.at,
        body="{}",
        decoded={"distance": 800, "battery": 92},
    )
    return replace(plain, **fields)


def uplinks(store: Store) -> list[Uplink]:
    with store.read() as work:
        return list(work.session.exec(select(Uplink)))


def test_a_message_becomes_a_reading(city: Store, clock: FixedClock) -> None:
    """Stored with its reading, and the sensor was seen, with its battery."""
    with city.begin() as work:
        receipt = take_message(work, message(clock))
    assert (receipt.outcome, receipt.bin_id, receipt.fill, receipt.quality) == ("stored", "A", 0.5, "ok")
    with city.read() as work:
        reading = work.bins.latest()["A"]
        sensor = work.bins.sensors()[0]
    assert (reading.fill, reading.distance_mm, reading.device_id) == (0.5, 800, "bin-a")
    assert sensor.battery == pytest.approx(0.92)
    assert sensor.last_seen_at == reading.measured_at


def test_the_same_message_is_stored_once(city: Store, clock: FixedClock) -> None:
    """A duplicate changes nothing and says so."""
    for _ in range(2):
        with city.begin() as work:
            receipt = take_message(work, message(clock))
    assert receipt.outcome == "duplicate"
    with city.read() as work:
        assert work.bins.counts()["readings"] == 1
    assert len(uplinks(city)) == 1


def test_a_sensor_is_found_by_its_eui(city: Store, clock: FixedClock) -> None:
    """ChirpStack knows a sensor by EUI; the city may have imported it under another name."""
    with city.begin() as work:
        receipt = take_message(work, message(clock, device="24e124713b1234ab", dev_eui="24E124713B1234AB"))
    assert receipt.bin_id == "A"


def test_an_unknown_sensor_is_kept_and_told(city: Store, clock: FixedClock) -> None:
    """Its uplinks are kept with the reason; the log says it once an hour, the alarm once."""
    for number in range(3):
        with city.begin() as work:
            receipt = take_message(work, message(clock, key=f"k{number}", device="stranger"))
    assert receipt.outcome == "refused"
    assert "'stranger'" in receipt.why
    assert "import" in receipt.why
    assert [row.outcome.partition(":")[0] for row in uplinks(city)] == ["refused"] * 3
    with city.read() as work:
        assert len(work.events.newest(kinds=[Kind.UPLINK_REFUSED])) == 1
        assert [alarm.kind for alarm in work.alarms.standing()] == ["sensor.unknown"]
    clock.advance(timedelta(hours=2))
    with city.begin() as work:
        take_message(work, message(clock, key="k9", device="stranger"))
        assert len(work.events.newest(kinds=[Kind.UPLINK_REFUSED])) == 2


def test_a_flood_of_strangers_does_not_flood_the_alarms(city: Store, clock: FixedClock) -> None:
    """At most twenty alarms of unknown sensors stand at once."""
    with city.begin() as work:
        for number in range(30):
            take_message(work, message(clock, key=f"k{number}", device=f"stranger-{number}"))
        assert len(work.alarms.standing()) == 20


def test_a_reading_from_the_future_is_refused(city: Store, clock: FixedClock) -> None:
    """More than ten minutes ahead is refused and told; a good message later clears the alarm."""
    with city.begin() as work:
        ahead = message(clock, measured_at=clock.at + timedelta(minutes=11))
        receipt = take_message(work, ahead)
        assert receipt.outcome == "refused"
        assert "11 min in the future" in receipt.why
        assert [alarm.kind for alarm in work.alarms.standing()] == ["sensor.clock"]
    with city.begin() as work:
        near = message(clock, key="k2", measured_at=clock.at + timedelta(minutes=9))
        assert take_message(work, near).outcome == "stored"
        assert work.alarms.standing() == []


def test_a_reading_from_last_week_is_marked(city: Store, clock: FixedClock) -> None:
    """Over seven days old: kept with its fill, marked late."""
    with city.begin() as work:
        receipt = take_message(work, message(clock, measured_at=clock.at - timedelta(days=8)))
    assert (receipt.outcome, receipt.quality, receipt.fill) == ("stored", "late", 0.5)


def test_a_message_out_of_order_does_not_turn_the_sensor_back(city: Store, clock: FixedClock) -> None:
    """An older message is stored, but what the sensor was last seen at stands."""
    with city.begin() as work:
        take_message(work, message(clock))
        take_message(
            work, message(clock, key="k0", measured_at=clock.at - timedelta(hours=1), decoded={"distance": 900})
        )
    with city.read() as work:
        assert work.bins.latest()["A"].fill == pytest.approx(0.5)
        assert work.bins.sensors()[0].last_seen_at == clock.at - timedelta(seconds=2)
        assert work.bins.counts()["readings"] == 2


def test_a_simulated_uplink_counts_only_where_allowed(city: Store, clock: FixedClock) -> None:
    """What the network's simulator sent is kept, and is a reading only when the settings say so."""
    with city.begin() as work:
        assert take_message(work, message(clock, simulated=True)).outcome == "simulated"
        assert take_message(work, message(clock, key="k2", simulated=True), allow_simulated=True).outcome == "stored"


def test_an_implausible_distance_has_no_fill(city: Store, clock: FixedClock) -> None:
    """A distance past the bin's floor is kept with its quality, and the bin's last fill stands."""
    with city.begin() as work:
        take_message(work, message(clock, measured_at=clock.at - timedelta(minutes=30)))
        receipt = take_message(work, message(clock, key="k2", decoded={"distance": 4000}))
        assert (receipt.outcome, receipt.fill, receipt.quality) == ("stored", None, "beyond")
        assert work.bins.latest()["A"].fill == pytest.approx(0.5)


def test_without_a_codec_milesight_bytes_are_read(city: Store, clock: FixedClock) -> None:
    """No decoded payload: the bytes of port 85 give the distance; a codec's empty answer does not hide them."""
    payload = bytes.fromhex("01755C03670101048220030500 00")
    for number, decoded in enumerate((None, {})):
        with city.begin() as work:
            receipt = take_message(work, message(clock, key=f"k{number}", decoded=decoded, payload=payload, port=85))
        assert receipt.fill == pytest.approx(0.5)


def test_a_message_without_a_level_says_what_is_missing(city: Store, clock: FixedClock) -> None:
    """A battery report alone is kept, updates the sensor, and is no reading."""
    with city.begin() as work:
        receipt = take_message(work, message(clock, decoded={"battery": 40}))
        assert receipt.outcome == "no level"
        assert "codec" in receipt.why
        assert work.bins.counts()["readings"] == 0
        assert work.bins.sensors()[0].battery == pytest.approx(0.4)


def test_trucks_positions_and_emptyings_are_kept_once(city: Store, clock: FixedClock) -> None:
    """A list of positions and emptyings, sent twice, is stored once; strangers in it are named."""
    at = clock.at.isoformat()
    body = json.dumps(
        [
            {"truck": "T1", "time": at, "lat": 34.9, "lon": -2.3, "activity": "driving", "soc": 0.8},
            {"truck": "T1", "time": at, "emptied": "A", "fill_before": 0.9},
            {"truck": "T9", "time": at, "lat": 34.9, "lon": -2.3},
            {"truck": "T1", "time": at, "emptied": "Z"},
        ]
    ).encode()
    with city.begin() as work:
        first = take_truck_messages(work, parse_truck_messages(body))
    with city.begin() as work:
        again = take_truck_messages(work, parse_truck_messages(body))
        assert work.bins.counts()["emptyings"] == 1
        assert work.trucks.states()["T1"].soc == pytest.approx(0.8)
    assert (first.positions, first.emptyings, first.known) == (1, 1, 0)
    assert (again.positions, again.emptyings, again.known) == (0, 0, 2)
    assert any("'T9'" in why for why in first.refused)
    assert any("'Z'" in why for why in first.refused)
