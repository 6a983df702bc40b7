"""What the screens are built of: a live grid, a map, a chart, bars of keys and state."""
