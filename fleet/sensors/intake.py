"""Keeping a sensor message: always the message itself, and the reading in it where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from fleet.events import Kind
from fleet.sensors.level import judge
from fleet.sensors.measurement import Measurement, read_payload
from fleet.sensors.message import FUTURE, LATE, Message
from fleet.sensors.milesight import PORT, decode_milesight
from fleet.tables import Reading, Sensor, Uplink

if TYPE_CHECKING:
    from fleet.store import Work

Outcome = Literal["stored", "duplicate", "refused", "no level", "simulated"]

UNKNOWN_SENSOR = "sensor.unknown"
WRONG_CLOCK = "sensor.clock"
"""Kinds of alarm."""
ALARMS_AT_ONCE = 20
"""Of one kind; what more sensors say wrong is in the log alone."""
SAY_AGAIN = timedelta(hours=1)
"""A sensor refused again within this time is not logged again; each of its messages is kept all the same."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message: `why` in words where it gave no reading."""

    outcome: Outcome
    why: str = ""
    bin_id: str | None = None
    fill: float | None = None
    quality: str | None = None
    measured_at: datetime | None = None


def take_message(work: Work, message: Message, *, allow_simulated: bool = False) -> Receipt:
    """Keep a message and its reading, once; a message that gives none is kept with the reason.

    Refused (and told by an event and an alarm): a sensor nobody imported, and a time over 10 minutes in the future.
    `allow_simulated` takes what the network's own simulator sent as a reading.
    """
    sensor = work.bins.sensor_of(message.device_ids, message.dev_eui)
    if message.simulated and not allow_simulated:
        why = "the network says it is simulated; allow it in the settings to use it"
        return _keep_without_reading(work, message, Receipt("simulated", why))
    if sensor is None:
        why = (
            f"no sensor is known as {' or '.join(map(repr, message.device_ids))}; "
            "add a device_id column to the bins file, or name sensors like bins: binwatt import bins FILE --sensors"
        )
        return _refuse(work, message, UNKNOWN_SENSOR, why)
    if message.measured_at > work.now + FUTURE:
        ahead = message.measured_at - work.now
        why = f"measured {_in_words(ahead)} in the future; set the clock of the gateway or network server"
        return _refuse(work, message, WRONG_CLOCK, why)
    said = _measure(message)
    if said is None or (said.distance_mm is None and said.fill is None and not said.fault and not said.tilted):
        return _keep_heard(work, message, sensor, said)
    return _keep_reading(work, message, sensor, said)


def _measure(message: Message) -> Measurement | None:
    said = read_payload(message.decoded) if message.decoded is not None else None
    if said is not None and (said.distance_mm is not None or said.fill is not None or said.fault):
        return said
    native = decode_milesight(message.payload) if message.port == PORT else None
    return native if native is not None else said


def _keep_reading(work: Work, message: Message, sensor: Sensor, said: Measurement) -> Receipt:
    fill, quality = judge(said, sensor)
    if quality == "ok" and message.received_at - message.measured_at > LATE:
        quality = "late"
    reading = Reading(
        key=message.key,
        bin_id=sensor.bin_id,
        device_id=sensor.device_id,
        measured_at=message.measured_at,
        received_at=message.received_at,
        fill=fill,
        distance_mm=said.distance_mm,
        battery=said.battery,
        temperature_c=said.temperature_c,
        quality=quality,
    )
    receipt = Receipt("stored", "", sensor.bin_id, fill, quality, message.measured_at)
    if not work.bins.take_uplink(_uplink(message, "stored"), reading):
        return _seen_before(receipt)
    work.alarms.clear(WRONG_CLOCK, message.device_id)
    return receipt


def _keep_heard(work: Work, message: Message, sensor: Sensor, said: Measurement | None) -> Receipt:
    why = (
        "no fill level in it; install the sensor's codec at the network, "
        "so that decoded_payload (ChirpStack: object) has a distance or a fill"
    )
    receipt = Receipt("no level", why, sensor.bin_id, measured_at=message.measured_at)
    kept = _keep_without_reading(work, message, receipt)
    if kept.outcome == "no level":
        work.bins.see_sensor(sensor.device_id, message.measured_at, said.battery if said is not None else None)
    return kept


def _keep_without_reading(work: Work, message: Message, receipt: Receipt) -> Receipt:
    new = work.bins.take_uplink(_uplink(message, f"{receipt.outcome}: {receipt.why}"), None)
    return receipt if new else _seen_before(receipt)


def _refuse(work: Work, message: Message, alarm: str, why: str) -> Receipt:
    receipt = _keep_without_reading(work, message, Receipt("refused", why, measured_at=message.measured_at))
    if receipt.outcome == "duplicate":
        return receipt
    since = work.now - SAY_AGAIN
    if not work.events.happened(Kind.UPLINK_REFUSED, message.device_id, since):
        work.events.append(
            Kind.UPLINK_REFUSED, message.device_id, network=message.network, device=message.device_id, why=why
        )
    if work.alarms.count(alarm) < ALARMS_AT_ONCE:
        work.alarms.sound(alarm, message.device_id, "warning", f"{message.device_id}: {why}")
    return receipt


def _seen_before(receipt: Receipt) -> Receipt:
    return Receipt("duplicate", "the same message was stored before", receipt.bin_id, measured_at=receipt.measured_at)


def _uplink(message: Message, outcome: str) -> Uplink:
    return Uplink(
        key=message.key,
        network=message.network,
        source=message.source,
        device_id=message.device_id,
        received_at=message.received_at,
        body=message.body,
        outcome=outcome,
    )


def _in_words(ahead: timedelta) -> str:
    minutes = int(ahead.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 72 * 60 else f"{ahead.days} days"
