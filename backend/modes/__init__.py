"""Phonon modes of harmonic predictions: those behind a peak, their motion, dispersion and density of states."""
