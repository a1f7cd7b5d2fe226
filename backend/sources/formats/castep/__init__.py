"""Files of CASTEP: .castep_bin and .check with force constants, .phonon with modes."""
