"""Spectra as instruments measure them, from partials."""
