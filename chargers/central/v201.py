"""What OCPP 2.0.1 stations say, and what they are answered (OCPP 2.0.1 edition 3, Part 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec
from ocpp.v201 import ChargePoint

from chargers.central import ledger, messages, progress, schemas, v201_calls, v201_smart
from chargers.central.cards import card_of
from chargers.central.certificate_status import answer_status
from chargers.central.contracts import answer_vehicle
from chargers.central.device_rows import event_rows, monitor_rows, variable_rows, whole
from chargers.central.ledger import MOST_EVSES, Identity
from chargers.central.limits import Limits
from chargers.central.meters import read_time, rows_of
from chargers.central.outcome import Outcome
from chargers.central.rpc import Answer, Rows, Unacceptable, answers
from chargers.central.session import Session, clean
from chargers.central.signing import take_request
from chargers.central.transaction_events import Known, Told, take_event
from chargers.central.v16_trust import CRITICAL
from chargers.central.v16_upkeep import wire_time
from chargers.central.v201_device import Parts
from chargers.central.v201_upkeep import TOKEN_LENGTH
from chargers.central.v201_variables import variable_name
from chargers.profile import ChargingProfile
from fleet.store import Work
from fleet.tables import Transaction

_WORDS = {"NotNow": "NotAtThisTime"}
MOST_REPORTED = 20_000
"""Variables kept of one report."""


class Report:
    """A device model report on its way, in parts."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, entries: list[Any]) -> None:
        """Take one part: name -> value of the actual attribute."""
        for entry in entries:
            if isinstance(entry, dict) and len(self.values) < MOST_REPORTED:
                attributes: list[dict[str, Any]] = entry.get("variableAttribute") or [{}]
                actual = (item for item in attributes if item.get("type") in (None, "Actual"))
                self.values[variable_name(entry)] = next(actual, {}).get("value")


class StationV201(Session, ChargePoint):  # type: ignore[misc] # the package's base is untyped
    """A session with an OCPP 2.0.1 station."""

    version: ClassVar[schemas.Version] = "2.0.1"
    protocol = "ocpp2.0.1"
    PARKED = {  # noqa: RUF012 - a constant of the class
        "Authorize": {"idTokenInfo": {"status": "Invalid"}},
        "DataTransfer": {"status": "Rejected"},
        "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
        "GetCertificateStatus": {"status": "Failed"},
        "NotifyEVChargingNeeds": {"status": "Rejected"},
        "NotifyEVChargingSchedule": {"status": "Rejected"},
        "SignCertificate": {"status": "Rejected"},
    }
    reports: dict[int, Report] | None = None
    parts: Mapping[int, Parts] = MappingProxyType({})
    """What is on its way in parts, by the number it was asked under."""
    under_way: Mapping[str, Known] = MappingProxyType({})
    """Transactions by the station's name; replaced, never changed: most stations have none."""

    @answers("BootNotification", messages.BootV201)
    def on_boot(self, request: messages.BootV201) -> Answer:
        station = request.charging_station
        identity = Identity(
            vendor=clean(station.vendor_name, 50),
            model=clean(station.model, 50),
            serial=clean(station.serial_number, 50),
            firmware=clean(station.firmware_version, 50),
            reason=clean(request.reason, 50),
        )
        return self.register(identity)

    @answers("Heartbeat", messages.Nothing)
    def on_heartbeat(self, _request: messages.Nothing) -> Answer:
        return {"currentTime": self.now_text()}

    @answers("StatusNotification", messages.StatusV201)
    def on_status(self, request: messages.StatusV201) -> Answer:
        evse, connector = self.check_evse(request.evse_id), self.check_evse(request.connector_id)
        status = clean(request.connector_status, 20)
        return self.store(lambda work: ledger.set_status(work, self.id, evse, connector, status, "", ""))

    @answers("Authorize", messages.AuthorizeV201)
    def on_authorize(self, request: messages.AuthorizeV201) -> Answer:
        return self._authorize(card_of(request.id_token.id_token))

    async def _authorize(self, token: str) -> dict[str, Any]:
        await self.prepared()
        return {"idTokenInfo": await self.desk.writer.do(lambda work: self._card(work, token))}

    def _card(self, work: Work, token: str, *, starting: bool = False, but: int | None = None) -> dict[str, Any]:
        """IdTokenInfo (Part 2, 2.24)."""
        judgement = self.judge_card(work, token, starting=starting, but=but)
        info: dict[str, Any] = {"status": _WORDS.get(judgement.status, judgement.status)}
        if 0 < len(judgement.group_id) <= TOKEN_LENGTH:
            info["groupIdToken"] = {"idToken": judgement.group_id, "type": "Central"}
        if judgement.expires_at is not None:
            info["cacheExpiryDateTime"] = wire_time(judgement.expires_at)
        return info

    @answers("TransactionEvent", messages.TransactionEventV201)
    def on_transaction(self, request: messages.TransactionEventV201) -> Answer:
        if not 0 <= request.seq_no < 2**31:
            raise Unacceptable("seqNo is no number that can be")
        ref = clean(request.transaction_info.transaction_id, 36)
        if not ref:
            raise Unacceptable("transactionId is empty")
        now = self.desk.clock.now()
        self.clock.note(request.timestamp, now)
        evse = request.evse
        told = Told(
            station_id=self.id,
            ref=ref,
            kind=request.event_type,
            seq_no=request.seq_no,
            at=read_time(request.timestamp, now),
            evse=None if evse is None else self.check_evse(evse.id),
            connector=None if evse is None else self.check_evse(evse.connector_id or 1),
            token=None if request.id_token is None else card_of(request.id_token.id_token) or None,
            charging_state=clean(request.transaction_info.charging_state, 20) or None,
            reason=clean(request.transaction_info.stopped_reason, 20) or "Local",
            rows=rows_of(self.id, 0, ref, request.meter_value or (), now),
        )
        self.hear_of(ref)
        return self._meter_only(told) or self._transaction(told)

    def _meter_only(self, told: Told) -> Rows | None:
        """Rows of an event that tells meter values and nothing else: they are stored like any, a hundred at a time."""
        known = self.under_way.get(told.ref)
        if known is None or not told.tells_meter_only(known):
            return None
        self.under_way = {**self.under_way, told.ref: replace(known, seq_no=max(known.seq_no, told.seq_no))}
        return [{**row, "evse": known.evse} for row in told.rows]

    async def _transaction(self, told: Told) -> dict[str, Any]:
        if told.token is not None and told.kind != "Ended":
            await self.prepared()
        known = self.under_way.get(told.ref)

        def keep(work: Work) -> tuple[Transaction, dict[str, Any]]:
            row = take_event(work, told, seen=-1 if known is None else known.seq_no)
            reply: dict[str, Any] = {}
            if told.token is not None:
                card = self._card(work, told.token, starting=told.kind == "Started", but=row.transaction_id)
                reply = {"idTokenInfo": card}
            cost = self.desk.price(row) if told.kind == "Ended" else None
            return row, reply if cost is None else {**reply, "totalCost": cost}

        row, reply = await self.desk.writer.do(keep)
        if row.state != ledger.RUNNING:
            self.under_way = {ref: known for ref, known in self.under_way.items() if ref != told.ref}
        elif told.ref in self.under_way or len(self.under_way) < MOST_EVSES:
            self.under_way = {**self.under_way, told.ref: Known(row.evse, row.charging_state, row.seq_no)}
        return reply

    @answers("MeterValues", messages.MeterValuesV201)
    def on_meter_values(self, request: messages.MeterValuesV201) -> Answer:
        evse = self.check_evse(request.evse_id)
        return rows_of(self.id, evse, "", request.meter_value, self.desk.clock.now())

    @answers("NotifyReport", messages.ReportIn)
    def on_report(self, request: messages.ReportIn) -> Answer:
        entries = msgspec.to_builtins(request.report_data or [])
        return self._keep_report(request.request_id, entries, more=bool(request.tbc))

    async def _keep_report(self, number: int, entries: list[Any], *, more: bool) -> dict[str, Any]:
        rows = variable_rows(entries)
        await self.desk.writer.do(lambda work: work.devices.keep_variables(self.id, rows))
        report = (self.reports or {}).get(number)
        if report is not None:
            report.add(entries)
            if not more and not report.done.done():
                report.done.set_result(None)
        self._add_parts(number, entries, more=more)
        return {}

    def _add_parts(self, number: int, items: list[Any], *, more: bool) -> None:
        parts = self.parts.get(number)
        if parts is not None:
            parts.add(items, more=more)

    @answers("DataTransfer", messages.DataTransferIn)
    def on_data(self, _request: messages.DataTransferIn) -> Answer:
        return {"status": "UnknownVendorId"}

    @answers("SecurityEventNotification", messages.SecurityEventIn)
    def on_security_event(self, request: messages.SecurityEventIn) -> Answer:
        now = self.desk.clock.now()
        self.clock.note(request.timestamp, now)
        kind, info, at = clean(request.type, 50), clean(request.tech_info, 255), read_time(request.timestamp, now)
        critical = kind in CRITICAL
        return self.store(lambda work: work.trust.note_event(self.id, kind, info, critical=critical, at=at))

    @answers("FirmwareStatusNotification", messages.StatusOnly)
    def on_firmware(self, request: messages.StatusOnly) -> Answer:
        return self._progress("firmware", request)

    @answers("LogStatusNotification", messages.StatusOnly)
    def on_log(self, request: messages.StatusOnly) -> Answer:
        return self._progress("log", request)

    @answers("PublishFirmwareStatusNotification", messages.StatusOnly)
    def on_publish(self, request: messages.StatusOnly) -> Answer:
        return self._progress("firmware", request)

    def _progress(self, what: progress.What, request: messages.StatusOnly) -> Answer:
        status, number = clean(request.status, 50), getattr(request, "request_id", None)
        return self.store(lambda work: progress.note_progress(work, self.id, what, status, number))

    @answers("ReservationStatusUpdate", messages.ReservationUpdateIn)
    def on_reservation(self, request: messages.ReservationUpdateIn) -> Answer:
        number = request.reservation_id
        if not 0 <= number < 2**31:
            raise Unacceptable("reservationId is no number that can be")
        state = "expired" if request.reservation_update_status == "Expired" else "removed"
        return self.store(lambda work: work.reservations.mark(number, state))

    @answers("NotifyEvent", messages.EventsIn)
    def on_event(self, request: messages.EventsIn) -> Answer:
        rows = event_rows(msgspec.to_builtins(request.event_data), self.desk.clock.now())

        def keep(work: Work) -> None:
            for row in rows:
                number = row.pop("monitor")
                monitor = None if number is None else work.devices.monitor(self.id, number)
                work.devices.note_event(self.id, {**row, "severity": None if monitor is None else monitor.severity})

        return self.store(keep)

    @answers("NotifyMonitoringReport", messages.MonitorsIn)
    def on_monitoring_report(self, request: messages.MonitorsIn) -> Answer:
        entries = msgspec.to_builtins(request.monitor or [])
        rows = monitor_rows(entries)

        async def keep() -> dict[str, Any]:
            def write(work: Work) -> None:
                for number, row in rows:
                    work.devices.keep_monitor(self.id, number, row)

            await self.desk.writer.do(write)
            self._add_parts(request.request_id, entries, more=bool(request.tbc))
            return {}

        return keep()

    @answers("NotifyCustomerInformation", messages.CustomerIn)
    def on_customer_information(self, request: messages.CustomerIn) -> Answer:
        self._add_parts(request.request_id, [request.data], more=bool(request.tbc))
        return {}

    @answers("NotifyDisplayMessages", messages.DisplayIn)
    def on_display_messages(self, request: messages.DisplayIn) -> Answer:
        bodies = [one for one in msgspec.to_builtins(request.message_info or []) if isinstance(one, dict)]

        async def keep() -> dict[str, Any]:
            def write(work: Work) -> None:
                for body in bodies:
                    work.devices.keep_message(self.id, whole(body.get("id")), "accepted", body)

            await self.desk.writer.do(write)
            self._add_parts(request.request_id, bodies, more=bool(request.tbc))
            return {}

        return keep()

    @answers("ReportChargingProfiles", messages.ProfilesIn)
    def on_profiles(self, request: messages.ProfilesIn) -> Answer:
        told = {"evse": request.evse_id, "source": request.charging_limit_source}
        profiles = [{**told, "profile": one} for one in msgspec.to_builtins(request.charging_profile)]
        self._add_parts(request.request_id, profiles, more=bool(request.tbc))
        return {}

    @answers("NotifyChargingLimit", messages.LimitIn)
    def on_charging_limit(self, request: messages.LimitIn) -> Answer:
        evse, source = self.check_evse(request.evse_id or 0), clean(request.charging_limit.charging_limit_source, 20)
        return self.store(lambda work: v201_smart.note_limit(work, self.id, evse, source))

    @answers("ClearedChargingLimit", messages.ClearedLimitIn)
    def on_cleared_limit(self, request: messages.ClearedLimitIn) -> Answer:
        evse = self.check_evse(request.evse_id or 0)
        return self.store(lambda work: v201_smart.note_cleared_limit(work, self.id, evse))

    @answers("NotifyEVChargingNeeds", messages.NeedsIn)
    def on_charging_needs(self, request: messages.NeedsIn) -> Answer:
        return v201_smart.answer_needs(
            self, self.check_evse(request.evse_id), msgspec.to_builtins(request.charging_needs)
        )

    @answers("NotifyEVChargingSchedule", messages.Nothing)
    def on_charging_schedule(self, _request: messages.Nothing) -> Answer:
        return {"status": "Accepted"}

    @answers("SignCertificate", messages.SignCertificateIn)
    def on_sign_certificate(self, request: messages.SignCertificateIn) -> Answer:
        use = request.certificate_type or "ChargingStationCertificate"

        async def send(chain: str) -> dict[str, Any]:
            return await self.call_raw("CertificateSigned", {"certificateChain": chain, "certificateType": use})

        return take_request(self, request.csr, send, "station" if use == "ChargingStationCertificate" else use[:20])

    @answers("Get15118EVCertificate", messages.ContractIn)
    def on_ev_certificate(self, request: messages.ContractIn) -> Answer:
        return answer_vehicle(self, request)

    @answers("GetCertificateStatus", messages.StatusAskedIn)
    def on_certificate_status(self, request: messages.StatusAskedIn) -> Answer:
        return answer_status(self, request.ocsp_request_data)

    # orders

    CALLS = v201_calls.CALLS

    async def learn_limits(self) -> Limits:
        return await v201_calls.learn_limits(self)

    async def send_profile(self, evse: int, profile: ChargingProfile) -> str:
        return await v201_calls.send_profile(self, evse, profile)

    async def ask_composite(self, evse: int, seconds: int) -> Any:
        return await v201_calls.ask_composite(self, evse, seconds)

    async def trigger(self, message: str, evse: int | None) -> Outcome:
        return await v201_calls.trigger(self, message, evse)
