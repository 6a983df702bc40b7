"""A plan out of the store into files: sheets for crews, layers for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from console.errors import ExportRefused, NoRoads
from console.sheets.features import Layer
from console.sheets.values import ATTRIBUTION, LANGUAGES, Book, Kind, Language, Left, Sheet, SheetStop, Street
from fleet.settings import Settings
from fleet.store import Store, Work
from fleet.store.plans import WholePlan
from fleet.tables import Bin, LeftBin, Place, Plan, Route, Stop, Truck
from routing.errors import RoutingError

Format = Literal["pdf", "html", "gpx", "geojson", "csv", "gpkg"]
FORMATS: tuple[Format, ...] = get_args(Format)
LAYERS: tuple[Layer, ...] = ("stops", "routes", "left")


def export_plan(
    store: Store,
    settings: Settings,
    plan_id: int | None,
    *,
    kind: str,
    language: str = "fr",
    truck: str | None = None,
    folder: Path,
) -> list[Path]:
    """Write a plan (the newest when no number is given) into `folder`; gives the files written.

    PDF, HTML and GPX are a file a round; GeoJSON a file a layer; CSV and GeoPackage one of the whole plan. `truck`: its
    rounds only.

    Raises:
        ExportRefused: there is no such plan, truck, format or language, or the folder cannot be written.
    """
    chosen = next((one for one in FORMATS if one == kind), None)
    if chosen is None:
        raise ExportRefused(f"no format {kind!r}; there are {', '.join(FORMATS)}")
    spoken = next((one for one in LANGUAGES if one == language), None)
    if spoken is None:
        raise ExportRefused(f"no sheets in {language!r}; there are {', '.join(LANGUAGES)}")
    book = read_book(store, settings, plan_id, truck)
    streets = read_streets(store) if chosen in ("pdf", "html") else ()
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in _render(book, chosen, spoken, streets):
            path = folder / name
            path.write_bytes(body)
            written.append(path)
    except OSError as error:
        raise ExportRefused(f"{folder}: cannot be written ({error.strerror or error})") from error
    return written


def read_book(store: Store, settings: Settings, plan_id: int | None, truck: str | None = None) -> Book:
    """A plan as its sheets.

    Raises:
        ExportRefused: there is no such plan, or it has no round of that truck.
    """
    with store.read() as work:
        if plan_id is None:
            newest = work.plans.newest()
            if newest is None:
                raise ExportRefused("there is no plan yet; make one with: binwatt plan")
            plan_id = newest.plan_id
        whole = work.plans.whole(plan_id or 0)
        if whole is None:
            raise ExportRefused(f"there is no plan {plan_id}")
        book = _Binder(work, settings, whole).bind()
    if truck is None:
        return book
    chosen = tuple(sheet for sheet in book.sheets if sheet.truck_id == truck)
    if not chosen:
        there = ", ".join(sorted({sheet.truck_id for sheet in book.sheets})) or "none"
        raise ExportRefused(f"plan {plan_id} has no round of truck {truck!r}; its trucks: {there}")
    return Book(book.plan_id, book.day, book.state, book.made_at, chosen)


def read_streets(store: Store) -> tuple[Street, ...]:
    """The streets a map draws; none where no road network is in use, or it cannot be read."""
    from console.roads import open_roads
    from routing.roads import street_segments

    try:
        network, _ = open_roads(store)
    except (NoRoads, RoutingError):
        return ()
    segments = street_segments(network)
    columns = (segments.lat1, segments.lon1, segments.lat2, segments.lon2, segments.rank)
    return tuple(_join(zip(*(column.tolist() for column in columns), strict=True)))


def _join(segments: Iterator[tuple[float, float, float, float, int]]) -> Iterator[Street]:
    """Segments that go on where the one before ended, as one line."""
    run: list[tuple[float, float]] = []
    rank = 0
    for lat1, lon1, lat2, lon2, its in segments:
        if run and run[-1] == (lat1, lon1) and its == rank:
            run.append((lat2, lon2))
            continue
        if run:
            yield Street(rank, tuple(run))
        run, rank = [(lat1, lon1), (lat2, lon2)], its
    if run:
        yield Street(rank, tuple(run))


def _render(book: Book, kind: Format, language: Language, streets: Sequence[Street]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes, one file at a time: a plan of fifty trucks is never whole in memory."""
    draw: Callable[[Sheet], bytes]
    match kind:
        case "pdf":
            from console.sheets.pdf import draw_sheet

            draw = lambda sheet: draw_sheet(sheet, streets, language)  # noqa: E731 - one of three
        case "html":
            from console.sheets.page import draw_page

            draw = lambda sheet: draw_page(sheet, streets, language)  # noqa: E731 - one of three
        case "gpx":
            from console.sheets.gpx import write_gpx

            draw = lambda sheet: write_gpx(sheet, language)  # noqa: E731 - one of three
        case _:
            yield from _render_layers(book, kind)
            return
    tongue = "" if kind == "gpx" else f"-{language}"
    for sheet in book.sheets:
        yield f"{sheet.name}{tongue}.{kind}", draw(sheet)


def _render_layers(book: Book, kind: Format) -> Iterator[tuple[str, bytes]]:
    name = book.sheets[0].name if len(book.sheets) == 1 and not book.left else f"plan-{book.plan_id}"
    match kind:
        case "csv":
            from console.sheets.table import write_csv

            yield f"{name}.csv", write_csv(book)
        case "gpkg":
            from console.sheets.geopackage import pack_plan

            yield f"{name}.gpkg", pack_plan(book)
        case _:
            from console.sheets.geojson import write_geojson

            for layer in LAYERS:
                yield f"{name}-{layer}.geojson", write_geojson(book, layer)


class _Binder:
    """Makes sheets of rows: names, addresses and the city's own time."""

    def __init__(self, work: Work, settings: Settings, whole: WholePlan) -> None:
        self._whole, self._zone, self._city = whole, settings.zone, settings.city.name
        self._bins: dict[str, Bin] = {row.bin_id: row for row in work.bins.all()}
        self._places: dict[str, Place] = {row.place_id: row for row in work.places.all()}
        self._trucks: dict[str, Truck] = {row.truck_id: row for row in work.trucks.all()}
        roads = work.places.road_map()
        self._attribution = roads.attribution if roads is not None else ATTRIBUTION

    def bind(self) -> Book:
        plan = self._whole.plan
        rounds = sorted(self._whole.routes, key=lambda pair: (pair[0].truck_id, pair[0].departs_at))
        sheets = [self._sheet(number, plan, route, stops) for number, (route, stops) in enumerate(rounds, 1)]
        left = tuple(self._left(row) for row in self._whole.left if row.bin_id in self._bins)
        return Book(plan.plan_id or 0, plan.day, plan.state, plan.made_at.astimezone(self._zone), tuple(sheets), left)

    def _sheet(self, number: int, plan: Plan, route: Route, stops: Sequence[Stop]) -> Sheet:
        truck = self._trucks.get(route.truck_id)
        return Sheet(
            city=self._city,
            plan_id=plan.plan_id or 0,
            version=plan.version,
            state=plan.state,
            day=plan.day,
            made_at=plan.made_at.astimezone(self._zone),
            truck_id=route.truck_id,
            truck_name=truck.name if truck else "",
            route=number,
            departs_at=route.departs_at.astimezone(self._zone),
            returns_at=route.returns_at.astimezone(self._zone),
            km=route.km,
            kwh=route.kwh,
            kg=route.kg,
            bins=route.bins,
            tips=route.tips,
            stops=tuple(self._stops(stops)),
            line=tuple((lat, lon) for lat, lon in route.line),
            target_kwh=route.target_kwh,
            battery_kwh=truck.battery_kwh if truck else None,
            charged_kwh=route.charged_kwh,
            overtime_minutes=route.overtime_minutes,
            cost=route.cost,
            note=plan.note,
            attribution=self._attribution,
        )

    def _stops(self, stops: Sequence[Stop]) -> Iterator[SheetStop]:
        number = 0
        for row in stops:
            number += row.kind == "bin"
            emptied, place = self._bins.get(row.bin_id or ""), self._places.get(row.place_id or "")
            yield SheetStop(
                kind=Kind(row.kind),
                number=number if row.kind == "bin" else 0,
                ref=row.bin_id or row.place_id or "",
                name=emptied.name if emptied else place.name if place else "",
                address=emptied.address if emptied else "",
                lat=row.lat,
                lon=row.lon,
                arrives_at=row.arrives_at.astimezone(self._zone),
                leaves_at=row.leaves_at.astimezone(self._zone),
                km=row.km,
                load_kg=row.load_kg,
                kwh=row.kwh,
                charged_kwh=row.charged_kwh,
                stream=emptied.stream if emptied else "",
                fill=row.fill,
                overflow_p=row.overflow_p,
                notes=emptied.notes if emptied else "",
                why=str(row.why.get("code", "")),
            )

    def _left(self, row: LeftBin) -> Left:
        found = self._bins[row.bin_id]
        return Left(
            bin_id=row.bin_id,
            name=found.name,
            address=found.address,
            lat=found.lat,
            lon=found.lon,
            due=row.due,
            reason=row.reason,
            stream=found.stream,
            fill=row.fill,
            overflow_p=row.overflow_p,
        )
