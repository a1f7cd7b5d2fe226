"""Neuroevolution potentials (NEP): constants that all engines share, and the ranges of the training set."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ase import Atoms
from ase.neighborlist import neighbor_list

from backend.families.records.nep.file import read_training_ranges
from scattering.trust.training import Coverage, coverage, crowding

DISPERSION_CUTOFF: Final = 12.0
"""Å. More distant pairs, with 1 % of the dispersion energy of benzene, are left out. Value of the GPUMD manual."""
COORDINATION_CUTOFF: Final = 6.0
"""Å. Radius of the neighbours in the coordination number of an atom, on which its C6 coefficients depend."""


def training_range(file: Path, atoms: Atoms) -> Coverage | None:
    """Compare a structure with the ranges of the training set of a potential; None if the file states no ranges."""
    ranges = read_training_ranges(file.read_bytes())
    if ranges is None:
        return None
    owners, vectors = neighbor_list("iD", atoms, ranges.cutoff_radial)
    return coverage(crowding((owners, vectors), len(atoms), ranges), ranges)
