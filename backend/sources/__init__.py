"""Sources: phonons that a user has calculated with another program, read in a bounded process and kept as uploaded."""
