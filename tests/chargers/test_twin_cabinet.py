import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargers.errors import ProfileError
from chargers.profile import ChargingProfile, ChargingSchedule, Kind, Period, Purpose, RateUnit, limit_watts
from chargers.twin.cabinet import Cabinet
from chargers.twin.notices import Ended, Metered, RemoteStart, Started, StateChanged, StatusChanged, TokenPresented
from chargers.twin.pacing import pace_of
from chargers.twin.spec import EvseSpec, Misbehaviour, StationSpec, Vehicle
from fleet.clock import Pace, PacedClock, WallClock
from fleet.twin.battery import Battery

START = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
TRUCK = Vehicle("TAG1", Battery(capacity_kwh=300, ac_kw=22, dc_kw=150), soc=0.2)


def after(seconds):
    return START + timedelta(seconds=seconds)


class Bench:
    """A cabinet whose central system accepts every token."""

    def __init__(self, *evses, refuse=False, **spec):
        self.said = []
        self.refuse = refuse
        self.cabinet = Cabinet(StationSpec("X", evses=evses or (EvseSpec(),), **spec), START, self.said.append)
        self.cabinet.go_online(START)
        self.limits = self.cabinet.limits

    def of(self, kind):
        return [one for one in self.said if isinstance(one, kind)]

    def plug(self, number=1, at=0.0, vehicle=TRUCK):
        self.cabinet.plug(number, vehicle, after(at))
        self.cabinet.token_answered(number, vehicle.token, accepted=not self.refuse, now=after(at))
        return self.cabinet.outlets[number]


def profile(number, periods, purpose=Purpose.TX_DEFAULT, unit=RateUnit.W, level=0, **fields):
    schedule = ChargingSchedule(unit, tuple(Period(start, limit) for start, limit in periods), start=START, **fields)
    return ChargingProfile(number, level, purpose, Kind.ABSOLUTE, schedule)


limits = st.floats(0, 30_000).map(lambda watts: round(watts, 1))
schedules = st.lists(st.tuples(st.integers(1, 7000), limits), max_size=6, unique_by=lambda pair: pair[0]).flatmap(
    lambda later: limits.map(lambda first: [(0, first), *sorted(later)])
)


@given(schedules, schedules, st.lists(st.floats(0.2, 900), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_power_stays_within_the_composite_schedule(default, most, steps):
    """At every reading the power drawn is at most what the station's own composite schedule allows then."""
    bench = Bench(meter_interval_seconds=37)
    bench.cabinet.take_profile(0, profile(1, default), START)
    bench.cabinet.take_profile(0, profile(2, most, Purpose.STATION_MAX), START)
    outlet = bench.plug()
    composite = bench.cabinet.schedule(1, 20_000, RateUnit.W, START)
    now = 0.0
    for step in steps:
        now += step
        bench.cabinet.advance(after(now))
    for notice in bench.of(Metered):
        allowed = limit_watts(composite, (notice.sample.at - START).total_seconds())
        assert notice.sample.power_w <= min(22_000, allowed) + 1e-6
    assert outlet.at == after(now).replace(microsecond=0)


@given(schedules, st.lists(st.integers(1, 900), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_energy_does_not_depend_on_how_often_one_looks(default, steps):
    """One long step and many short ones over the same limits end with the same meter and battery."""
    often, once = Bench(), Bench()
    for bench in (often, once):
        bench.cabinet.take_profile(0, profile(1, default), START)
        bench.plug()
    now = 0
    for step in steps:
        now += step
        often.cabinet.advance(after(now))
    once.cabinet.advance(after(now))
    first, second = often.cabinet.outlets[1], once.cabinet.outlets[1]
    assert first.meter_wh == pytest.approx(second.meter_wh, abs=1e-6)
    assert first.plugged.soc == pytest.approx(second.plugged.soc, abs=1e-12)


def test_readings_carry_the_second_they_were_due():
    """A clock that leaps ten minutes still gives one reading a minute, each stamped when it was due."""
    bench = Bench(meter_interval_seconds=60)
    bench.plug(at=5)
    bench.cabinet.advance(after(605))
    assert [notice.sample.at for notice in bench.of(Metered)] == [after(65 + 60 * n) for n in range(10)]
    assert bench.of(Metered)[-1].sample.energy_wh == pytest.approx(22_000 / 6)


def test_a_zero_limit_suspends_the_evse_and_a_full_battery_the_vehicle():
    """Limit 0 is SuspendedEVSE, a full battery SuspendedEV, each told once when it begins."""
    bench = Bench(EvseSpec(150, "DC"))
    bench.cabinet.take_profile(0, profile(1, [(0, 150_000), (60, 0), (120, 150_000)]), START)
    bench.plug(vehicle=Vehicle("T", Battery(50, 22, 150), soc=0.6))
    for second in range(0, 7200, 10):
        bench.cabinet.advance(after(second))
    states = [notice.state.value for notice in bench.of(StatusChanged) if notice.evse == 1]
    assert states == ["Available", "Preparing", "Charging", "SuspendedEVSE", "Charging", "SuspendedEV"]
    assert [notice.state.value for notice in bench.of(StateChanged)] == ["SuspendedEVSE", "Charging", "SuspendedEV"]
    assert bench.cabinet.outlets[1].plugged.full


def test_a_limit_below_six_amperes_gives_nothing():
    """IEC 61851 has no offer between 0 and 6 A: 5.9 A suspends an AC station."""
    bench = Bench()
    bench.cabinet.take_profile(0, profile(1, [(0, 5.9)], unit=RateUnit.A), START)
    outlet = bench.plug()
    bench.cabinet.advance(after(600))
    assert outlet.meter_wh == 0
    assert outlet.state(bench.limits).value == "SuspendedEVSE"


def test_a_station_limit_is_shared_by_the_evses_that_charge():
    """Two EVSEs under a station limit of 20 kW never draw more than 20 kW together; one alone may have it all."""
    bench = Bench(EvseSpec(22), EvseSpec(22))
    bench.cabinet.take_profile(0, profile(1, [(0, 20_000)], Purpose.STATION_MAX), START)
    one = bench.plug(1)
    assert one.power_kw(bench.limits) == pytest.approx(20)
    other = bench.plug(2, at=60)
    assert one.power_kw(bench.limits) + other.power_kw(bench.limits) == pytest.approx(20)
    bench.cabinet.pull(2, after(120))
    assert one.power_kw(bench.limits) == pytest.approx(20)


def test_a_transaction_profile_ends_with_its_transaction():
    """After the transaction the fall-back holds again for the next one."""
    bench = Bench()
    bench.cabinet.take_profile(0, profile(1, [(0, 6000)]), START)
    outlet = bench.plug()
    bench.cabinet.take_profile(1, profile(2, [(0, 15_000)], Purpose.TX, level=1), after(10))
    assert outlet.power_kw(bench.limits) == pytest.approx(15)
    bench.cabinet.pull(1, after(60))
    assert bench.plug(at=120).power_kw(bench.limits) == pytest.approx(6)


@pytest.mark.parametrize(
    ("given", "evse"),
    [
        (profile(1, [(0, 1000)], Purpose.TX), 1),
        (profile(1, [(0, 1000)], Purpose.STATION_MAX), 1),
        (profile(1, [(0, 1000)], level=9), 1),
        (profile(1, [(0, 1000)]), 7),
        (profile(1, [(n, 1000) for n in range(97)]), 1),
        (profile(1, [(5, 1000)]), 1),
    ],
    ids=["tx-without-transaction", "max-on-an-evse", "stack-level", "no-such-evse", "periods", "late-first-period"],
)
def test_profiles_a_station_rejects(given, evse):
    """What OCPP or the station's own settings forbid is refused and changes nothing."""
    bench = Bench()
    with pytest.raises(ProfileError):
        bench.cabinet.take_profile(evse, given, START)
    assert bench.limits.held == ()


def test_no_more_profiles_than_installable():
    """The eleventh profile is refused while replacing one of the ten is not."""
    bench = Bench()
    for number in range(8):
        bench.cabinet.take_profile(1, profile(number, [(0, 1000)], level=number), START)
    for number in (8, 9):
        bench.cabinet.take_profile(0, profile(number, [(0, 1000)], level=number - 8), START)
    with pytest.raises(ProfileError, match="MaxChargingProfilesInstalled"):
        bench.cabinet.take_profile(0, profile(10, [(0, 1000)], level=5), START)
    bench.cabinet.take_profile(0, profile(9, [(0, 2000)], level=5), START)


def test_a_refused_token_is_tried_again():
    """The driver holds the token up again two minutes after a refusal, and charging starts once it is accepted."""
    bench = Bench(refuse=True)
    bench.plug()
    bench.cabinet.advance(after(119))
    assert len(bench.of(TokenPresented)) == 1
    bench.cabinet.advance(after(120))
    assert len(bench.of(TokenPresented)) == 2
    bench.cabinet.token_answered(1, "TAG1", accepted=True, now=after(121))
    assert [notice.charge.started_at for notice in bench.of(Started)] == [after(121)]


def test_nothing_starts_before_the_first_registration():
    """A station that no central system ever accepted has no fall-back, so an offline start must wait."""
    said = []
    cabinet = Cabinet(StationSpec("X"), START, said.append)
    cabinet.plug(1, TRUCK, START)
    cabinet.advance(after(3600))
    assert cabinet.outlets[1].charge is None
    cabinet.go_online(after(3600))
    assert any(isinstance(one, TokenPresented) for one in said)


def test_an_offline_start_says_so():
    """A registered station without a line starts on its own and marks what it queues as offline."""
    bench = Bench()
    bench.cabinet.online = False
    bench.cabinet.plug(1, TRUCK, START)
    bench.cabinet.advance(after(60))
    assert [notice.offline for notice in bench.of(Started) + bench.of(Metered)] == [True, True]


def test_a_remote_start_waits_for_the_cable_and_gives_up():
    """Without a vehicle a remote start is accepted, holds for ConnectionTimeOut, and is forgotten after it."""
    bench = Bench()
    assert bench.cabinet.remote_start(1, RemoteStart("TAG9"), START)
    assert bench.cabinet.outlets[1].state(bench.limits).value == "Preparing"
    bench.cabinet.advance(after(121))
    assert bench.cabinet.outlets[1].state(bench.limits).value == "Available"
    assert bench.cabinet.remote_start(None, RemoteStart("TAG9", 7), after(130))
    bench.cabinet.plug(1, TRUCK, after(140))
    (started,) = bench.of(Started)
    assert (started.charge.token, started.charge.trigger, started.charge.remote_start_id) == ("TAG9", "RemoteStart", 7)


def test_a_remote_start_may_bring_its_limit():
    """A TxProfile inside a remote start holds from the first second; any other purpose is refused."""
    bench = Bench(refuse=True)
    outlet = bench.plug()
    wrong = RemoteStart("TAG9", profile=profile(1, [(0, 7000)]))
    assert not bench.cabinet.remote_start(1, wrong, after(1))
    right = RemoteStart("TAG9", profile=profile(1, [(0, 7000)], Purpose.TX))
    assert bench.cabinet.remote_start(1, right, after(2))
    assert outlet.power_kw(bench.limits) == pytest.approx(7)
    assert not bench.cabinet.remote_start(1, right, after(3)), "a second start at a busy EVSE"


def test_a_fault_ends_the_charge_and_its_mending_begins_another():
    """Faulted while broken, no energy in that time, and the waiting vehicle charges again afterwards."""
    bench = Bench()
    outlet = bench.plug()
    bench.cabinet.fail(1, "GroundFailure", after(600))
    energy = outlet.meter_wh
    bench.cabinet.advance(after(1200))
    assert (outlet.meter_wh, outlet.state(bench.limits).value) == (energy, "Faulted")
    assert [notice.reason.value for notice in bench.of(Ended)] == ["Other"]
    bench.cabinet.mend(1, after(1800))
    bench.cabinet.token_answered(1, "TAG1", accepted=True, now=after(1801))
    assert outlet.state(bench.limits).value == "Charging"


def test_availability_lets_a_running_transaction_end():
    """Inoperative is Scheduled while charging, holds afterwards, and Operative lets the next vehicle start."""
    bench = Bench()
    bench.plug()
    assert bench.cabinet.set_operative(1, operative=False, now=after(10)) == "Scheduled"
    assert bench.cabinet.outlets[1].charge is not None
    bench.cabinet.pull(1, after(60))
    assert bench.cabinet.outlets[1].state(bench.limits).value == "Unavailable"
    bench.cabinet.plug(1, TRUCK, after(70))
    assert bench.cabinet.outlets[1].charge is None
    assert bench.cabinet.set_operative(0, operative=True, now=after(80)) == "Accepted"
    bench.cabinet.token_answered(1, "TAG1", accepted=True, now=after(81))
    assert bench.cabinet.outlets[1].charge is not None


def test_a_second_vehicle_on_one_cable_is_a_mistake():
    """Plugging where a vehicle hangs already is an error of the caller, with the place named."""
    bench = Bench()
    bench.plug()
    with pytest.raises(ValueError, match="EVSE 1"):
        bench.cabinet.plug(1, TRUCK, after(10))


def test_a_default_that_waits_for_the_next_start():
    """With default-at-next-start a new TxDefaultProfile leaves the running charge alone and binds the next one."""
    bench = Bench(misbehaviours=frozenset({Misbehaviour.DEFAULT_AT_NEXT_START}))
    outlet = bench.plug()
    bench.cabinet.take_profile(0, profile(1, [(0, 6000)]), after(10))
    assert outlet.power_kw(bench.limits) == pytest.approx(22)
    bench.cabinet.pull(1, after(60))
    assert bench.plug(at=120).power_kw(bench.limits) == pytest.approx(6)


def test_an_answer_for_a_vehicle_that_left_starts_nothing():
    """A token accepted after its vehicle was unplugged does not start the next vehicle's charge."""
    bench = Bench()
    bench.cabinet.plug(1, TRUCK, START)
    bench.cabinet.pull(1, after(5))
    bench.cabinet.plug(1, Vehicle("TAG2", TRUCK.battery, 0.5), after(6))
    bench.cabinet.token_answered(1, "TAG1", accepted=True, now=after(7))
    assert bench.of(Started) == []


def test_a_start_profile_may_be_refused():
    """With no-start-profile a remote start that brings a profile is rejected, a bare one is not."""
    bench = Bench(misbehaviours=frozenset({Misbehaviour.NO_START_PROFILE}), refuse=True)
    bench.plug()
    brought = profile(1, [(0, 7000)], Purpose.TX)
    assert not bench.cabinet.remote_start(1, RemoteStart("TAG9", profile=brought), after(2))
    assert bench.cabinet.remote_start(1, RemoteStart("TAG9"), after(3))


def test_a_paused_clock_is_waited_for():
    """The pace of a stopped clock has no end, of a fast one it is short, of the wall clock it is itself."""
    pace = Pace(START, START, 240.0)
    clock = PacedClock(lambda: pace, refresh_seconds=0)
    assert pace_of(clock)(60) == pytest.approx(0.25)
    pace = pace.change(START, speed=0)
    assert pace_of(clock)(60) == math.inf
    assert pace_of(WallClock())(60) == 60


@pytest.mark.parametrize("identity", ["", "a:b", "x" * 49])
def test_impossible_identities_are_refused(identity):
    """An identity OCPP-J cannot carry is refused when the station is specified."""
    with pytest.raises(ValueError, match="identity"):
        StationSpec(identity)
