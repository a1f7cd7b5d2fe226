"""Reliability of a forecast, from measured phonons, imaginary modes, spectra and descriptors."""
