"""Which instrument, which settings, how many hours."""
