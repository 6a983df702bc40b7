"""Lists read from the store, in a thread: rows become lines of text, facts stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from console.records.values import Record, Sheet

if TYPE_CHECKING:
    from fleet.frames import Exchange
    from fleet.store import Work
    from fleet.tables import Receipt, Transaction

MOST_LINES = 500


def read_records(work: Work, sheet: Sheet, station_id: str | None, zone: tzinfo) -> tuple[Record, ...]:
    """The lines of a list, newest first; of one station if told."""
    return tuple(_READERS[sheet](work, station_id, _Clock(zone)))


class _Clock:
    """Instants as the city writes them."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def __call__(self, at: datetime | None, form: str = "%d/%m %H:%M") -> str:
        return f"{at.astimezone(self._zone):{form}}" if at is not None else "·"


def _pretty(text: str | None) -> str:
    """The payload of a frame, one value a line."""
    if text is None:
        return "—"
    try:
        frame = json.loads(text)
    except ValueError:
        return text
    payload = frame[3] if isinstance(frame, list) and len(frame) > 3 and frame[0] == 2 else frame
    payload = payload[2] if isinstance(payload, list) and len(payload) == 3 and payload[0] == 3 else payload
    return json.dumps(payload, indent=1, ensure_ascii=False)


def _messages(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        _message(number, one, clock)
        for number, one in enumerate(work.frames.exchanges(station_id, count=MOST_LINES))
    ]  # fmt: skip


def _message(number: int, one: Exchange, clock: _Clock) -> Record:
    answer = one.error or ("OK" if one.reply is not None else "…")
    took = one.milliseconds
    return Record(
        f"{number}:{one.message_id}",
        (
            clock(one.at, "%d/%m %H:%M:%S"),
            one.station_id,
            f"{'→' if one.sent else '←'} {one.action}",
            f"{took:.0f}" if took is not None else "·",
            answer,
        ),
        one.station_id,
        level="bad" if one.error else "warn" if one.reply is None else "plain",
        facts={"request": _pretty(one.request), "reply": _pretty(one.reply), "raw": one.request,
               "raw reply": one.reply or ""},
    )  # fmt: skip


def _variables(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    stations = [station_id] if station_id else [row.station_id for row in work.stations.all()]
    lines = []
    for station in stations:
        for row in work.devices.variables(station):
            name = row.name + ("" if row.attribute == "Actual" else f" ({row.attribute})")
            lines.append(
                Record(
                    f"{station}:{row.variable_id}",
                    (station, name, f"{row.value or ''} {row.unit}".rstrip(), row.mutability),
                    station,
                    row.evse,
                    row.mutability,
                    "dim" if row.mutability == "ReadOnly" else "plain",
                    row.value or "",
                    row.name,
                    {
                        "value": row.value,
                        "evse": row.evse,
                        "type": row.data_type,
                        "unit": row.unit,
                        "least": row.min_limit,
                        "most": row.max_limit,
                        "values": row.values_list,
                        "reboot": row.reboot_required,
                        "read": clock(row.read_at),
                    },
                )
            )
    return lines


def _profiles(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    lines = []
    for row in work.charging.profiles(station_id):
        schedules = row.body.get("chargingSchedule") or row.body.get("charging_schedule") or {}
        schedule = schedules[0] if isinstance(schedules, list) and schedules else schedules
        schedule = schedule if isinstance(schedule, dict) else {}
        periods = schedule.get("chargingSchedulePeriod") or schedule.get("charging_schedule_period") or []
        unit = schedule.get("chargingRateUnit") or schedule.get("charging_rate_unit") or ""
        limits = [period.get("limit") for period in periods]
        lines.append(
            Record(
                str(row.installed_id),
                (
                    row.station_id,
                    str(row.evse),
                    row.purpose,
                    str(row.stack_level),
                    row.state,
                    f"{limits[0]:g} {unit}" + (f" (+{len(limits) - 1})" if len(limits) > 1 else "") if limits else "·",
                ),
                row.station_id,
                row.evse,
                row.state,
                "bad" if row.state in ("rejected", "failed") else "plain",
                facts={
                    "profile": row.profile_id,
                    "sent": clock(row.sent_at),
                    "confirmed": clock(row.confirmed_at),
                    "order": row.order_id,
                    "body": json.dumps(row.body, indent=1),
                },
            )
        )
    return lines


def _device(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    stations = [station_id] if station_id else [row.station_id for row in work.stations.all()]
    rows = sorted((row for name in stations for row in work.devices.events(name)), key=lambda row: row.at, reverse=True)
    return [
        Record(
            str(row.device_event_id),
            (clock(row.at), row.station_id, f"{row.component}.{row.variable}", row.value, str(row.severity or "·")),
            row.station_id,
            row.evse,
            level="dim" if row.cleared else "warn",
            facts={"trigger": row.trigger, "code": row.tech_code, "info": row.tech_info, "charge": row.transaction_ref},
        )
        for row in rows[:MOST_LINES]
    ]


def _transactions(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    return [_charge(work, row, receipt, clock) for row, receipt in work.desk.charges(station_id, MOST_LINES)]


def _charge(work: Work, row: Transaction, receipt: Receipt | None, clock: _Clock) -> Record:
    end = row.end_wh if row.state != "running" else work.charging.newest_energy(row)
    kwh = (end - row.start_wh) / 1000 if end is not None and row.start_wh is not None else None
    return Record(
        str(row.transaction_id),
        (
            f"#{row.transaction_id}",
            f"{row.station_id}/{row.evse}",
            row.truck_id or row.token or "·",
            clock(row.started_at),
            clock(row.ended_at) if row.ended_at else "●",
            f"{kwh:.2f}" if kwh is not None else "·",
            f"{receipt.total:.2f} {receipt.currency}" if receipt else "·",
            row.end_reason or row.charging_state or "",
        ),
        row.station_id,
        row.evse,
        row.state,
        "good" if row.state == "running" else "plain",
        facts={
            "card": row.token, "ref": row.ref, "heard": clock(row.heard_at), "start Wh": row.start_wh,
            "end Wh": end, "limit kW": row.limit_kw, "closed by": row.closed_by, "tariff": row.tariff_id,
            **({line.get("kind", f"line {n}"): line.get("net", line) for n, line in enumerate(receipt.lines)}
               if receipt else {}),
        },
    )  # fmt: skip


def _cards(work: Work, _station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        Record(
            row.token,
            (row.token, row.status, row.holder or row.truck_id or "·", row.group_id or "·", clock(row.expires_at),
             clock(row.last_used_at)),
            state=row.status,
            level="plain" if row.status == "Accepted" else "bad",
            facts={"kind": row.kind, "truck": row.truck_id, "at once": row.most_at_once, "language": row.language,
                   "note": row.note},
        )
        for row in work.tokens.all()
    ]  # fmt: skip


def _reservations(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        Record(
            str(row.reservation_id),
            (f"#{row.reservation_id}", f"{row.station_id}/{row.evse or '*'}", row.token, clock(row.expires_at),
             row.state, row.who),
            row.station_id,
            row.evse,
            row.state,
            "good" if row.state == "held" else "plain",
            facts={"made": clock(row.made_at), "ended": clock(row.ended_at)},
        )
        for row in work.reservations.newest(MOST_LINES)
        if station_id in (None, row.station_id)
    ]  # fmt: skip


def _campaigns(work: Work, _station_id: str | None, clock: _Clock) -> list[Record]:
    lines = []
    for row in work.campaigns.newest():
        number = row.campaign_id or 0
        progress = work.campaigns.progress(number)
        stations = {
            one.station_id: f"{one.state} {one.status} {one.why}".rstrip() for one in work.campaigns.stations(number)
        }
        lines.append(
            Record(
                str(number),
                (
                    f"#{number}",
                    row.kind,
                    row.state,
                    f"{progress.done}/{progress.stations}",
                    str(progress.failed),
                    row.who,
                    clock(row.made_at),
                ),
                state=row.state,
                level="good" if row.state == "running" else "warn" if row.state == "paused" else "plain",
                facts=stations,
            )
        )
    return lines


def _firmware(work: Work, _station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        Record(
            str(row.firmware_id),
            (
                f"#{row.firmware_id}",
                row.name,
                row.version,
                f"{row.vendor} {row.model}".strip(),
                f"{row.bytes / 1e6:.2f}",
            ),
            name=row.vendor,
            facts={"added": clock(row.added_at), "signed": bool(row.signature)},
        )
        for row in work.files.firmwares()
    ]


def _files(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        Record(
            row.name,
            (clock(row.used_at or row.made_at), row.station_id, row.what,
             f"{row.bytes / 1000:.1f}" if row.bytes is not None else "·", row.path),
            row.station_id,
            facts={"request": row.request_id, "expires": clock(row.expires_at)},
        )
        for row in work.files.left(station_id)
    ]  # fmt: skip


def _security(work: Work, station_id: str | None, clock: _Clock) -> list[Record]:
    return [
        Record(
            str(row.security_event_id),
            (clock(row.at), row.station_id, row.kind, row.info, row.source),
            row.station_id,
            level="bad" if row.critical else "plain",
            facts={"address": row.address},
        )
        for row in work.trust.events(station_id, MOST_LINES)
    ]


_READERS: Mapping[Sheet, Callable[[Any, str | None, _Clock], list[Record]]] = {
    "messages": _messages,
    "variables": _variables,
    "profiles": _profiles,
    "device": _device,
    "transactions": _transactions,
    "cards": _cards,
    "reservations": _reservations,
    "campaigns": _campaigns,
    "firmware": _firmware,
    "files": _files,
    "security": _security,
}
