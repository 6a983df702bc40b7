"""The city's fill sensors: each report when it is due, through the sensor network."""

from __future__ import annotations

from datetime import datetime, timedelta

from chargers.twin.pacing import Pacing
from console.twin.contents import Contents
from console.twin.mail import Mail
from fleet.twin.city import City
from fleet.twin.faults import Fault
from fleet.twin.sensing import read_sensor, report_times
from fleet.twin.uplinks import encode_uplink

AHEAD = timedelta(hours=1)
"""Reports are put in order this far ahead."""


async def report_fills(
    city: City, faults: tuple[Fault, ...], contents: Contents, pacing: Pacing, mail: Mail, since: datetime
) -> None:
    """Post every report due after `since`, as the bins are then, until cancelled."""
    silent = [fault for fault in faults if fault.kind == "sensor silent"]
    known_until = since
    while True:
        after, known_until = known_until, known_until + AHEAD
        due = [(at, number) for number, one in enumerate(city.sensors) for at in report_times(one, after, known_until)]
        for at, number in sorted(due):
            sensor, container = city.sensors[number], city.bins[number]
            await pacing.until(at)
            if any(fault.subject == sensor.device_id and fault.lasts(at) for fault in silent):
                continue
            reading = read_sensor(city, sensor, container, at, contents.emptied_before(sensor.bin_id, at))
            if reading is not None:
                mail.uplink(encode_uplink(sensor, reading))
        await pacing.until(known_until)
