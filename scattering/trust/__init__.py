"""How far a forecast can be trusted, from numbers: measured phonons, imaginary modes, spectra, descriptors."""
