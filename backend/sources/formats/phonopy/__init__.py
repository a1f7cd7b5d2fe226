"""Files of phonopy: its YAML files, FORCE_SETS, force constants, BORN, and zips of finished supercells."""
