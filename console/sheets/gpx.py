"""A round as GPX 1.1: its stops as a route, its way along the streets as a track. OsmAnd and Organic Maps read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from console.sheets.values import Kind, Language, Sheet, SheetStop
from console.sheets.words import say, say_share

NAMESPACE = "http://www.topografix.com/GPX/1/1"
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold (section 2.2)."""


def write_gpx(sheet: Sheet, language: Language) -> bytes:
    """GPX 1.1 (schema of 2004): `rte` with an `rtept` a stop, `trk` with the geometry."""
    root = ET.Element("gpx", {"version": "1.1", "creator": "binwatt", "xmlns": NAMESPACE})
    title = f"{say(language, 'truck')} {sheet.truck} {sheet.day.isoformat()}"
    about = ET.SubElement(root, "metadata")
    _text(about, "name", title)
    _text(about, "desc", sheet.payload)
    author = ET.SubElement(about, "copyright", {"author": "OpenStreetMap contributors"})
    _text(author, "license", "https://opendatacommons.org/licenses/odbl/1-0/")
    _text(about, "time", _utc(sheet.made_at))
    route = ET.SubElement(root, "rte")
    _text(route, "name", title)
    for stop in sheet.stops:
        _add_stop(route, stop, language)
    if sheet.line:
        track = ET.SubElement(root, "trk")
        _text(track, "name", title)
        segment = ET.SubElement(track, "trkseg")
        for lat, lon in sheet.line:
            ET.SubElement(segment, "trkpt", {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"})
    ET.indent(root, " ")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _add_stop(route: ET.Element, stop: SheetStop, language: Language) -> None:
    """Elements in the order the schema asks for: time, name, cmt, desc, type."""
    point = ET.SubElement(route, "rtept", {"lat": f"{stop.lat:.6f}", "lon": f"{stop.lon:.6f}"})
    _text(point, "time", _utc(stop.arrives_at))
    if stop.kind is Kind.BIN:
        _text(point, "name", f"{stop.number}. {stop.title}")
        fill = "" if stop.fill is None else say_share(language, stop.fill)
        told = (f"{stop.arrives_at:%H:%M}", stop.ref, say(language, f"stream.{stop.stream}"), fill, stop.notes)
        _text(point, "desc", " · ".join(part for part in told if part))
    else:
        _text(point, "name", " · ".join(part for part in (say(language, stop.kind), stop.name) if part))
        _text(point, "desc", f"{stop.arrives_at:%H:%M}")
    _text(point, "type", stop.kind)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = FORBIDDEN.sub("", text)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
