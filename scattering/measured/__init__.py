"""Measured data: spectra and maps, units, rebinning, comparison with a forecast."""
