"""One module or folder for each family of potentials, with its record as `FAMILY`."""
