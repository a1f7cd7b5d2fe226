"""Crystals made by hand, for which no potential is needed."""

from __future__ import annotations

import itertools

import numpy as np
from euphonic import ForceConstants

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate import phonons
from scattering.simulate.force_constants import to_harmonic_crystal

LATTICE = 4.0


def springs(
    cell: np.ndarray, positions: np.ndarray, symbols: list[str], masses: list[float], *, repeats: int = 4
) -> ForceConstants:
    """A crystal of springs to all neighbours within 1.05 lattice constants, softer the longer, by hand."""
    origins = np.array(list(itertools.product(range(repeats), repeat=3)))
    n_atoms = len(positions)
    supercell = np.concatenate([positions[atom] + origins @ cell for atom in range(n_atoms)])
    unit_atom = np.repeat(np.arange(n_atoms), len(origins))
    box = repeats * cell
    constants = np.zeros((n_atoms, len(supercell), 3, 3))
    for atom in range(n_atoms):
        for other, place in enumerate(supercell):
            fractional = (place - positions[atom]) @ np.linalg.inv(box)
            bond = (fractional - np.round(fractional)) @ box
            length = np.linalg.norm(bond)
            if not 0.1 < length < 1.05 * LATTICE:
                continue
            direction = bond / length
            # A central spring and a weak restoring force across it, which keeps every mode stable
            spring = 3.0 * np.outer(direction, direction) * np.exp(-length / 2) + 0.1 * np.exp(-length / 2) * np.eye(3)
            constants[atom, other] -= spring
            constants[atom, atom * len(origins)] += spring
    return phonons.force_constants(
        cell=cell,
        positions=positions,
        symbols=symbols,
        masses=np.array(masses),
        supercell_matrix=repeats * np.eye(3, dtype=int),
        supercell_positions=supercell,
        unit_atom=unit_atom,
        constants=constants,
    )


def silicon() -> HarmonicCrystal:
    """Silicon's lattice with springs."""
    cell = 4.0 * (np.ones((3, 3)) - np.eye(3)) / 2
    fc = springs(cell, np.array([[0.0, 0, 0], [1.0, 1.0, 1.0]]), ["Si", "Si"], [28.085, 28.085])
    return to_harmonic_crystal(fc, uploaded_cell=4.0 * np.eye(3), species=("Si", "Si"), sites=("Si", "Si"))
