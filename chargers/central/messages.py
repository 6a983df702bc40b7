"""What the handlers read of each request, in the loosest types they can work with.

A valid message arrives as the strict type made from its schema, which has these attributes and more; a message that
breaks its schema in ways that do not matter is read into these: unknown words, long texts and extra properties pass,
numbers may be written as text. What is required here is what no handler can do without.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Loose(msgspec.Struct, rename="camel", gc=False):
    """Unknown properties are ignored, wire names are camelCase."""


class Nothing(Loose):
    """A request of which nothing is read."""


class IdTokenIn(Loose):
    id_token: str
    type: str = ""


class EvseIn(Loose):
    id: int
    connector_id: int | None = None


class SampleV16(Loose):
    value: str
    context: str | None = None
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    unit: str | None = None


class UnitOfMeasure(Loose):
    unit: str | None = None
    multiplier: int | None = None


class SampleV201(Loose):
    value: float
    context: str | None = None
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    unit_of_measure: UnitOfMeasure | None = None


class MeterValueV16(Loose):
    sampled_value: list[SampleV16]
    timestamp: str = ""


class MeterValueV201(Loose):
    sampled_value: list[SampleV201]
    timestamp: str = ""


class BootV16(Loose):
    charge_point_vendor: str
    charge_point_model: str
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None


class StationIn(Loose):
    vendor_name: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None


class BootV201(Loose):
    charging_station: StationIn
    reason: str = ""


class StatusV16(Loose):
    connector_id: int
    status: str
    error_code: str = ""
    info: str | None = None
    vendor_error_code: str | None = None
    timestamp: str | None = None


class StatusV201(Loose):
    evse_id: int
    connector_id: int
    connector_status: str


class AuthorizeV16(Loose):
    id_tag: str


class AuthorizeV201(Loose):
    id_token: IdTokenIn


class StartV16(Loose):
    connector_id: int
    id_tag: str
    meter_start: int
    timestamp: str = ""
    reservation_id: int | None = None


class StopV16(Loose):
    transaction_id: int
    meter_stop: int
    timestamp: str = ""
    id_tag: str | None = None
    reason: str | None = None
    transaction_data: list[MeterValueV16] | None = None


class MeterValuesV16(Loose):
    connector_id: int
    meter_value: list[MeterValueV16]
    transaction_id: int | None = None


class MeterValuesV201(Loose):
    evse_id: int
    meter_value: list[MeterValueV201]


class TransactionIn(Loose):
    transaction_id: str
    charging_state: str | None = None
    stopped_reason: str | None = None


class TransactionEventV201(Loose):
    event_type: str
    seq_no: int
    transaction_info: TransactionIn
    timestamp: str = ""
    trigger_reason: str = ""
    offline: bool | None = None
    evse: EvseIn | None = None
    id_token: IdTokenIn | None = None
    meter_value: list[MeterValueV201] | None = None


class DataTransferIn(Loose):
    vendor_id: str
    message_id: str | None = None
    data: Any = None


class SecurityEventIn(Loose):
    type: str
    timestamp: str = ""
    tech_info: str | None = None


class SignCertificateIn(Loose):
    csr: str
    certificate_type: str | None = None


class ContractIn(Loose):
    exi_request: str
    action: str = "Install"
    iso15118_schema_version: str = msgspec.field(default="", name="iso15118SchemaVersion")


class ReservationUpdateIn(Loose):
    reservation_id: int
    reservation_update_status: str = ""


class StatusOnly(Loose):
    """Progress of a firmware update, log upload and the like."""

    status: str
    request_id: int | None = None


class ReportIn(Loose):
    request_id: int
    seq_no: int = 0
    tbc: bool | None = None
    report_data: list[Any] | None = None


class EventsIn(Loose):
    event_data: list[Any]


class MonitorsIn(Loose):
    request_id: int
    monitor: list[Any] | None = None
    tbc: bool | None = None


class DisplayIn(Loose):
    request_id: int
    message_info: list[Any] | None = None
    tbc: bool | None = None


class CustomerIn(Loose):
    request_id: int
    data: str
    tbc: bool | None = None


class ProfilesIn(Loose):
    request_id: int
    charging_profile: list[Any]
    evse_id: int = 0
    charging_limit_source: str = ""
    tbc: bool | None = None


class ChargingLimitIn(Loose):
    charging_limit_source: str = ""


class LimitIn(Loose):
    charging_limit: ChargingLimitIn
    evse_id: int | None = None


class ClearedLimitIn(Loose):
    charging_limit_source: str = ""
    evse_id: int | None = None


class NeedsIn(Loose):
    evse_id: int
    charging_needs: Any = None


class StreamIn(Loose):
    id: int
    data: list[Any] | None = None


class DerAlarmIn(Loose):
    control_type: str
    grid_event_fault: str | None = None
    alarm_ended: bool | None = None
    extra_info: str | None = None


class VatIn(Loose):
    vat_number: str


class HashDataIn(Loose):
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class StatusAskedIn(Loose):
    ocsp_request_data: HashDataIn


class ChainRequestIn(Loose):
    certificate_hash_data: HashDataIn
    source: str = ""


class ChainStatusIn(Loose):
    certificate_status_requests: list[ChainRequestIn]
