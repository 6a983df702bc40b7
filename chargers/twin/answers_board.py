"""Display messages, customer information, cost and network profiles of 2.x (2.0.1 sections O, N09, I02, B09)."""

from __future__ import annotations

from chargers.twin.answering import Answer, accepted_if, status
from chargers.twin.controls import Controls
from chargers.twin.notices import Asked
from chargers.twin.outbox import Payload
from chargers.twin.wording import time_text

CUSTOMER_PART = 512
"""Characters of customer information in one message."""


def _set_display(controls: Controls, body: Payload) -> Payload:
    message = body["message"]
    charges = [outlet.charge for outlet in controls.cabinet.outlets.values() if outlet.charge is not None]
    if "transactionId" in message and message["transactionId"] not in {charge.ref for charge in charges}:
        return status("UnknownTransaction")
    return status(controls.board.show(message))


def _get_displays(controls: Controls, body: Payload) -> Payload:
    found = [
        message
        for message in controls.board.messages.values()
        if ("id" not in body or message["id"] in body["id"])
        and body.get("priority") in {None, message["priority"]}
        and body.get("state") in {None, message.get("state")}
    ]
    if not found:
        return status("Unknown")
    controls.say(Asked("NotifyDisplayMessages", {"requestId": body["requestId"], "tbc": False, "messageInfo": found}))
    return status("Accepted")


def _clear_display(controls: Controls, body: Payload) -> Payload:
    return accepted_if(controls.board.messages.pop(body["id"], None) is not None, "Unknown")


def _customer_information(controls: Controls, body: Payload) -> Payload:
    """What is kept of a customer: the entry of the local list (2.0.1 N09, N10)."""
    asked = [name for name in ("idToken", "customerIdentifier", "customerCertificate") if name in body]
    if len(asked) != 1 or not (body["report"] or body["clear"]):
        return status("Invalid")
    local_list = controls.cabinet.local_list
    token = body.get("idToken", {}).get("idToken", "")
    card = local_list.cards.get(token)
    if body["report"]:
        text = "" if card is None else f"{token}: {card.status} on local list {local_list.version}"
        head = {"requestId": body["requestId"], "generatedAt": time_text(controls.cabinet.spec, controls.now())}
        part = {"data": text[:CUSTOMER_PART] or "nothing is kept", "seqNo": 0, "tbc": False}
        controls.say(Asked("NotifyCustomerInformation", head | part))
    if body["clear"]:
        local_list.cards.pop(token, None)
    return status("Accepted")


def _cost_updated(controls: Controls, body: Payload) -> Payload:
    for outlet in controls.cabinet.outlets.values():
        if outlet.charge is not None and outlet.charge.ref == body["transactionId"]:
            outlet.charge.cost = float(body["totalCost"])
    return {}


def _set_network(controls: Controls, body: Payload) -> Payload:
    """A profile of less security than the present one is rejected (2.0.1 B09.FR.04)."""
    least = controls.cabinet.variables.number("SecurityProfile")
    if body["connectionData"]["securityProfile"] < least:
        return status("Rejected")
    controls.board.networks[body["configurationSlot"]] = body["connectionData"]
    return status("Accepted")


BOARD2: dict[str, Answer] = {
    "SetDisplayMessage": _set_display,
    "GetDisplayMessages": _get_displays,
    "ClearDisplayMessage": _clear_display,
    "CustomerInformation": _customer_information,
    "CostUpdated": _cost_updated,
    "SetNetworkProfile": _set_network,
}
