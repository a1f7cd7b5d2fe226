"""Neuroevolution potentials (NEP): what all engines agree on, and what a file says of its training."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ase import Atoms
from ase.neighborlist import neighbor_list

from backend.families.records.nep.file import trained
from scattering.trust.training import Coverage, coverage, crowding

DISPERSION_CUTOFF: Final = 12.0
"""Å. Pairs further apart are left out, which have 1 % of benzene's dispersion energy. As in GPUMD's manual."""
COORDINATION_CUTOFF: Final = 6.0
"""Å. Neighbours that count for an atom's coordination number, which its C6 coefficients depend on."""


def training_range(file: Path, atoms: Atoms) -> Coverage | None:
    """Compare a structure with the ranges of descriptors that a potential was trained on; None where it keeps none."""
    ranges = trained(file.read_bytes())
    if ranges is None:
        return None
    owners, vectors = neighbor_list("iD", atoms, ranges.cutoff_radial)
    return coverage(crowding((owners, vectors), len(atoms), ranges), ranges)
