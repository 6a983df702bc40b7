"""Firmware and logs, in the words of 1.6 (with its security whitepaper) and of 2.x."""

from __future__ import annotations

from typing import Any

from chargers.twin.answering import Answer, instant, status
from chargers.twin.controls import Controls
from chargers.twin.outbox import Payload
from chargers.twin.upkeep import FirmwareJob, LogJob


def _tries(body: Payload) -> dict[str, Any]:
    return {"retries": body.get("retries", 0), "retry_seconds": body.get("retryInterval", 60)}


def _begun(replaced: bool) -> Payload:
    return status("AcceptedCanceled" if replaced else "Accepted")


def _update16(controls: Controls, body: Payload) -> Payload:
    controls.upkeep.update(
        FirmwareJob(
            "FirmwareStatusNotification",
            body["location"],
            instant(body["retrieveDate"]),
            full=False,
            **_tries(body),
        )
    )
    return {}


def _firmware_job(action: str, body: Payload) -> FirmwareJob:
    firmware: dict[str, Any] = body["firmware"]
    install = firmware.get("installDateTime")
    return FirmwareJob(
        action,
        firmware["location"],
        instant(firmware["retrieveDateTime"]),
        None if install is None else instant(install),
        request_id=body["requestId"],
        certificate=firmware.get("signingCertificate"),
        signature=firmware.get("signature"),
        **_tries(body),
    )


def _signed_update16(controls: Controls, body: Payload) -> Payload:
    job = _firmware_job("SignedFirmwareStatusNotification", body)
    return _refusal(job) or _begun(controls.upkeep.update(job))


def _update2(controls: Controls, body: Payload) -> Payload:
    job = _firmware_job("FirmwareStatusNotification", body)
    return _refusal(job) or _begun(controls.upkeep.update(job))


def _refusal(job: FirmwareJob) -> Payload | None:
    """A signing certificate that cannot be read is refused before anything is fetched (2.0.1 L01.FR.21)."""
    if job.certificate is None:
        return None
    from cryptography.x509 import load_pem_x509_certificate

    try:
        load_pem_x509_certificate(job.certificate.encode())
    except ValueError:
        return status("InvalidCertificate")
    return None


def _diagnostics16(controls: Controls, body: Payload) -> Payload:
    name = _file_name(controls, "diagnostics")
    controls.upkeep.upload(
        LogJob("DiagnosticsStatusNotification", body["location"], name, "UploadFailed", **_tries(body))
    )
    return {"fileName": name}


def _log(controls: Controls, body: Payload) -> Payload:
    name = _file_name(controls, "security" if body["logType"] == "SecurityLog" else "diagnostics")
    job = LogJob(
        "LogStatusNotification",
        body["log"]["remoteLocation"],
        name,
        "UploadFailure",
        request_id=body["requestId"],
        **_tries(body),
    )
    return _begun(controls.upkeep.upload(job)) | {"filename": name}


def _file_name(controls: Controls, kind: str) -> str:
    identity = "".join(letter if letter.isalnum() else "-" for letter in controls.cabinet.spec.identity)
    return f"{identity}-{kind}-{controls.now():%Y%m%dT%H%M%S}.log"


UPKEEP16: dict[str, Answer] = {
    "UpdateFirmware": _update16,
    "SignedUpdateFirmware": _signed_update16,
    "GetDiagnostics": _diagnostics16,
    "GetLog": _log,
}
UPKEEP2: dict[str, Answer] = {"UpdateFirmware": _update2, "GetLog": _log}
