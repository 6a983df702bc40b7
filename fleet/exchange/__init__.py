"""What other systems hand in and take out: roads, bins, trucks and stations as files."""
