"""What OCPP allows in a payload: the `ocpp` package's schemas, compiled for speed.

Fast accept, slow reject: a compiled validator or typed decoder only ever says "certainly valid"; whatever it refuses is
judged again by the package's own validator, whose verdict words the CALLERROR. The fast ones are never laxer
(tests/chargers/test_central_schemas.py compares them on mutated payloads).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema_rs
import msgspec
import ocpp.messages
from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError, best_match

Version = Literal["1.6", "2.0.1", "2.1"]
Direction = Literal["request", "response"]

_MESSAGE_TYPE = {"request": 2, "response": 3}
_DECIMAL = {
    ("SetChargingProfile", "request"),
    ("RemoteStartTransaction", "request"),
    ("GetCompositeSchedule", "response"),
}
"""1.6 payloads with `multipleOf 0.1`: 0.1 is no binary fraction, so the package judges them with decimals."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a payload breaks its schema. `rule` is the JSON Schema keyword that was broken."""

    rule: str
    text: str


@cache
def is_valid(version: Version, action: str, direction: Direction) -> Callable[[object], bool]:
    """A compiled test of payloads: True means certainly valid.

    Raises:
        KeyError: the package has no such schema.
    """
    if version == "1.6" and (action, direction) in _DECIMAL:
        return lambda payload: judge(version, action, direction, payload) is None
    validator = jsonschema_rs.Draft4Validator(read_schema(version, action, direction), validate_formats=False)
    return validator.is_valid


@cache
def decoder(version: Version, action: str) -> Callable[[msgspec.Raw], Any]:
    """A decoder of request payloads that validates on the way; attributes are snake_case, absent ones None.

    It raises msgspec.ValidationError for whatever the schema does not allow.
    """
    schema = read_schema(version, action, "request")
    kind = _Typed(schema.get("definitions", {})).type_of(schema, action)
    return msgspec.json.Decoder(kind).decode


def judge(version: Version, action: str, direction: Direction, payload: object) -> Fault | None:
    """The package's own verdict; None when the payload is valid.

    Raises:
        KeyError: the package has no such schema.
    """
    if not is_known(version, action):
        raise KeyError(f"OCPP {version} has no {action[:50]} {direction}")
    exact = version == "1.6" and (action, direction) in _DECIMAL
    number = Decimal if exact else float
    try:
        validator = ocpp.messages.get_validator(_MESSAGE_TYPE[direction], action, version, parse_float=number)
    except OSError:
        validator = _validator(version, action, direction)
    if exact:
        payload = json.loads(json.dumps(payload), parse_float=Decimal)
    error = best_match(validator.iter_errors(payload))
    return None if error is None else Fault(str(error.validator), _say(error))


@cache
def _validator(version: Version, action: str, direction: Direction) -> Draft4Validator:
    """For the schema the package's own look-up does not find: the one message of 2.1 that has no answer."""
    return Draft4Validator(read_schema(version, action, direction))


@cache
def read_schema(version: Version, action: str, direction: Direction) -> dict[str, Any]:
    """One of the package's schemas.

    Raises:
        KeyError: there is none.
    """
    if not is_known(version, action):
        raise KeyError(f"OCPP {version} has no {action[:50]} {direction}")
    suffix = "Response" if direction == "response" else "" if version == "1.6" else "Request"
    path = _folder(version) / f"{action}{suffix}.json"
    if direction == "request" and version == "2.1" and not path.is_file():
        path = _folder(version) / f"{action}.json"  # what is sent without being answered is no request
    if not path.is_file():
        raise KeyError(f"OCPP {version} has no {action} {direction}")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return schema


def is_known(version: Version, action: str) -> bool:
    """Whether this OCPP version has such an action."""
    return action in actions_of(version)


@cache
def actions_of(version: Version) -> frozenset[str]:
    """Every action of a version; whatever a station calls out is looked up here and nowhere kept."""
    names = {path.stem for path in _folder(version).glob("*.json")}
    return frozenset(name.removesuffix("Request") for name in names if not name.endswith("Response"))


def _folder(version: Version) -> Path:
    return Path(ocpp.messages.__file__).parent / f"v{version.replace('.', '')}" / "schemas"


def snake(name: str) -> str:
    """A wire name as a Python one: `idTag` -> `id_tag`."""
    text = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return text.strip("_")


class _Typed:
    """msgspec types of one schema; `$ref` are resolved, keywords it does not know are refused."""

    _KNOWN = frozenset(
        {
            "$schema", "$id", "id", "comment", "$comment", "title", "description", "definitions", "javaType", "type",
            "properties", "required", "additionalProperties", "items", "additionalItems", "minItems", "maxItems",
            "enum", "maxLength", "format", "minimum", "maximum", "default", "$ref",
        }
    )  # fmt: skip

    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._made: dict[str, Any] = {}

    def type_of(self, schema: dict[str, Any], name: str) -> Any:
        if strange := set(schema) - self._KNOWN:
            raise ValueError(f"{name}: no typed decoder for the schema keywords {sorted(strange)}")
        if "$ref" in schema:
            target = schema["$ref"].removeprefix("#/definitions/")
            if target not in self._made:
                self._made[target] = self.type_of(self._definitions[target], target)
            return self._made[target]
        if "enum" in schema:
            return Literal[tuple(schema["enum"])]
        kind = schema.get("type")
        if kind == "object":
            return self._struct(schema, name)
        if kind == "array":
            item = self.type_of(schema["items"], f"{name}_item")
            return Annotated[list[item], _length(schema, "minItems", "maxItems")]  # type: ignore[valid-type] # made here
        if kind == "string":
            return Annotated[str, _length(schema, "minLength", "maxLength")]
        if kind in ("integer", "number"):
            number = int if kind == "integer" else float
            least, most = (number(schema[name]) if name in schema else None for name in ("minimum", "maximum"))
            return Annotated[number, msgspec.Meta(ge=least, le=most)]
        return bool if kind == "boolean" else Any

    def _struct(self, schema: dict[str, Any], name: str) -> type[msgspec.Struct]:
        required = set(schema.get("required", ()))
        fields: list[Any] = []
        rename: dict[str, str] = {}
        for wire, sub in schema.get("properties", {}).items():
            field = snake(wire)
            field = f"{field}_" if field in ("from", "class") else field
            rename[field] = wire
            kind = self.type_of(sub, f"{name}_{wire}")
            fields.append((field, kind) if wire in required else (field, kind, None))
        fields.sort(key=len)
        closed = schema.get("additionalProperties", True) is False
        return msgspec.defstruct(name, fields, rename=rename, forbid_unknown_fields=closed, gc=False)


def _length(schema: dict[str, Any], least: str, most: str) -> msgspec.Meta:
    bounds = [None if name not in schema else int(schema[name]) for name in (least, most)]
    return msgspec.Meta(min_length=bounds[0], max_length=bounds[1])


def _say(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path)
    match error.validator:
        case "required":
            absent = [name for name in error.validator_value if name not in error.instance]
            said = f"{absent[0] if absent else 'a property'} is missing"
        case "enum":
            said = "is none of the values allowed"
        case "maxLength":
            said = f"is longer than {error.validator_value}"
        case "type":
            said = f"must be of type {error.validator_value}"
        case "additionalProperties":
            known = set(error.schema.get("properties", {}))
            extra = sorted(str(name) for name in error.instance if name not in known)
            said = f"has a property that is not allowed: {extra[0][:50] if extra else ''}"
        case "minItems":
            said = f"has fewer than {error.validator_value} items"
        case "maxItems":
            said = f"has more than {error.validator_value} items"
        case rule:
            said = f"breaks {rule} {error.validator_value}"
    return f"{where or 'payload'} {said}"
