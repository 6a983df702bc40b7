"""One EVSE: cable, contactor, meter and the vehicle on it. Time is given to it; between limit changes it is exact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from chargers.twin.cards import Reservation
from chargers.twin.limits import Limits
from chargers.twin.notices import Charge, ChargingState, PlugState, RemoteStart, Sample, SampleContext
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from fleet.twin.battery import MINIMUM_AC_KW, MINIMUM_DC_KW, PHASE_VOLTS, Plugged, charge, draw_kw

DC_VOLTS = 720.0
"""Pack voltage a DC station reports; heavy electric trucks have packs of 600 to 800 V."""


class Outlet:
    """State of one EVSE at `at`, a whole second."""

    def __init__(self, number: int, station: StationSpec, at: datetime) -> None:
        self.number = number
        self.spec: EvseSpec = station.evses[number - 1]
        self.at = at
        self.meter_wh = 0.0
        self.vehicle: Vehicle | None = None
        self.plugged: Plugged | None = None
        self.charge: Charge | None = None
        self.fault: str | None = None
        self.reservation: Reservation | None = None
        self.operative = True
        self.closes_after_charge = False
        self.done = False
        """Its charge was ended on purpose: nothing starts by itself until the vehicle is unplugged."""
        self.token_at: datetime | None = None
        """When the driver holds the token to the reader (again)."""
        self.token_asked = False
        self.expects: RemoteStart | None = None
        """A remote start that waits for a cable."""
        self.expects_until = at
        self.next_sample: datetime | None = None
        self.unbridled = station.shows(Misbehaviour.IGNORES_PROFILES)
        """It gives what the vehicle takes, whatever it is told."""
        self._two_phases = station.shows(Misbehaviour.TWO_PHASES) and self.spec.current == "AC"
        self._sleeps = station.shows(Misbehaviour.SLEEPS_AT_ZERO)
        self._asleep = False

    def plug(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        self.plugged = Plugged(vehicle.battery, self.spec.current, vehicle.soc)
        self.done = False
        self.token_asked = False
        self.token_at = self.at

    def pull(self) -> Plugged | None:
        """Take the cable out of the vehicle; what came of it."""
        taken, self.vehicle, self.plugged = self.plugged, None, None
        self.token_at, self.token_asked, self.done = None, False, False
        self._asleep = False
        return taken

    @property
    def may_start(self) -> bool:
        """A vehicle waits for a transaction that nothing here forbids."""
        ready = self.plugged is not None and self.charge is None and not self.done
        return ready and self.fault is None and self.operative and not self.closes_after_charge

    def offered_kw(self, limits: Limits) -> float:
        return limits.kw_at(self.number, self.charge, self.at)

    def power_kw(self, limits: Limits) -> float:
        """What flows at this instant."""
        if self.charge is None or self.plugged is None or self.fault is not None:
            return 0.0
        return draw_kw(self.plugged, self._usable_kw(self.offered_kw(limits)))

    @property
    def _least_kw(self) -> float:
        return MINIMUM_AC_KW if self.spec.current == "AC" else MINIMUM_DC_KW

    def _usable_kw(self, offered: float) -> float:
        """What the vehicle can make of what is offered."""
        kw = self.spec.max_kw if self.unbridled else offered
        if kw < self._least_kw - 1e-9:
            self._asleep = self._sleeps
        if self._asleep:
            return 0.0
        return max(kw * 2 / 3, self._least_kw) if self._two_phases and kw >= self._least_kw else kw

    def run(self, until: datetime, limits: Limits) -> None:
        """Let power flow up to `until` under the limits that hold on the way."""
        if self.charge is None or self.plugged is None or self.fault is not None:
            self.at = until
            return
        for seconds, kw in list(limits.steps(self.number, self.charge, self.at, until)):
            after = charge(self.plugged, self._usable_kw(kw), seconds)
            self.meter_wh += (after.grid_kwh - self.plugged.grid_kwh) * 1000
            self.plugged = after
        self.at = until

    def samples(self, until: datetime, interval: timedelta, limits: Limits) -> Iterator[Sample]:
        """Run up to `until`, reading the meter whenever a reading is due."""
        while self.next_sample is not None and self.next_sample <= until:
            self.run(self.next_sample, limits)
            yield self.sample("Sample.Periodic", limits)
            self.next_sample = self.at + interval if interval else None
        self.run(until, limits)

    def sample(self, context: SampleContext, limits: Limits) -> Sample:
        """Read the meter now."""
        power, offered = self.power_kw(limits), self.offered_kw(limits)
        direct = self.spec.current == "DC"
        volts, phases = (DC_VOLTS, 1) if direct else (PHASE_VOLTS, self.spec.phases)
        used = 2 if self._two_phases else phases
        return Sample(
            at=self.at,
            context=context,
            energy_wh=self.meter_wh,
            power_w=power * 1000,
            current_a=power * 1000 / (volts * used),
            voltage_v=volts,
            offered_w=offered * 1000,
            offered_a=offered * 1000 / (volts * phases),
            soc=self.plugged.soc if direct and self.plugged is not None else None,
        )

    def state(self, limits: Limits) -> PlugState | ChargingState:
        """What a status lamp would show."""
        if self.fault is not None:
            return PlugState.FAULTED
        if self.charge is not None:
            return self.charging_state(limits)
        if not self.operative:
            return PlugState.UNAVAILABLE
        if self.plugged is not None:
            return PlugState.FINISHING if self.done else PlugState.PREPARING
        if self.expects is not None:
            return PlugState.PREPARING
        return PlugState.AVAILABLE if self.reservation is None else PlugState.RESERVED

    def charging_state(self, limits: Limits) -> ChargingState:
        """Who stops the power, if it does not flow."""
        if self.power_kw(limits) > 0:
            return ChargingState.CHARGING
        starved = self.fault is not None or (not self.unbridled and self.offered_kw(limits) < self._least_kw - 1e-9)
        full = self.plugged is not None and self.plugged.full
        return ChargingState.SUSPENDED_EVSE if starved and not full else ChargingState.SUSPENDED_EV
