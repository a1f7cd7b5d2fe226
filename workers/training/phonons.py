"""Phonons of a structure in a potential, where the atoms were and where the potential wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import spglib
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import atomic_numbers
from euphonic import ForceConstants

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.crystal.path import GAMMA
from scattering.modes.special_points import SUMMARY_POINTS
from scattering.simulate import phonons
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at
from scattering.simulate.protocol import MIN_HARMONIC_HEIGHT_ANGSTROM, choose_supercell
from workers.simulations.steps.force_constants import Displaced, displace
from workers.simulations.steps.relaxation import relax
from workers.simulations.steps.special_points import special_phonons, special_vectors

DISPLACEMENT_ANGSTROM: Final = 0.01
MAX_WAVE_MISMATCH: Final = 1e-4
"""Of the number of wavelengths along a vector of the supercell from a whole number."""


@dataclass(frozen=True, eq=False)
class CheckedPhonons:
    """Phonons of a structure.

    Attributes
    ----------
    crystal
        Force constants at the relaxed positions.
    points
        Special point → energies, meV, ascending; negative if imaginary. Only Γ for large cells.
    lowest_mev, lowest_unmoved_mev
        The lowest energy over the Brillouin zone, at relaxed positions and at those of the file.
    drift_angstrom
        Largest shift of an atom from its place in the file.
    """

    crystal: HarmonicCrystal
    points: dict[str, list[float]]
    lowest_mev: float
    lowest_unmoved_mev: float
    drift_angstrom: float

    @property
    def is_imaginary(self) -> bool:
        """Whether a mode is imaginary, at either positions."""
        return min(self.lowest_mev, self.lowest_unmoved_mev) < phonons.MAX_IMAGINARY_MEV

    def to_json(self) -> dict[str, Any]:
        """Return what the gate compares as JSON, without the force constants."""
        return {
            "points": self.points,
            "lowest_mev": round(self.lowest_mev, 3),
            "lowest_unmoved_mev": round(self.lowest_unmoved_mev, 3),
            "drift_angstrom": round(self.drift_angstrom, 4),
        }


def calculate(atoms: Atoms, calculator: Calculator) -> CheckedPhonons:
    """Calculate the phonons of a structure in its own cell.

    Parameters
    ----------
    atoms
        The structure of the file, with its masses.
    calculator
        The potential.
    """
    unmoved = _displace(atoms, calculator)
    relaxed = relax(atoms, calculator, relax_cell=False, cell_stays=False)
    found = _displace(relaxed.atoms, calculator)
    crystal = found.crystal(atoms.cell.array)
    lowest, lowest_unmoved = _lowest(found.force_constants), _lowest(unmoved.force_constants)
    return CheckedPhonons(crystal, points(crystal, atoms), lowest, lowest_unmoved, relaxed.largest_shift)


def points(crystal: HarmonicCrystal, atoms: Atoms) -> dict[str, list[float]]:
    """Return the energies at special points, or at Γ alone for a large cell."""
    constants = to_force_constants(crystal)
    if found := special_phonons(constants, atoms):
        return found
    return {GAMMA: np.sort(energies_at(constants, np.zeros((1, 3)))[0]).round(3).tolist()}


def commensurate_points(crystal: HarmonicCrystal, atoms: Atoms) -> dict[str, list[float]]:
    """Return the energies at the special points whose waves, or equivalent ones, fit the supercell of the constants.

    There they are exact, however small the supercell is.

    Parameters
    ----------
    crystal
        Force constants.
    atoms
        The structure, in the orientation of the crystal; its special points are named.
    """
    constants = to_force_constants(crystal)
    vectors = special_vectors(constants, atoms)
    if not vectors:
        return points(crystal, atoms)
    numbers = [atomic_numbers[symbol] for symbol in crystal.symbols]
    cell: Any = (crystal.cell, crystal.positions @ np.linalg.inv(crystal.cell), numbers)
    dataset = spglib.get_symmetry_dataset(cell, symprec=phonons.SYMMETRY_TOLERANCE)
    rotations = np.eye(3)[None] if dataset is None else dataset.rotations
    found = {}
    for name, vector in vectors.items():
        star = rotations.transpose(0, 2, 1) @ vector
        waves = star @ crystal.supercell_matrix.T
        fitting = np.abs(waves - np.rint(waves)).max(axis=1) < MAX_WAVE_MISMATCH
        if fitting.any():
            found[name] = np.sort(energies_at(constants, star[fitting][:1])[0]).round(3).tolist()
    return found


def _displace(atoms: Atoms, calculator: Calculator) -> Displaced:
    return displace(
        atoms,
        calculator,
        labels=list(atoms.symbols),
        supercell=choose_supercell(atoms.cell.array, min_height=MIN_HARMONIC_HEIGHT_ANGSTROM),
        distance=DISPLACEMENT_ANGSTROM,
    )


def _lowest(constants: ForceConstants) -> float:
    return phonons.stability(phonons.sample_zone(constants, n_points=SUMMARY_POINTS).modes).lowest_mev
