"""Times, identities and samples as both protocols write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chargers.twin.notices import Sample
from chargers.twin.spec import Misbehaviour, StationSpec
from chargers.twin.variables import Variables

CLOCK_ERROR = timedelta(hours=3)
LONG_SERIAL = "SN-0000-0000-0000-0000-0000-0000-0000"
FREQUENCY_HERTZ = 50.0


def time_text(spec: StationSpec, at: datetime) -> str:
    """An instant by the station's own clock."""
    if spec.shows(Misbehaviour.WRONG_CLOCK):
        at += CLOCK_ERROR
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def serial(spec: StationSpec) -> str:
    return LONG_SERIAL if spec.shows(Misbehaviour.LONG_SERIAL) else (spec.serial or spec.identity)[:25]


def measurands(spec: StationSpec, variables: Variables, sample: Sample) -> Iterator[tuple[str, float, str]]:
    """(measurand, value, unit) of what the station is set to report and has."""
    wanted = {word.strip() for word in variables.text("MeterValuesSampledData").split(",")}
    have = [
        ("Energy.Active.Import.Register", sample.energy_wh, "Wh"),
        ("Power.Active.Import", sample.power_w, "W"),
        ("Current.Import", sample.current_a, "A"),
        ("Voltage", sample.voltage_v, "V"),
    ]
    if not spec.shows(Misbehaviour.NO_OFFERED):
        have += [("Power.Offered", sample.offered_w, "W"), ("Current.Offered", sample.offered_a, "A")]
    if sample.soc is not None:
        have.append(("SoC", sample.soc * 100, "Percent"))
    yield from (one for one in have if one[0] in wanted)
    if spec.shows(Misbehaviour.WRONG_UNITS):
        yield "Frequency", FREQUENCY_HERTZ, "Hz"
