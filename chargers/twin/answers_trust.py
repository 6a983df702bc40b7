"""Certificates: the words of 1.6 (security whitepaper) and of 2.x differ in one answer only."""

from __future__ import annotations

from chargers.twin.answering import Answer, accepted_if, status
from chargers.twin.controls import Controls
from chargers.twin.outbox import Payload


def _signed(controls: Controls, body: Payload) -> Payload:
    taken = controls.keyring.take_chain(body["certificateChain"], controls.now())
    if taken:
        controls.reconnect()
    return accepted_if(taken)


def _install(controls: Controls, body: Payload) -> Payload:
    return status(controls.keyring.install(body["certificateType"], body["certificate"]))


def _delete(controls: Controls, body: Payload) -> Payload:
    return status(controls.keyring.delete(body["certificateHashData"]))


def _list16(controls: Controls, body: Payload) -> Payload:
    found = [one.hash_data() for one in controls.keyring.trusted if one.use == body["certificateType"]]
    return {"status": "Accepted", "certificateHashData": found} if found else status("NotFound")


def _list2(controls: Controls, body: Payload) -> Payload:
    wanted = body.get("certificateType")
    found = [
        {"certificateType": one.use, "certificateHashData": one.hash_data()}
        for one in controls.keyring.trusted
        if wanted is None or one.use in wanted
    ]
    return {"status": "Accepted", "certificateHashDataChain": found} if found else status("NotFound")


_BOTH: dict[str, Answer] = {"CertificateSigned": _signed, "InstallCertificate": _install, "DeleteCertificate": _delete}
TRUST16: dict[str, Answer] = {**_BOTH, "GetInstalledCertificateIds": _list16}
TRUST2: dict[str, Answer] = {**_BOTH, "GetInstalledCertificateIds": _list2}
