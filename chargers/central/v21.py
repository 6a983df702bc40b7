"""What OCPP 2.1 stations say beyond 2.0.1, and what they are answered (OCPP 2.1 edition 1, Part 2).

What both versions have is handled as in 2.0.1, judged by 2.1's own schemas. Of what is new, this central system has no
generators to control, no batteries to swap and no payments to settle: it answers so, by the book.
"""

from __future__ import annotations

from typing import Any

from chargers.central import messages, schemas
from chargers.central.certificate_status import look_up
from chargers.central.rpc import Answer, Unacceptable, answers
from chargers.central.session import clean
from chargers.central.v201 import StationV201
from fleet.store import Work

CHAIN_WORDS = {"good": "Good", "revoked": "Revoked", "unknown": "Unknown"}


class StationV21(StationV201):
    """A session with an OCPP 2.1 station."""

    version = "2.1"
    protocol = "ocpp2.1"
    PARKED = {  # noqa: RUF012 - a constant of the class
        **StationV201.PARKED,
        "OpenPeriodicEventStream": {"status": "Rejected"},
        "PullDynamicScheduleUpdate": {"status": "Rejected"},
    }

    # variables in streams

    @answers("OpenPeriodicEventStream", messages.Nothing)
    def on_open_stream(self, _request: messages.Nothing) -> Answer:
        return {"status": "Accepted"}

    @answers("ClosePeriodicEventStream", messages.Nothing)
    def on_close_stream(self, _request: messages.Nothing) -> Answer:
        return self.note("event stream closed")

    @answers("NotifyPeriodicEventStream", messages.StreamIn)
    def on_stream(self, request: messages.StreamIn) -> Answer:
        return self.note("event stream", stream=request.id, values=len(request.data or ()))

    # generators: none are controlled from here

    @answers("NotifyDERAlarm", messages.DerAlarmIn)
    def on_generator_alarm(self, request: messages.DerAlarmIn) -> Answer:
        subject = f"{self.id}/{clean(request.control_type, 40)}"
        ended, text = bool(request.alarm_ended), clean(request.extra_info, 200)

        def keep(work: Work) -> None:
            if ended:
                work.alarms.clear("station.grid_fault", subject)
            else:
                fault = clean(request.grid_event_fault, 40)
                work.alarms.sound("station.grid_fault", subject, "warning", f"{subject}: {fault} {text}".rstrip())

        return self.store(keep)

    @answers("NotifyDERStartStop", messages.Nothing)
    def on_generator(self, _request: messages.Nothing) -> Answer:
        return self.note("generator control began or ended")

    @answers("ReportDERControl", messages.Nothing)
    def on_generator_report(self, _request: messages.Nothing) -> Answer:
        return self.note("generator controls reported")

    # charging

    @answers("NotifyPriorityCharging", messages.Nothing)
    def on_priority(self, _request: messages.Nothing) -> Answer:
        return self.note("priority charging")

    @answers("PullDynamicScheduleUpdate", messages.Nothing)
    def on_pull(self, _request: messages.Nothing) -> Answer:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "NoProfile", "additionalInfo": "none is dynamic"}}

    @answers("BatterySwap", messages.Nothing)
    def on_battery_swap(self, _request: messages.Nothing) -> Answer:
        return self.note("battery swapped")

    # payment: none is settled here

    @answers("NotifySettlement", messages.Nothing)
    def on_settlement(self, _request: messages.Nothing) -> Answer:
        return self.note("settlement")

    @answers("VatNumberValidation", messages.VatIn)
    def on_vat_number(self, request: messages.VatIn) -> Answer:
        return {"vatNumber": clean(request.vat_number, 20), "status": "Rejected"}

    # certificates

    @answers("GetCertificateChainStatus", messages.ChainStatusIn)
    def on_chain_status(self, request: messages.ChainStatusIn) -> Answer:
        told: list[dict[str, Any]] = [
            {
                "certificateHashData": {
                    "hashAlgorithm": asked.certificate_hash_data.hash_algorithm,
                    "issuerNameHash": asked.certificate_hash_data.issuer_name_hash,
                    "issuerKeyHash": asked.certificate_hash_data.issuer_key_hash,
                    "serialNumber": asked.certificate_hash_data.serial_number,
                },
                "source": asked.source,
                "status": "Failed",
                "nextUpdate": self.now_text(),
            }
            for asked in request.certificate_status_requests
        ]
        if not schemas.is_valid("2.1", "GetCertificateChainStatus", "response")({"certificateStatus": told}):
            raise Unacceptable("what is asked for cannot be repeated in the answer")
        return self._tell_chain(request.certificate_status_requests, told)

    async def _tell_chain(self, asked: list[messages.ChainRequestIn], told: list[dict[str, Any]]) -> dict[str, Any]:
        """Of our own authority's certificates the truth; of others that it could not be found out (M07)."""
        for one, entry in zip(asked, told, strict=True):
            found = await look_up(self, one.certificate_hash_data)
            if found is not None:
                entry["status"] = CHAIN_WORDS[found.state]
        return {"certificateStatus": told}
