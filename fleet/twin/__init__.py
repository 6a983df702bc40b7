"""The twin: a simulated city, pure and seeded. Same seed, same city, same night; no clock, network or store in here."""
