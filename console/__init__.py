"""Top floor: everything a person, cron or HTTP touches."""
