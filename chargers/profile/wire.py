"""Charging profiles on the wire: OCPP 1.6 (section 7.8) and 2.0.1 / 2.1 (part 2 section 2.8), both ways.

Written limits are rounded down to 0.1 as both versions ask, so that no rounding adds up above a site limit.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import floor
from typing import Any, TypeAlias, TypeVar

from chargers.errors import ProfileError, ProfileUnreadable
from chargers.profile.values import (
    PHASES,
    ChargingProfile,
    ChargingSchedule,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
    check_profile,
)

Payload: TypeAlias = dict[str, Any]
"""A JSON object in the protocol's own camelCase."""

_V16_PURPOSES = {
    Purpose.STATION_MAX: "ChargePointMaxProfile",
    Purpose.TX_DEFAULT: "TxDefaultProfile",
    Purpose.TX: "TxProfile",
}
_FROM_V16 = {name: purpose for purpose, name in _V16_PURPOSES.items()}

_Word = TypeVar("_Word", bound=StrEnum)


def round_down(limit: float) -> float:
    """A limit in whole tenths, never above what it was (but for a float's last digits: 6.0 stays 6.0)."""
    return floor(limit * 10.0 + 1e-6) / 10.0


def to_v16(profile: ChargingProfile) -> Payload:
    """CsChargingProfiles of SetChargingProfile.req. Raises ProfileError for what 1.6 cannot say."""
    check_profile(profile)
    purpose = _V16_PURPOSES.get(profile.purpose)
    if purpose is None:
        raise ProfileError(f"charging profile {profile.id}: OCPP 1.6 has no {profile.purpose}: use a maximum profile")
    payload: Payload = {
        "chargingProfileId": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": purpose,
        **_common(profile),
        "chargingSchedule": schedule_payload(profile.schedule),
    }
    if profile.transaction_id is not None:
        if not profile.transaction_id.isdecimal():
            raise ProfileError(
                f"charging profile {profile.id}: OCPP 1.6 numbers its transactions, "
                f"{profile.transaction_id!r} is no number: send it to a 2.x station"
            )
        payload["transactionId"] = int(profile.transaction_id)
    return payload


def to_v201(profile: ChargingProfile) -> Payload:
    """ChargingProfile of SetChargingProfileRequest, for 2.0.1 and 2.1. Raises ProfileError where a rule is broken."""
    check_profile(profile)
    payload: Payload = {
        "id": profile.id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose.value,
        **_common(profile),
        "chargingSchedule": [{"id": profile.id, **schedule_payload(profile.schedule)}],
    }
    if profile.transaction_id is not None:
        payload["transactionId"] = profile.transaction_id
    return payload


def from_v16(payload: Mapping[str, Any]) -> ChargingProfile:
    """A csChargingProfiles object read as a profile. Raises ProfileUnreadable, naming the field."""
    with_id = _field(payload, "chargingProfileId", int)
    purpose = _field(payload, "chargingProfilePurpose", str)
    if purpose not in _FROM_V16:
        raise ProfileUnreadable(f"chargingProfilePurpose {purpose!r} is not one of {', '.join(_FROM_V16)}")
    transaction = _optional(payload, "transactionId", int)
    schedule: Payload = _field(payload, "chargingSchedule", dict)
    return _read(payload, with_id, _FROM_V16[purpose], schedule, None if transaction is None else str(transaction))


def from_v201(payload: Mapping[str, Any]) -> ChargingProfile:
    """A chargingProfile object of 2.0.1 or 2.1 read as a profile. Raises ProfileUnreadable, naming the field.

    One schedule is read; the up to three a car may be offered over ISO 15118 are not supported.
    """
    with_id = _field(payload, "id", int)
    purpose = _word(payload, "chargingProfilePurpose", Purpose)
    schedules: list[object] = _field(payload, "chargingSchedule", list)
    match schedules:
        case [dict() as schedule]:
            return _read(payload, with_id, purpose, schedule, _optional(payload, "transactionId", str))
        case _:
            raise ProfileUnreadable(f"chargingSchedule holds {len(schedules)} entries: exactly one object is supported")


def schedule_payload(schedule: ChargingSchedule) -> Payload:
    """A chargingSchedule object (also the answer to GetCompositeSchedule in 1.6): the same in both versions."""
    payload: Payload = {
        "chargingRateUnit": schedule.unit.value,
        "chargingSchedulePeriod": [_period_payload(period) for period in schedule.periods],
    }
    if schedule.start is not None:
        payload["startSchedule"] = _time_text(schedule.start)
    if schedule.duration_s is not None:
        payload["duration"] = schedule.duration_s
    if schedule.min_rate is not None:
        payload["minChargingRate"] = round_down(schedule.min_rate)
    return payload


def read_schedule(payload: Mapping[str, Any]) -> ChargingSchedule:
    """A chargingSchedule object, or the schedule of a composite answer (2.0.1: scheduleStart), of either version."""
    periods: list[object] = _field(payload, "chargingSchedulePeriod", list)
    start_key = "scheduleStart" if "scheduleStart" in payload else "startSchedule"
    return ChargingSchedule(
        unit=_word(payload, "chargingRateUnit", RateUnit),
        periods=tuple(_read_period(period) for period in periods),
        start=_time(payload, start_key),
        duration_s=_optional(payload, "duration", int),
        min_rate=_number(payload, "minChargingRate"),
    )


def _common(profile: ChargingProfile) -> Payload:
    payload: Payload = {"chargingProfileKind": profile.kind.value}
    if profile.kind is Kind.RECURRING and profile.recurrency is not None:
        payload["recurrencyKind"] = profile.recurrency.value
    if profile.valid_from is not None:
        payload["validFrom"] = _time_text(profile.valid_from)
    if profile.valid_to is not None:
        payload["validTo"] = _time_text(profile.valid_to)
    return payload


def _period_payload(period: Period) -> Payload:
    payload: Payload = {"startPeriod": period.start_s, "limit": round_down(period.limit)}
    if period.phases != PHASES:
        payload["numberPhases"] = period.phases
    return payload


def _read(
    payload: Mapping[str, Any], profile_id: int, purpose: Purpose, schedule: Mapping[str, Any], transaction: str | None
) -> ChargingProfile:
    recurs = "recurrencyKind" in payload
    return ChargingProfile(
        id=profile_id,
        stack_level=_field(payload, "stackLevel", int),
        purpose=purpose,
        kind=_word(payload, "chargingProfileKind", Kind),
        schedule=read_schedule(schedule),
        recurrency=_word(payload, "recurrencyKind", Recurrency) if recurs else None,
        valid_from=_time(payload, "validFrom"),
        valid_to=_time(payload, "validTo"),
        transaction_id=transaction,
    )


def _read_period(payload: object) -> Period:
    if not isinstance(payload, dict):
        raise ProfileUnreadable(f"chargingSchedulePeriod holds {payload!r}: objects are expected")
    limit = _number(payload, "limit")
    if limit is None:
        raise ProfileUnreadable("chargingSchedulePeriod without limit: every period needs one")
    return Period(_field(payload, "startPeriod", int), limit, _optional(payload, "numberPhases", int) or PHASES)


_Value = TypeVar("_Value")


def _field(payload: Mapping[str, Any], name: str, kind: type[_Value]) -> _Value:
    value = _optional(payload, name, kind)
    if value is None:
        raise ProfileUnreadable(f"{name} is missing: it is required")
    return value


def _optional(payload: Mapping[str, Any], name: str, kind: type[_Value]) -> _Value | None:
    value = payload.get(name)
    if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
        return value
    raise ProfileUnreadable(f"{name} is {value!r}: {kind.__name__} is expected")


def _number(payload: Mapping[str, Any], name: str) -> float | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or (not isinstance(value, int | float) and not hasattr(value, "as_integer_ratio")):
        raise ProfileUnreadable(f"{name} is {value!r}: a number is expected")
    return float(value)


def _word(payload: Mapping[str, Any], name: str, words: type[_Word]) -> _Word:
    text = _field(payload, name, str)
    try:
        return words(text)
    except ValueError:
        raise ProfileUnreadable(f"{name} {text!r} is not one of {', '.join(words)}") from None


def _time(payload: Mapping[str, Any], name: str) -> datetime | None:
    text = _optional(payload, name, str)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ProfileUnreadable(f"{name} {text!r} is no RFC 3339 time") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _time_text(time: datetime) -> str:
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
