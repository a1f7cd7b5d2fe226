"""Files of phonons: force constants, and modes at given wave vectors."""
