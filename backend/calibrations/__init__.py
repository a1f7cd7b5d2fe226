"""Calibrations of count rates that facilities enter: counts of a standard."""
