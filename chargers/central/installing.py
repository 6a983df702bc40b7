"""Charging profiles put into one station: cut to fit it, kept in the store, and checked where it can be asked.

A station is not believed because it said Accepted: what lifts it above its fall-back is checked against its own
composite schedule where it can tell one. One that cannot is known by its meter alone, as before.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from datetime import datetime
from typing import Any

from chargers.central import ledger
from chargers.central.desk import Desk
from chargers.central.limits import Limits, fit
from chargers.central.outcome import Outcome
from chargers.central.quirks import Quirk, known_quirks, read_quirks
from chargers.central.rpc import Rpc
from chargers.central.socket import Socket
from chargers.errors import CallInvalid, CallRefused, ChargersError
from chargers.profile import (
    ChargingProfile,
    Kind,
    Purpose,
    RateUnit,
    fallback_profile,
    from_v201,
    read_schedule,
    to_v201,
    watts,
)
from fleet.store import Work
from fleet.tables import InstalledProfile, Station

FALLBACK_ID = 1
CHECK_SECONDS = 60
SLACK_W = 250.0
"""A composite schedule this much above what was set is rounding: amperes of a whole number, 240 instead of 230 V."""
NOT_KNOWN = frozenset({"NotSupported", "NotImplemented"})


class Installer(Rpc):
    """The part of a session that sets limits."""

    def __init__(self, station: Station, socket: Socket, desk: Desk) -> None:
        super().__init__(station.station_id, socket, desk)
        self.limits = Limits.of(station)
        self.current, self.phases = station.current, station.phases
        self.max_kw, self.fallback_kw = station.max_kw, station.fallback_kw
        self._installing: asyncio.Lock | None = None
        self.quirks = read_quirks(station.quirks or ()) | known_quirks(station.vendor, station.model, station.firmware)

    async def learn_quirk(self, quirk: Quirk) -> None:
        """The station has shown a departure from the standard."""
        if quirk not in self.quirks:
            self.quirks |= {quirk}
            self.log.info("quirk", quirk=str(quirk))
            words = sorted(self.quirks)
            await self.desk.writer.do(lambda work: ledger.learn(work, self.id, {"quirks": [str(one) for one in words]}))

    async def forget_quirk(self, quirk: Quirk) -> None:
        """The station has shown that it can after all."""
        if quirk in self.quirks:
            self.quirks -= {quirk}
            words = sorted(str(one) for one in self.quirks)
            await self.desk.writer.do(lambda work: ledger.learn(work, self.id, {"quirks": words}))

    # installing

    async def install_fallback(self) -> None:
        """Put in what holds when nobody says anything: for all connectors at once, or for each."""
        unit = self.limits.unit_for(self.current)
        profile = fallback_profile(profile_id=FALLBACK_ID, kw=self.fallback_kw, unit=unit, phases=self.phases)
        status = "" if Quirk.NO_CONNECTOR_ZERO in self.quirks else await self._try_fallback(0, profile)
        if status != "Accepted":
            evses = await self.desk.writer.read(lambda work: [row.number for row in work.stations.evses(self.id)])
            each = [await self._try_fallback(number, profile) for number in evses] if status not in NOT_KNOWN else []
            if each and all(one == "Accepted" for one in each):
                status = "Accepted"
                await self.learn_quirk(Quirk.NO_CONNECTOR_ZERO)
        if status == "Accepted":
            await self.desk.writer.do(lambda work: ledger.note_fallback(work, self.id))
            await self.forget_quirk(Quirk.NO_SMART_CHARGING)
        else:
            self.log.warning("fall-back refused", status=status)

    async def _try_fallback(self, evse: int, profile: ChargingProfile) -> str:
        try:
            return await self.install(evse, profile)
        except CallRefused as error:
            if error.code in NOT_KNOWN:
                await self.learn_quirk(Quirk.NO_SMART_CHARGING)
            return error.code

    async def restore_profiles(self) -> None:
        """After a reboot a running charge has lost its limit at some stations: the one that holds is sent again.

        Of profiles that replaced each other only the last, and only if it was confirmed: what is unclear is for whoever
        plans the site to settle. What the store says stays as it is, for the station may have kept the profile.
        """
        async with self._lock():
            for row in await self.desk.writer.read(lambda work: _held(work, self.id)):
                try:
                    status = await self.send_profile(row.evse, fit(from_v201(row.body), self.limits))
                except (CallInvalid, CallRefused) as error:
                    status = str(error)
                self.log.info("limit sent again after a reboot", profile=row.profile_id, status=status)

    def _lock(self) -> asyncio.Lock:
        """Held while profiles are put in, so that none is sent again after its successor."""
        if self._installing is None:
            self._installing = asyncio.Lock()
        return self._installing

    async def install(self, evse: int, profile: ChargingProfile, order_id: int | None = None) -> str:
        """Send a profile, cut to what the station takes; gives its status. Refused in one unit, the other is tried.

        Raises:
            CallFailed, ProfileError
        """
        async with self._lock():
            return await self._install_in_turn(evse, profile, order_id)

    async def _install_in_turn(self, evse: int, profile: ChargingProfile, order_id: int | None) -> str:
        status = await self._install_once(evse, fit(profile, self.limits), order_id)
        if status == "Rejected" and len(self.limits.units) != 1:
            other = RateUnit.W if fit(profile, self.limits).schedule.unit is RateUnit.A else RateUnit.A
            status = await self._install_once(evse, fit(profile, self.limits, other), order_id)
            if status == "Accepted":
                known = self.limits
                self.limits = Limits((other,), known.max_stack_level, known.max_periods, known.max_profiles)
                columns = self.limits.as_columns()
                await self.desk.writer.do(lambda work: ledger.learn(work, self.id, columns))
        if status == "Rejected" and profile.purpose is Purpose.STATION_MAX:
            await self.learn_quirk(Quirk.NO_STATION_MAX)
        return status

    async def _install_once(self, evse: int, profile: ChargingProfile, order_id: int | None) -> str:
        row = InstalledProfile(
            station_id=self.id,
            evse=evse,
            profile_id=profile.id,
            purpose=str(profile.purpose),
            stack_level=profile.stack_level,
            ref=profile.transaction_id or "",
            state="sent",
            body=to_v201(profile),
            sent_at=self.desk.clock.now(),
            order_id=order_id,
        )
        await self.desk.writer.do(lambda work: ledger.note_sent_profile(work, row))
        try:
            status = await self.send_profile(evse, profile)
        except (CallInvalid, CallRefused) as error:
            status = error.code if isinstance(error, CallRefused) else "NotSent"
            await self._note_profile(evse, profile.id, status)
            raise
        await self._note_profile(evse, profile.id, status)
        return status

    async def _note_profile(self, evse: int, profile_id: int, status: str) -> None:
        await self.desk.writer.do(lambda work: ledger.note_answered_profile(work, self.id, evse, profile_id, status))

    async def cleared(self, result: dict[str, Any], args: dict[str, Any]) -> Outcome:
        """Note what ClearChargingProfile took away; "Unknown" means that nothing was there, which is as well."""
        status = result.get("status")
        if status in ("Accepted", "Unknown"):
            columns = ("profile_id", "purpose", "evse", "stack_level")
            criteria = {name: args[name] for name in columns if args.get(name) is not None}
            await self.desk.writer.do(lambda work: ledger.note_cleared_profiles(work, self.id, criteria))
        return Outcome(accepted=status in ("Accepted", "Unknown"), answer=result)

    # checking

    async def install_and_check(
        self, evse: int, profile: ChargingProfile, order_id: int, *, ask: bool = False
    ) -> Outcome:
        """Install a profile; one that lifts the station above its fall-back is checked, and any if `ask`.

        The answer has "status", and where it was checked "composite" as the station told it and "checked": "as set",
        "lower" (another profile holds too), "higher" (it does not keep what it accepted) or "nothing usable".

        Raises:
            CallFailed, ProfileError
        """
        status = await self.install(evse, profile, order_id)
        answer: dict[str, Any] = {"status": status}
        wanted = watts_at(profile, self.desk.clock.now())
        raises = wanted is not None and wanted > self.fallback_kw * 1000.0
        if status == "Accepted" and (ask or (raises and Quirk.NO_COMPOSITE not in self.quirks)):
            composite = answer["composite"] = await self._composite_or_none(evse)
            answer["checked"] = await self._judge_composite(evse, wanted, composite)
        return Outcome(accepted=status == "Accepted", answer=answer)

    async def _composite_or_none(self, evse: int) -> Any:
        try:
            return await self.ask_composite(evse, CHECK_SECONDS)
        except CallRefused:
            return None

    async def _judge_composite(self, evse: int, wanted_w: float | None, composite: Any) -> str:
        found = composite_watts(composite)
        if found is None:
            await self.learn_quirk(Quirk.NO_COMPOSITE)
            return "nothing usable"
        if wanted_w is None or abs(found - wanted_w) <= SLACK_W:
            return "as set"
        if found < wanted_w:
            return "lower"
        await self.learn_quirk(Quirk.EXCEEDS_LIMITS)
        text = f"{self.id}/{evse} accepted {wanted_w / 1000:.1f} kW and says it allows {found / 1000:.1f} kW"
        await self.desk.writer.do(
            lambda work: work.alarms.sound("evse.limit_ignored", f"{self.id}/{evse}", "critical", text)
        )
        return "higher"

    # what the versions do

    @abstractmethod
    async def send_profile(self, evse: int, profile: ChargingProfile) -> str:
        """SetChargingProfile; gives the status."""

    @abstractmethod
    async def ask_composite(self, evse: int, seconds: int) -> Any:
        """GetCompositeSchedule; gives the schedule in wire words, None where there is none."""


def _held(work: Work, station_id: str) -> list[InstalledProfile]:
    """TxProfiles of running charges: the last by EVSE and stack level, where that one was confirmed."""
    refs = {row.ref for row in work.charging.running(station_id)}
    newest: dict[tuple[int, int], InstalledProfile] = {}
    for row in work.charging.profiles(station_id):
        if row.purpose == Purpose.TX and row.ref in refs and row.state != "rejected":
            key = row.evse, row.stack_level
            if key not in newest or newest[key].sent_at <= row.sent_at:
                newest[key] = row
    return [row for row in newest.values() if row.state == "accepted"]


def watts_at(profile: ChargingProfile, now: datetime) -> float | None:
    """What a profile allows at an instant, in W over all phases; None where it says nothing then.

    A relative profile is taken to begin now.
    """
    schedule = profile.schedule
    start = now if profile.kind is Kind.RELATIVE or schedule.start is None else schedule.start
    seconds = (now - start).total_seconds()
    if profile.kind is Kind.RECURRING and seconds >= 0:
        seconds %= 604_800 if profile.recurrency == "Weekly" else 86_400
    if seconds < 0 or (schedule.duration_s is not None and seconds >= schedule.duration_s):
        return None
    period = [one for one in schedule.periods if one.start_s <= seconds][-1]
    return watts(period.limit, schedule.unit, period.phases)


def composite_watts(composite: Any) -> float | None:
    """What a composite schedule allows at its beginning, in W; None for one that says nothing (-1 has been seen)."""
    try:
        schedule = read_schedule(composite)
    except (ChargersError, TypeError, AttributeError):
        return None
    if not schedule.periods or schedule.periods[0].limit < 0:
        return None
    first = schedule.periods[0]
    return watts(first.limit, schedule.unit, first.phases if first.phases > 0 else 3)
