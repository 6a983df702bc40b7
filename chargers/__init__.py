"""The power: central system for charging stations, the depot's schedule, profiles that stay safe in silence."""
