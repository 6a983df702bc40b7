"""What OCPP 1.6-J stations say, and what they are answered (OCPP 1.6 edition 2 and its security whitepaper)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from ocpp.v16 import ChargePoint

from chargers.central import ledger, messages, progress, v16_calls, v16_trust
from chargers.central.cards import card_of
from chargers.central.desk import Desk
from chargers.central.ledger import End, Identity, Start
from chargers.central.limits import Limits
from chargers.central.meters import read_time, rows_of
from chargers.central.outcome import Outcome
from chargers.central.rpc import Answer, Rows, Unacceptable, answers
from chargers.central.session import Session, clean, start_key
from chargers.central.signing import take_request
from chargers.central.socket import Socket
from chargers.profile import ChargingProfile
from fleet.store import Work
from fleet.store.tokens import Judgement
from fleet.tables import MeterValue, Station, Transaction

_WORDS = {"NotNow": "Blocked"}
"""1.6 has no word for "not at this time"."""
TAG_LENGTH = 20
"""An idTag and a parentIdTag have at most this many characters (1.6 section 7.27)."""


def tag_info(judgement: Judgement) -> dict[str, str]:
    """IdTagInfo (1.6 section 7.27)."""
    info = {"status": _WORDS.get(judgement.status, judgement.status)}
    if 0 < len(judgement.group_id) <= TAG_LENGTH:
        info["parentIdTag"] = judgement.group_id
    if judgement.expires_at is not None:
        info["expiryDate"] = judgement.expires_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return info


class StationV16(Session, ChargePoint):  # type: ignore[misc] # the package's base is untyped
    """A session with an OCPP 1.6-J station. Its connector n is EVSE n of our words."""

    version = "1.6"
    limits_after_start: dict[str, tuple[float, int]]
    """For stations that take no profile in a start: by card, what its next charge is limited to, and the order."""
    protocol = "ocpp1.6"
    PARKED = {  # noqa: RUF012 - a constant of the class
        "Authorize": {"idTagInfo": {"status": "Invalid"}},
        "DataTransfer": {"status": "Rejected"},
        "StartTransaction": {"transactionId": 0, "idTagInfo": {"status": "Invalid"}},
        "SignCertificate": {"status": "Rejected"},
    }

    def __init__(self, station: Station, socket: Socket, desk: Desk, left: Callable[[Session], None]) -> None:
        super().__init__(station, socket, desk, left)
        self.limits_after_start = {}

    @answers("BootNotification", messages.BootV16)
    def on_boot(self, request: messages.BootV16) -> Answer:
        return self.register(
            Identity(
                vendor=clean(request.charge_point_vendor, 50),
                model=clean(request.charge_point_model, 50),
                serial=clean(request.charge_point_serial_number or request.charge_box_serial_number, 50),
                firmware=clean(request.firmware_version, 50),
            )
        )

    @answers("Heartbeat", messages.Nothing)
    def on_heartbeat(self, _request: messages.Nothing) -> Answer:
        return {"currentTime": self.now_text()}

    @answers("StatusNotification", messages.StatusV16)
    def on_status(self, request: messages.StatusV16) -> Answer:
        evse = self.check_evse(request.connector_id)
        self.clock.note(request.timestamp, self.desk.clock.now())
        error = "" if request.error_code == "NoError" else clean(request.error_code, 50)
        info = clean(" ".join(part for part in (request.vendor_error_code, request.info) if part), 100)
        status = clean(request.status, 20)
        return self.store(lambda work: ledger.set_status(work, self.id, evse, min(evse, 1), status, error, info))

    # cards and charges

    @answers("Authorize", messages.AuthorizeV16)
    def on_authorize(self, request: messages.AuthorizeV16) -> Answer:
        return self._authorize(card_of(request.id_tag))

    async def _authorize(self, token: str) -> dict[str, Any]:
        await self.prepared()
        return {"idTagInfo": await self.desk.writer.do(lambda work: tag_info(self.judge_card(work, token)))}

    @answers("StartTransaction", messages.StartV16)
    def on_start(self, request: messages.StartV16) -> Answer:
        evse = self.check_evse(request.connector_id)
        if evse == 0:
            raise Unacceptable("a transaction runs on a connector, not on 0")
        token = card_of(request.id_tag)
        now = self.desk.clock.now()
        self.clock.note(request.timestamp, now)
        start = Start(
            station_id=self.id,
            evse=evse,
            connector=1,
            token=token,
            at=read_time(request.timestamp, now),
            wh=self.read_meter("StartTransaction", request.meter_start),
            start_key=start_key(evse, token, request.meter_start, request.timestamp),
            reservation_id=request.reservation_id,
        )
        return self._start(start, token)

    async def _start(self, start: Start, token: str) -> dict[str, Any]:
        await self.prepared()

        def keep(work: Work) -> tuple[Transaction, Judgement]:
            row = ledger.start_transaction(work, start)
            return row, self.judge_card(work, token, starting=True, but=row.transaction_id)

        row, judgement = await self.desk.writer.do(keep)
        limit = self.limits_after_start.pop(token.upper(), None)
        if limit is not None and judgement.status == "Accepted":
            self.desk.spawn(v16_calls.limit_charge(self, row, *limit))
        return {"transactionId": row.transaction_id, "idTagInfo": tag_info(judgement)}

    @answers("StopTransaction", messages.StopV16)
    def on_stop(self, request: messages.StopV16) -> Answer:
        token = card_of(request.id_tag) or None
        now = self.desk.clock.now()
        self.clock.note(request.timestamp, now)
        end = End(
            station_id=self.id,
            ref=str(request.transaction_id),
            at=read_time(request.timestamp, now),
            wh=self.read_meter("StopTransaction", request.meter_stop),
            reason=clean(request.reason, 20) or "Local",
            token=token,
            unseen_ref=f"{request.transaction_id}@{clean(request.timestamp, 40)}",
        )
        rows = rows_of(self.id, 0, end.ref, request.transaction_data or (), now)
        return self._stop(end, rows, token)

    async def _stop(self, end: End, rows: Rows, token: str | None) -> dict[str, Any]:
        def keep(work: Work) -> dict[str, Any]:
            evse = ledger.end_transaction(work, end).evse
            for row in rows:
                work.insert_new(MeterValue, {**row, "evse": evse})
            return {} if token is None else {"idTagInfo": tag_info(work.tokens.judge(token))}

        return await self.desk.writer.do(keep)

    @answers("MeterValues", messages.MeterValuesV16)
    def on_meter_values(self, request: messages.MeterValuesV16) -> Answer:
        evse = self.check_evse(request.connector_id)
        now = self.desk.clock.now()
        if self.clock.wants:
            self.clock.note(request.meter_value[-1].timestamp if request.meter_value else None, now)
        if request.transaction_id is None:
            return rows_of(self.id, evse, "", request.meter_value, now)
        ref = str(request.transaction_id)
        if ref not in self.refs:
            self.hear_of(ref)
        return rows_of(self.id, evse, ref, request.meter_value, now)

    # what is under way at the station

    @answers("FirmwareStatusNotification", messages.StatusOnly)
    def on_firmware(self, request: messages.StatusOnly) -> Answer:
        return self._progress("firmware", request)

    @answers("SignedFirmwareStatusNotification", messages.StatusOnly)
    def on_signed_firmware(self, request: messages.StatusOnly) -> Answer:
        return self._progress("firmware", request)

    @answers("DiagnosticsStatusNotification", messages.StatusOnly)
    def on_diagnostics(self, request: messages.StatusOnly) -> Answer:
        return self._progress("log", request)

    @answers("LogStatusNotification", messages.StatusOnly)
    def on_log(self, request: messages.StatusOnly) -> Answer:
        return self._progress("log", request)

    def _progress(self, what: progress.What, request: messages.StatusOnly) -> Answer:
        status, number = clean(request.status, 50), getattr(request, "request_id", None)
        return self.store(lambda work: progress.note_progress(work, self.id, what, status, number))

    @answers("DataTransfer", messages.DataTransferIn)
    def on_data(self, request: messages.DataTransferIn) -> Answer:
        self.note("data transfer", vendor=clean(request.vendor_id, 255), message=clean(request.message_id, 50))
        return {"status": "UnknownVendorId"}

    # security

    @answers("SecurityEventNotification", messages.SecurityEventIn)
    def on_security_event(self, request: messages.SecurityEventIn) -> Answer:
        now = self.desk.clock.now()
        self.clock.note(request.timestamp, now)
        kind, info, at = clean(request.type, 50), clean(request.tech_info, 255), read_time(request.timestamp, now)
        critical = kind in v16_trust.CRITICAL
        return self.store(lambda work: work.trust.note_event(self.id, kind, info, critical=critical, at=at))

    @answers("SignCertificate", messages.SignCertificateIn)
    def on_sign_certificate(self, request: messages.SignCertificateIn) -> Answer:
        return take_request(self, request.csr, lambda chain: v16_trust.send_signed(self, chain))

    # orders

    CALLS = v16_calls.CALLS

    async def learn_limits(self) -> Limits:
        return await v16_calls.learn_limits(self)

    async def send_profile(self, evse: int, profile: ChargingProfile) -> str:
        return await v16_calls.send_profile(self, evse, profile)

    async def ask_composite(self, evse: int, seconds: int) -> Any:
        return await v16_calls.ask_composite(self, evse, seconds)

    async def trigger(self, message: str, evse: int | None) -> Outcome:
        return await v16_calls.trigger(self, message, evse)
