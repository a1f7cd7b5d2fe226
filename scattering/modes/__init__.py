"""The modes of a harmonic crystal: those behind a peak, their motion, dispersion and density of states."""
