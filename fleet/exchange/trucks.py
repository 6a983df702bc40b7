"""Trucks and their shifts from CSV or TOML. In CSV a truck has one shift, in its own row; in TOML also several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fleet.exchange.cells import Cells
from fleet.exchange.hours import read_weekdays
from fleet.exchange.places import read_key
from fleet.exchange.records import Record, given_columns, need_columns, plain, read_records, refuse_if, unused_columns
from fleet.exchange.streams import read_streams
from fleet.tables import Shift, Truck

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("truck_id", "truck", "vehicle", "vehicle_id", "code", "plate", "camion", "vehicule", "immatriculation"),
    "name": ("nom", "label", "libelle"),
    "depot_id": ("depot", "home", "place_id"),
    "streams": ("stream", "flux", "fractions"),
    "capacity_l": ("capacity_litres", "capacity_liters", "volume_l", "capacite_l", "capacite_litres"),
    "capacity_m3": ("volume_m3", "capacite_m3", "volume"),
    "capacity_kg": ("payload_kg", "charge_utile_kg", "max_load_kg"),
    "payload_t": ("capacity_t", "charge_utile_t"),
    "compaction": ("compaction_ratio", "taux_compaction"),
    "gross_t": ("ptac_t", "gross_weight_t", "weight_t"),
    "height_m": ("height", "hauteur_m"),
    "width_m": ("width", "largeur_m"),
    "length_m": ("length", "longueur_m"),
    "tare_t": ("tare", "empty_t", "poids_vide_t"),
    "narrow": ("etroit",),
    "end_depot_id": ("end_depot", "ends_at", "depot_fin"),
    "max_tips": ("tips", "vidages_max"),
    "service_pace": ("pace", "cadence"),
    "overtime_minutes": ("heures_sup_min",),
    "overtime_per_hour": ("cout_heure_sup",),
    "co2_kg_per_km": ("co2_km",),
    "battery_kwh": ("battery", "batterie_kwh"),
    "max_charge_kw": ("charge_kw", "puissance_charge_kw"),
    "kwh_per_km": ("conso_kwh_km",),
    "kwh_per_t_km": (),
    "kwh_per_lift": (),
    "kwh_per_t": (),
    "aux_kw": (),
    "fixed_cost": ("cout_fixe",),
    "cost_per_km": ("cout_km",),
    "cost_per_hour": ("cout_heure",),
    "id_token": ("token", "rfid", "card", "badge", "carte"),
    "active": ("actif", "en_service"),
    "shifts": (),
    "weekdays": ("days", "jours"),
    "starts": ("shift_start", "shift_starts", "start", "debut"),
    "ends": ("shift_end", "shift_ends", "end", "fin"),
    "break_minutes": ("pause_minutes", "pause_min"),
    "break_from": ("break_start", "pause_de"),
    "break_until": ("break_end", "pause_a"),
}
FIGURES: Mapping[str, tuple[float, float, str]] = {
    "capacity_l": (100, 100_000, "litres"),
    "capacity_kg": (50, 60_000, "kg"),
    "compaction": (1, 10, "a ratio"),
    "gross_t": (0.5, 60, "tonnes"),
    "height_m": (1, 5, "metres"),
    "width_m": (0.8, 3.5, "metres"),
    "length_m": (2, 25, "metres"),
    "tare_t": (0, 40, "tonnes"),
    "service_pace": (0.2, 5, "a ratio"),
    "overtime_per_hour": (0, 1e5, "money"),
    "co2_kg_per_km": (0, 5, "kg"),
    "battery_kwh": (1, 2000, "kWh"),
    "max_charge_kw": (1, 1000, "kW"),
    "kwh_per_km": (0, 10, "kWh"),
    "kwh_per_t_km": (0, 2, "kWh"),
    "kwh_per_lift": (0, 5, "kWh"),
    "kwh_per_t": (0, 50, "kWh"),
    "aux_kw": (0, 100, "kW"),
    "fixed_cost": (0, 1e6, "money"),
    "cost_per_km": (0, 1e4, "money"),
    "cost_per_hour": (0, 1e5, "money"),
}
SHIFT_FIELDS = frozenset({"weekdays", "starts", "ends", "break_minutes", "break_from", "break_until"})


@dataclass(frozen=True, slots=True)
class TruckFile:
    """Trucks of a file and their shifts; `lines` says where each truck stands. See BinFile for `given` and `notes`."""

    source: str
    trucks: tuple[Truck, ...]
    shifts: tuple[Shift, ...]
    given: frozenset[str]
    lines: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_trucks(path: Path) -> TruckFile:
    """Trucks from a file; TOML has one [[trucks]] each, and maybe with [[trucks.shifts]]; without one it works daily.

    Raises:
        ImportRefused: rows that cannot be used; every one is named with its line and mend.
        FleetError: the file cannot be read at all.
    """
    records = read_records(path, "trucks")
    need_columns(records, NAMES, ("id",))
    problems = list(records.problems)
    trucks: list[Truck] = []
    shifts: list[Shift] = []
    seen: dict[str, str] = {}
    cards: dict[str, str] = {}
    for record in records.rows:
        cells = Cells(record, NAMES, problems)
        truck = _read_truck(cells, read_key(cells, seen))
        if truck.id_token is not None and cards.setdefault(truck.id_token, cells.where) != cells.where:
            cells.note(
                "id_token", f"{truck.id_token!r} is on {cards[truck.id_token]} too; every truck needs its own card"
            )
        trucks.append(truck)
        shifts += _read_shifts(cells, record, truck.truck_id, problems)
    refuse_if(records.source, problems)
    given = set(given_columns(records, NAMES)) - {"id"}
    if "capacity_m3" in given:
        given.add("capacity_l")
    if "payload_t" in given:
        given.add("capacity_kg")
    notes = unused_columns(records, NAMES)
    return TruckFile(
        records.source,
        tuple(trucks),
        tuple(shifts),
        frozenset(given),
        seen,
        notes,
    )


def _read_truck(cells: Cells, key: str) -> Truck:
    truck = Truck(truck_id=key, name=cells.text("name") or "", depot_id=cells.text("depot_id", 48) or "")
    truck.streams = read_streams(cells, "streams") or truck.streams
    for field, (low, high, unit) in FIGURES.items():
        figure = cells.number(field, low, high, unit)
        if figure is not None:
            setattr(truck, field, figure)
    cubic = cells.number("capacity_m3", 0.1, 100, "cubic metres")
    truck.capacity_l = truck.capacity_l if cubic is None else cubic * 1000
    tonnes = cells.number("payload_t", 0.05, 60, "tonnes")
    truck.capacity_kg = truck.capacity_kg if tonnes is None else tonnes * 1000
    truck.max_tips = cells.whole("max_tips", 1, 50, "tips a shift") or truck.max_tips
    truck.overtime_minutes = cells.whole("overtime_minutes", 0, 480, "minutes") or 0
    truck.end_depot_id = cells.text("end_depot_id", 48)
    truck.narrow = cells.yes_no("narrow") or False
    active = cells.yes_no("active")
    truck.active = True if active is None else active
    truck.id_token = cells.text("id_token", 36)
    if truck.battery_kwh is not None and truck.max_charge_kw is None and not cells.has("max_charge_kw"):
        cells.note("max_charge_kw", "is empty; an electric truck needs the power it can charge with, in kW")
    return truck


def _read_shifts(cells: Cells, record: Record, truck_id: str, problems: list[str]) -> list[Shift]:
    told = cells.raw("shifts")
    if told is None:
        return [_read_shift(cells, truck_id, 1)]
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        cells.note("shifts", "is not a list of tables; write [[trucks.shifts]] for each")
        return []
    inner = [
        Record(f"{record.where} shift {number}", {plain(name): cell for name, cell in one.items()})
        for number, one in enumerate(told, 1)
    ]
    return [_read_shift(Cells(one, NAMES, problems), truck_id, number) for number, one in enumerate(inner, 1)]


def _read_shift(cells: Cells, truck_id: str, number: int) -> Shift:
    shift = Shift(shift_id=f"{truck_id}-{number}", truck_id=truck_id)
    shift.weekdays = read_weekdays(cells, "weekdays") or shift.weekdays
    shift.starts = cells.clock("starts") or shift.starts
    shift.ends = cells.clock("ends") or shift.ends
    pause = cells.whole("break_minutes", 0, 180, "minutes")
    shift.break_minutes = shift.break_minutes if pause is None else pause
    window = (cells.clock("break_from"), cells.clock("break_until"))
    length = (_minutes(shift.ends) - _minutes(shift.starts)) % (24 * 60)
    if length < 60:
        cells.note("ends", f"{shift.ends} leaves less than an hour after {shift.starts}")
    if window != (None, None) or not _holds_break(shift):
        shift.break_from = window[0] or _clock(_minutes(shift.starts) + length // 3)
        shift.break_until = window[1] or _clock(_minutes(shift.starts) + length - length // 4)
    if not _holds_break(shift):
        cells.note(
            "break_from",
            f"a break of {shift.break_minutes} min from {shift.break_from} to {shift.break_until} does not fit into "
            f"the shift {shift.starts} to {shift.ends}; widen one of them",
        )
    return shift


def _holds_break(shift: Shift) -> bool:
    """Whether the break lies wholly inside its window and the shift; a shift may go past midnight."""
    if not shift.break_minutes:
        return True
    length = (_minutes(shift.ends) - _minutes(shift.starts)) % (24 * 60)
    since = (_minutes(shift.break_from) - _minutes(shift.starts)) % (24 * 60)
    until = (_minutes(shift.break_until) - _minutes(shift.starts)) % (24 * 60)
    return since + shift.break_minutes <= until <= length


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
