"""The sample in the beam: thickness, mass, transmission, activation."""
