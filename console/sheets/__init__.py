"""A plan on paper, on a phone and in a GIS: values in, bytes out. Knows no store, no screen and no network.

`values` says what a sheet holds; `pdf` and `page` make what a crew takes along, `gpx`, `geojson`, `table` and
`geopackage` what other programs read.
"""
