"""The store's schema over time. `KNOWN` lists every revision in order; the last is what this binwatt works on."""

KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006")
