"""Shaping the plan by hand from the console: edits tried, accepted, undone; the heavy part in a process of its own."""
