"""What a station holds: which profile replaces which, and which of them speak for one EVSE.

evse 0 is the whole station, as on the wire.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chargers.errors import ProfileError
from chargers.profile.values import ChargingProfile, Purpose, check_profile


@dataclass(frozen=True, slots=True)
class Installed:
    """A profile at an EVSE of a station (0: all of them)."""

    evse: int
    profile: ChargingProfile


def install(
    held: Iterable[Installed], evse: int, profile: ChargingProfile, *, relative_caps: bool = False
) -> tuple[Installed, ...]:
    """What a station holds after accepting a profile.

    The same id replaces, wherever it was; so does the same purpose and stack level at the same EVSE (OCPP 1.6 section
    3.13.3, 2.0.1 K01.FR.05). relative_caps: see check_profile. Raises ProfileError where a station answers Rejected.
    """
    check_profile(profile, relative_caps=relative_caps)
    if profile.purpose in {Purpose.STATION_MAX, Purpose.EXTERNAL_CONSTRAINTS} and evse != 0:
        raise ProfileError(f"charging profile {profile.id}: {profile.purpose} goes to EVSE 0, not {evse}")
    if profile.purpose is Purpose.TX and evse == 0:
        raise ProfileError(f"charging profile {profile.id}: a TxProfile goes to the EVSE of its transaction, not to 0")

    def stays(other: Installed) -> bool:
        mine = (evse, profile.purpose, profile.stack_level)
        theirs = (other.evse, other.profile.purpose, other.profile.stack_level)
        return other.profile.id != profile.id and theirs != mine

    return (*filter(stays, held), Installed(evse, profile))


def clear(
    held: Iterable[Installed],
    *,
    profile_id: int | None = None,
    evse: int | None = None,
    purpose: Purpose | None = None,
    stack_level: int | None = None,
) -> tuple[Installed, ...]:
    """What a station holds after ClearChargingProfile: an id alone decides, else all criteria given must match.

    Without any criterion everything goes, fall-back included: a central system never sends that.
    """

    def goes(other: Installed) -> bool:
        if profile_id is not None:
            return other.profile.id == profile_id
        return (
            (evse is None or other.evse == evse)
            and (purpose is None or other.profile.purpose is purpose)
            and (stack_level is None or other.profile.stack_level == stack_level)
        )

    return tuple(other for other in held if not goes(other))


def end_transaction(held: Iterable[Installed], evse: int) -> tuple[Installed, ...]:
    """What a station holds after a transaction ended: its TxProfiles are gone (OCPP 2.0.1 K01.FR.07)."""
    return tuple(other for other in held if other.evse != evse or other.profile.purpose is not Purpose.TX)


def profiles_for(held: Iterable[Installed], evse: int, transaction_id: str | None) -> tuple[ChargingProfile, ...]:
    """The profiles that speak for one EVSE: station-wide ones, its own, and its transaction's where one runs.

    A TxDefaultProfile of the EVSE itself takes the place of the station's (OCPP 1.6 section 3.13.2). A TxProfile that
    came with a remote start has no transaction id and belongs to whatever transaction runs.
    """
    here = [other for other in held if other.evse in {0, evse}]
    own_default = any(other.evse == evse and other.profile.purpose is Purpose.TX_DEFAULT for other in here)

    def speaks(other: Installed) -> bool:
        match other.profile.purpose:
            case Purpose.TX:
                return transaction_id is not None and other.profile.transaction_id in {None, transaction_id}
            case Purpose.TX_DEFAULT:
                return other.evse == evse or not own_default
            case _:
                return True

    return tuple(other.profile for other in here if speaks(other))
