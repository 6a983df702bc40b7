"""The rounds: forecast of every bin, the road matrix, the plan of a night and its independent check."""
