"""One station in full: what the store knows of it beyond the View, and what of that is drawn."""
