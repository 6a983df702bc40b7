"""The fast validators and typed decoders are never laxer than the package's own validator."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, get_args

import msgspec
import ocpp.messages
import pytest

from chargers.central import schemas
from chargers.central.v16 import StationV16
from chargers.central.v201 import StationV201

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.0,
    1.5,
    10**12,
    "",
    "x",
    "x" * 600,
    [],
    {},
    [None],
    {"x": 1},
    "2026-01-01T00:00:00Z",
]


def names(version: str, direction: str) -> list[str]:
    """Every action of a version that has a schema of this direction."""
    folder = Path(ocpp.messages.__file__).parent / f"v{version.replace('.', '')}" / "schemas"
    stems = sorted(path.stem for path in folder.glob("*.json"))
    if direction == "response":
        return [stem.removesuffix("Response") for stem in stems if stem.endswith("Response")]
    return [stem.removesuffix("Request") for stem in stems if not stem.endswith("Response")]


def sample(schema: dict[str, Any], root: dict[str, Any], draw: random.Random, *, depth: int = 0) -> Any:
    """A payload the schema allows."""
    if "$ref" in schema:
        return sample(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, draw, depth=depth)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        required = schema.get("required", [])
        wanted = [
            name for name in schema.get("properties", {}) if name in required or (depth < 4 and draw.random() < 0.4)
        ]
        return {name: sample(schema["properties"][name], root, draw, depth=depth + 1) for name in wanted}
    if kind == "array":
        count = draw.randint(int(schema.get("minItems", 0)), int(schema.get("minItems", 0)) + 1)
        return [sample(schema["items"], root, draw, depth=depth + 1) for _ in range(count)]
    if kind == "string":
        return (
            "2026-01-01T00:00:00Z"
            if schema.get("format") == "date-time"
            else "a" * draw.randint(0, min(5, schema.get("maxLength", 5)))
        )
    if kind in ("integer", "number"):
        least = int(schema.get("minimum", 0))
        return draw.randint(least, max(least, min(9, int(schema.get("maximum", 9)))))
    return draw.random() < 0.5 if kind == "boolean" else "anything"


def mutate(payload: Any, draw: random.Random) -> Any:
    """The payload with one thing wrong with it, perhaps."""
    body = json.loads(json.dumps(payload))
    at, path = body, []
    while isinstance(at, dict | list) and at:
        key = draw.choice(sorted(at)) if isinstance(at, dict) else draw.randrange(len(at))
        path.append((at, key))
        at = at[key]
    if not path:
        return draw.choice(ODD)
    place, key = draw.choice(path)
    how = draw.randrange(3)
    if how == 0:
        place[key] = draw.choice(ODD)
    elif how == 1:
        del place[key]
    elif isinstance(place, dict):
        place["strange"] = 1
    else:
        place.append(draw.choice(ODD))
    return body


CASES = [
    (version, action, direction)
    for version in get_args(schemas.Version)
    for direction in get_args(schemas.Direction)
    for action in names(version, direction)
]


def test_both_versions_are_covered():
    """78 schemas of 1.6 and 128 of 2.0.1, as the package counts them."""
    assert len([case for case in CASES if case[0] == "1.6"]) == 78
    assert len([case for case in CASES if case[0] == "2.0.1"]) == 128


@pytest.mark.parametrize("version", get_args(schemas.Version))
def test_what_the_fast_ones_accept_the_package_accepts(version):
    """On valid and mutated payloads of every schema no fast verdict is laxer; valid ones pass the fast lane."""
    draw = random.Random(1)
    fast, slow = 0, 0
    for _, action, direction in (case for case in CASES if case[0] == version):
        root = schemas.read_schema(version, action, direction)
        is_valid = schemas.is_valid(version, action, direction)
        try:
            decode = schemas.decoder(version, action) if direction == "request" else None
        except ValueError:  # multipleOf: left to the package
            decode = None
        for number in range(12):
            good = sample(root, root, draw)
            payload = good if number < 3 else mutate(good, draw)
            verdict = schemas.judge(version, action, direction, payload)
            if is_valid(payload):
                assert verdict is None, (action, payload, verdict)
            if decode is not None and _decodes(decode, payload):
                assert verdict is None, (action, payload, verdict)
            if number < 3:
                assert verdict is None, (action, payload, verdict)
                fast += is_valid(payload) and (decode is None or _decodes(decode, payload))
                slow += 1
    assert fast == slow


def _decodes(decode: Any, payload: Any) -> bool:
    try:
        decode(json.dumps(payload).encode())
    except msgspec.ValidationError:
        return False
    return True


def test_limits_are_judged_to_a_tenth():
    """OCPP 1.6 wants limits in tenths: 6.1 passes although it is no binary fraction, 6.15 does not."""

    def profile(limit: float) -> dict[str, Any]:
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
        return {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": schedule,
            },
        }

    is_valid = schemas.is_valid("1.6", "SetChargingProfile", "request")
    assert is_valid(profile(6.1))
    assert not is_valid(profile(6.15))


@pytest.mark.parametrize(
    ("payload", "rule", "text"),
    [
        ({"idTag": "x" * 21}, "maxLength", "idTag is longer than 20"),
        ({}, "required", "payload idTag is missing"),
        ({"idTag": 5}, "type", "idTag must be of type string"),
        ({"idTag": "x", "more": 1}, "additionalProperties", "payload has a property that is not allowed: more"),
    ],
)
def test_a_fault_names_rule_and_place(payload, rule, text):
    """The text is short, names the field and repeats nothing of the payload but a property's name."""
    assert schemas.judge("1.6", "Authorize", "request", payload) == schemas.Fault(rule, text)


@pytest.mark.parametrize("action", ["Nonsense", "../v16/schemas/Reset", "ResetResponse/../Reset", ""])
def test_only_actions_of_the_version_are_known(action):
    """An action name never becomes a path."""
    assert not schemas.is_known("2.0.1", action)
    with pytest.raises(KeyError):
        schemas.judge("1.6", action, "request", {})


@pytest.mark.parametrize(("session", "version"), [(StationV16, "1.6"), (StationV201, "2.0.1")])
def test_every_action_a_station_may_send_has_a_handler(session, version):
    """The requests of a version that are not ours to send are all answered."""
    ours = {
        "CancelReservation", "CertificateSigned", "ChangeAvailability", "ChangeConfiguration", "ClearCache",
        "ClearChargingProfile", "ClearDisplayMessage", "ClearVariableMonitoring", "CostUpdated", "CustomerInformation",
        "DeleteCertificate", "ExtendedTriggerMessage", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule",
        "GetConfiguration", "GetDiagnostics", "GetDisplayMessages", "GetInstalledCertificateIds",
        "GetLocalListVersion", "GetLog", "GetMonitoringReport", "GetReport", "GetTransactionStatus", "GetVariables",
        "InstallCertificate", "PublishFirmware", "RemoteStartTransaction", "RemoteStopTransaction",
        "RequestStartTransaction", "RequestStopTransaction", "ReserveNow", "Reset", "SendLocalList",
        "SetChargingProfile", "SetDisplayMessage", "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile",
        "SetVariableMonitoring", "SetVariables", "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector",
        "UnpublishFirmware", "UpdateFirmware",
    }  # fmt: skip
    assert set(names(version, "request")) - ours == set(session.ROUTES)
