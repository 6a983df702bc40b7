"""Calendars that come with binwatt: one TOML file a country or city, named in the settings as `[city] calendar`."""
