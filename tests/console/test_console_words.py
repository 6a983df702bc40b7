"""Every order and every happening has words of its own, so that no screen shows a raw name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.wording import ORDER_WORDS, tell
from fleet.events import Event, Kind
from fleet.orders import OrderKind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROWS_OF_VOLUME = {Kind.BIN_READ, Kind.EVSE_METERED, Kind.TRUCK_REPORTED}
"""Readings: the screens show them as figures, the log leaves them out."""
TOLD_BY_THEIR_FIELDS = {Kind.PLAN_EDITED}
"""Its words are those of the edit it carries."""


@pytest.mark.parametrize("kind", OrderKind)
def test_an_order_has_words(kind):
    assert kind in ORDER_WORDS


@pytest.mark.parametrize("kind", sorted(set(Kind) - ROWS_OF_VOLUME - TOLD_BY_THEIR_FIELDS))
def test_a_happening_is_told_in_words(kind):
    line = tell(Event(kind=kind, subject="B-1", at=NOON))

    assert line
    assert str(kind) not in line


def test_a_fault_of_a_station_is_told_with_its_place():
    fault = {"action": "MeterValues", "fault": "unit 'Hz'"}

    told = tell(Event(kind=Kind.FRAME_TOLERATED, subject="B-1", at=NOON, data=fault))

    assert told == "tolerated in MeterValues: unit 'Hz'"
