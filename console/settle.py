"""Settling the simulated city into a store: streets by an OSM file, the rest as rows of the ordinary tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from console.roads import use_extract
from fleet import tables
from fleet.exchange.osm_write import write_extract
from fleet.passwords import hash_password
from fleet.store import Store, Work
from fleet.twin.city import City
from fleet.twin.extract import extract_city
from fleet.twin.history import DAYS, History, recall_history
from fleet.twin.vehicles import Truck

WHO = "twin"
ATTRIBUTION = "streets are synthetic"


def settle(store: Store, city: City, data_dir: Path, *, sensed: bool = True) -> Iterator[str]:
    """Fill an empty store with the city as it is when the simulation opens; yields a word before each part.

    A city that is not `sensed` has its past emptyings only.
    """
    yield "streets"
    extract = data_dir / f"{city.size}-{city.seed}.osm.pbf"
    extract.parent.mkdir(parents=True, exist_ok=True)
    write_extract(extract_city(city), extract)
    with store.begin() as work:
        _settle_places(work, city)
        _settle_trucks(work, city)
    use_extract(store, extract, data_dir, WHO, ATTRIBUTION)
    yield "bins and stations"
    with store.begin() as work:
        _settle_bins(work, city)
        _settle_stations(work, city)
    yield f"{DAYS} days of readings"
    with store.begin() as work:
        history = recall_history(city)
        _settle_history(work, city, history if sensed else History((), history.emptyings))


def _settle_places(work: Work, city: City) -> None:
    depot, landfill = city.depot, city.landfill
    work.places.upsert(
        tables.Place(
            place_id=depot.place_id,
            name=depot.name,
            lat=depot.lat,
            lon=depot.lon,
            is_depot=True,
            site_limit_kw=city.site.limit_kw,
            base_load_kw=city.site.base_kw,
        )
    )
    work.places.upsert(
        tables.Place(
            place_id=landfill.place_id, name=landfill.name, lat=landfill.lat, lon=landfill.lon, is_disposal=True
        )
    )


def _settle_trucks(work: Work, city: City) -> None:
    for truck in city.trucks:
        work.trucks.upsert(_truck(truck, city.depot.place_id))
    for shift in city.shifts:
        work.trucks.upsert_shift(
            tables.Shift(
                shift_id=f"{shift.truck_id}-morning",
                truck_id=shift.truck_id,
                starts=shift.starts.strftime("%H:%M"),
                ends=shift.ends.strftime("%H:%M"),
                break_minutes=shift.break_minutes,
                break_from=shift.break_from.strftime("%H:%M"),
                break_until=shift.break_until.strftime("%H:%M"),
            )
        )


def _truck(truck: Truck, depot_id: str) -> tables.Truck:
    battery = truck.battery
    return tables.Truck(
        truck_id=truck.truck_id,
        name=truck.name,
        depot_id=depot_id,
        streams=list(truck.streams),
        capacity_l=truck.capacity_l,
        capacity_kg=truck.capacity_kg,
        compaction=truck.compaction,
        gross_t=truck.gross_t,
        height_m=truck.height_m,
        width_m=truck.width_m,
        narrow=truck.narrow,
        battery_kwh=battery.capacity_kwh if battery else None,
        max_charge_kw=max(battery.ac_kw, battery.dc_kw) if battery else None,
        kwh_per_km=truck.kwh_per_km,
        kwh_per_t_km=truck.kwh_per_t_km,
        kwh_per_lift=truck.kwh_per_lift,
        kwh_per_t=truck.kwh_per_t,
        aux_kw=truck.aux_kw,
        id_token=truck.id_token,
    )


def _settle_bins(work: Work, city: City) -> None:
    for row in city.bins:
        work.bins.upsert(
            tables.Bin(
                bin_id=row.bin_id,
                address=row.address,
                lat=row.lat,
                lon=row.lon,
                stream=row.stream,
                capacity_l=row.capacity_l,
                density_kg_l=row.density_kg_l,
                narrow=row.narrow,
            )
        )
    for sensor in city.sensors:
        work.bins.upsert_sensor(
            tables.Sensor(
                device_id=sensor.device_id,
                bin_id=sensor.bin_id,
                dev_eui=sensor.dev_eui,
                empty_mm=sensor.empty_mm,
                full_mm=sensor.full_mm,
                blind_mm=sensor.blind_mm,
            )
        )


def _settle_stations(work: Work, city: City) -> None:
    for row in city.stations:
        station = tables.Station(
            station_id=row.station_id,
            name=row.name,
            place_id=city.depot.place_id,
            lat=row.lat,
            lon=row.lon,
            password_hash=hash_password(row.password),
            current=row.current,
            max_kw=row.max_kw,
            fallback_kw=row.fallback_kw,
            phases=3 if row.current == "AC" else 1,
        )
        evses = [
            tables.Evse(station_id=row.station_id, number=number, max_kw=row.max_kw)
            for number in range(1, row.evses + 1)
        ]
        work.stations.upsert(station, evses)


def _settle_history(work: Work, city: City, history: History) -> None:
    work.insert_many(
        tables.Reading,
        [
            {
                "key": f"history:{row.device_id}:{row.counter}",
                "bin_id": row.bin_id,
                "device_id": row.device_id,
                "measured_at": row.measured_at,
                "received_at": row.measured_at,
                "fill": min(1.0, max(0.0, row.fill)),
                "distance_mm": row.distance_mm,
                "battery": row.battery,
                "temperature_c": row.temperature_c,
                "quality": "ok",
            }
            for row in history.readings
        ],
    )
    work.insert_many(
        tables.Emptying,
        [
            {
                "key": f"history:{row.bin_id}:{row.emptied_at.isoformat()}",
                "bin_id": row.bin_id,
                "emptied_at": row.emptied_at,
                "source": "truck",
                "fill_before": row.fill_before,
            }
            for row in history.emptyings
        ],
    )
    for bin_id in city.overdue:
        text = f"{bin_id} runs over: missed by the last round"
        work.alarms.sound("bin.overdue", bin_id, "warning", text)
