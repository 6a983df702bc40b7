"""A tail follows what it is asked to follow, and rests between looks."""

import time
from itertools import pairwise

from fleet.events import Kind
from fleet.store import Source, Store
from fleet.store.tail import LOOK_SECONDS
from fleet.tables import MeterValue


def put_meter_value(store: Store, evse: int) -> None:
    with store.begin() as work:
        work.session.add(MeterValue(station_id="CP-1", evse=evse, measured_at=work.now, context="", power_w=7000.0))
        work.events.append(Kind.SERVER_STARTED, "server")


def test_a_tail_gives_only_the_sources_it_follows(any_store: Store) -> None:
    """Who asks for events alone is told of no meter value; who asks for nothing gets all."""
    with any_store.tail(sources=frozenset({Source.EVENTS})) as narrow, any_store.tail() as wide:
        put_meter_value(any_store, 1)
        assert [event.kind for event in narrow.read()] == [Kind.SERVER_STARTED]
        events = wide.read()
    assert [event.kind for event in events] == [Kind.SERVER_STARTED, Kind.EVSE_METERED]
    assert events[1].data == {
        "station": "CP-1",
        "evse": 1,
        "ref": "",
        "power_w": 7000.0,
        "energy_wh": None,
        "soc": None,
        "offered_w": None,
    }
    assert events[1].at == any_store.clock.now()


def test_a_busy_store_wakes_a_tail_no_more_often_than_it_looks(store: Store) -> None:
    """With a commit before every wait, two wakes lie at least one look apart: many commits make one read."""
    with store.tail() as tail:
        tail.wait(1)  # the first look is free
        wakes = []
        for evse in range(4):
            put_meter_value(store, evse)
            assert tail.wait(1)
            wakes.append(time.monotonic())
    gaps = [later - earlier for earlier, later in pairwise(wakes)]
    assert min(gaps) >= LOOK_SECONDS * 0.9
