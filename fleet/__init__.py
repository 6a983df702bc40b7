"""Ground floor: what the city owns and what happened to it: tables, store, orders, events, clock, settings, twin."""
