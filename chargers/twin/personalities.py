"""Characters of simulated stations: what a make does that others do not, where that was seen, and what it teaches.

`binwatt twin stations --personality NAME` gives a station one; docs/twin-stations.md lists them (`table()`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chargers.errors import TwinError
from chargers.twin.spec import Misbehaviour as Manner


@dataclass(frozen=True, slots=True)
class Personality:
    """One character. what: what it does. why: what in the field it is taken from, or what a server learns by it."""

    name: str
    what: str
    why: str
    manners: frozenset[Manner] = frozenset()


def _one(name: str, what: str, why: str, *manners: Manner) -> Personality:
    return Personality(name, what, why, frozenset(manners))


CIVIL = _one("civil", "Keeps every rule of its version.", "The one to compare the others with.")

PERSONALITIES: tuple[Personality, ...] = (
    CIVIL,
    _one(
        "quiet",
        "Comes back without BootNotification: two Heartbeats back to back, then queued readings with old times.",
        "Allowed, and common: servers that wait for a boot never see the station again.",
        Manner.QUIET_RECONNECT,
    ),
    _one(
        "eager",
        "Reconnects after 1, 2 and 4 s, boots, tells Charging and replays what it queued.",
        "A boot in the middle of a charge must not end it.",
        Manner.SHORT_BACK_OFF,
    ),
    _one(
        "fragile",
        "A line lost without a close frame stops it; a watchdog restarts it after five minutes.",
        "Clients that exit on close code 1006 and wait for their supervisor.",
        Manner.DIES_ON_ABNORMAL_CLOSE,
    ),
    _one(
        "yes-man",
        "Accepts every profile and answers GetCompositeSchedule with Accepted and nothing else.",
        "An accepted profile proves nothing; only a schedule read back or a meter does.",
        Manner.BARE_COMPOSITE,
    ),
    _one(
        "startled",
        "An answer to a call it does not know of stops it until its watchdog restarts it.",
        "Late and double answers must never be sent.",
        Manner.DIES_ON_UNKNOWN_RESULT,
    ),
    _one(
        "metronome",
        "Sends meter values every 15 s whatever it was told.",
        "Settings that are accepted and change nothing.",
        Manner.METER_EVERY_15S,
    ),
    _one(
        "power-only",
        "Announces Power and rejects limits in A; 24 periods, -1 A over -1 phases while idle, cannot unlock.",
        "One widespread firmware: learn the unit at boot, distrust -1.",
        Manner.WATTS_ONLY,
        Manner.MINUS_ONE,
        Manner.NO_UNLOCK,
    ),
    _one(
        "current-only",
        "Announces Current and rejects limits in W.",
        "The other half of the field.",
        Manner.AMPS_ONLY,
    ),
    _one(
        "no-profiles",
        "Answers SetChargingProfile with CALLERROR NotImplemented.",
        "2.0.1 firmware without smart charging: it must keep its share at full power in the plan.",
        Manner.NO_SMART_CHARGING,
    ),
    _one(
        "deaf",
        "Accepts every profile and draws what the vehicle takes.",
        "12 A drawn under limits of 15, 10 and 7: the meter decides, not the answer.",
        Manner.IGNORES_PROFILES,
    ),
    _one(
        "next-time",
        "A TxDefaultProfile takes effect with the next transaction only.",
        "A limit for a running charge needs a TxProfile.",
        Manner.DEFAULT_AT_NEXT_START,
    ),
    _one(
        "no-station-limit",
        "Rejects profiles for the whole station.",
        "Limits must be put to each connector instead.",
        Manner.NO_STATION_MAX,
    ),
    _one(
        "no-relative-limit",
        "Rejects a Relative profile for the whole station in 1.6 too.",
        "A rule of 2.0.1 applied to 1.6: send Absolute ones.",
        Manner.FUSSY_MAXIMUM,
    ),
    _one(
        "tenths",
        "Rejects a limit that is no multiple of 0.1.",
        "Round down before sending.",
        Manner.TENTHS_ONLY,
    ),
    _one(
        "no-start-profile",
        "Rejects a remote start that brings a charging profile along.",
        "Start first, limit afterwards.",
        Manner.NO_START_PROFILE,
    ),
    _one(
        "vendor-key",
        "No smart charging; only its own setting MaxChargingCurrent limits it.",
        "Older makes, reached by ChangeConfiguration or SetVariables only.",
        Manner.VENDOR_KEY,
    ),
    _one(
        "no-offered",
        "Never reports Current.Offered and Power.Offered.",
        "What is offered must be known from the last confirmed limit.",
        Manner.NO_OFFERED,
    ),
    _one(
        "trips",
        "A minute after it lost its line it draws all it can; two minutes later its breaker trips.",
        "Why a station that went away must be counted at what it may draw.",
        Manner.TRIPS_OFFLINE,
    ),
    _one(
        "two-phases",
        "Its vehicles draw on two phases of three.",
        "Power is not what A times three phases says.",
        Manner.TWO_PHASES,
    ),
    _one(
        "sleeper",
        "A vehicle that was given nothing does not wake up until it is unplugged.",
        "Pausing to 0 A may end a charge: pause at the least the vehicle takes.",
        Manner.SLEEPS_AT_ZERO,
    ),
    _one(
        "unbridled",
        "Draws all it can from the start of a transaction until its first TxProfile came.",
        "The first seconds of every charge belong in the sum.",
        Manner.UNLIMITED_START,
    ),
    _one(
        "sloppy",
        "Integer message ids, 1.0 for connector 1, the unit Hz, a serial number too long, words nobody knows.",
        "Lenient in what is received: each of these was sent by a real station.",
        Manner.INTEGER_IDS,
        Manner.FLOAT_IDS,
        Manner.WRONG_UNITS,
        Manner.LONG_SERIAL,
        Manner.VENDOR_WORDS,
    ),
    _one("wrong-clock", "Stamps everything three hours ahead.", "Clocks of stations are wrong.", Manner.WRONG_CLOCK),
    _one(
        "repeats",
        "After a reconnect sends again what was answered; sends the end of a charge late and twice.",
        "Everything with energy in it must be taken in once, however often it comes.",
        Manner.REPEATS_ITSELF,
    ),
    _one(
        "backwards",
        "What was metered offline is told newest first.",
        "Readings are ordered by their own times.",
        Manner.REPLAYS_BACKWARDS,
    ),
    _one(
        "few-periods",
        "Takes at most four periods in a charging schedule.",
        "A night's schedule must be fitted to what a station holds.",
        Manner.FEW_PERIODS,
    ),
    _one(
        "forgetful",
        "Never tells the end of a transaction.",
        "Transactions that never end must be found and closed by hand.",
        Manner.FORGETS_STOP,
    ),
    _one(
        "haunted",
        "On each line tells the end of a transaction nobody heard the start of.",
        "Left unanswered it is repeated for ever.",
        Manner.STOPS_UNKNOWN,
    ),
    _one(
        "thin-skinned",
        "A CALLERROR stops it until its watchdog restarts it.",
        "Known actions deserve a real answer even where they are of no use.",
        Manner.DIES_ON_CALLERROR,
    ),
    _one(
        "overflowing",
        "Says it has 1,850,000,000 connectors once a setting of more than 128 characters was written.",
        "Numbers of stations are not to be believed, and texts sent to them are to be kept short.",
        Manner.OVERFLOWS,
    ),
    _one(
        "one-measurand",
        "Rejects a list of measurands: it takes one.",
        "Ask for measurands one by one.",
        Manner.ONE_MEASURAND,
    ),
    _one(
        "no-zero",
        "Rejects default profiles for connector 0.",
        "Connector 0 against 1: fall back to each connector.",
        Manner.NO_CONNECTOR_ZERO,
    ),
    _one(
        "slow",
        "Answers 40 s after it was asked.",
        "A call given up must not poison the next.",
        Manner.ANSWERS_LATE,
    ),
    _one("restless", "Restarts every five minutes.", "A power supply on its way out.", Manner.REBOOTS),
    _one(
        "chatterbox",
        "Meter values every second.",
        "Frequent meter values slowed one server down until it stopped answering.",
        Manner.CHATTERS,
    ),
)

BY_NAME = {one.name: one for one in PERSONALITIES}


def pick(names: str) -> tuple[Personality, ...]:
    """The personalities of a list of names with commas; `all` is every one. Raises TwinError for a name unknown."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["all"]:
        return PERSONALITIES
    unknown = [name for name in wanted if name not in BY_NAME]
    if unknown:
        raise TwinError(f"no personality {unknown[0]!r}: `binwatt twin stations --list` shows them")
    return tuple(BY_NAME[name] for name in wanted) or (CIVIL,)


def table() -> str:
    """The rows of docs/twin-stations.md."""
    return "\n".join(f"| `{one.name}` | {one.what} | {one.why} |" for one in PERSONALITIES)
