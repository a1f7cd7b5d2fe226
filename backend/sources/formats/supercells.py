"""Force constants of a supercell, as programs of finite displacements give them, as a harmonic crystal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from backend.sources.formats.reading import UnitCell, check_constants, check_supercell, does_not_fit
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import WHOLE_NUMBER_TOLERANCE, HarmonicCrystal
from scattering.core.sites import site_labels
from scattering.simulate.force_constants import to_harmonic_crystal
from scattering.simulate.phonons import force_constants

POSITION_TOLERANCE: Final = 1e-2
"""Å. Distance of an atom of the supercell from an atom of the primitive cell, up to lattice vectors."""


HOME_TOLERANCE: Final = 1e-9
"""Units of the cell vectors. Atoms as close to the end of a cell are at its beginning."""


@dataclass(frozen=True, eq=False)
class Supercell:
    """A supercell and the primitive cell that it repeats.

    Attributes
    ----------
    primitive
        The primitive cell; its positions are those of the atoms `rows` of the supercell.
    lattice
        Shape (3, 3), Å. Vectors of the supercell as rows.
    positions
        Shape (n_supercell_atoms, 3), Å.
    unit_atom
        Shape (n_supercell_atoms,): the atom of the primitive cell that each atom repeats.
    rows
        Shape (n_atoms,): the atom of the supercell that stands for each atom of the primitive cell.
    """

    primitive: UnitCell
    lattice: NDArray[np.float64]
    positions: NDArray[np.float64]
    unit_atom: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __post_init__(self) -> None:
        cell = self.primitive.cell
        check_supercell(len(self.positions))
        check_constants(len(self.rows), len(self.positions))
        matrix = self.lattice @ np.linalg.inv(cell)
        away = (self.positions - self.primitive.positions[self.unit_atom]) @ np.linalg.inv(cell)
        misplaced = np.linalg.norm((away - np.rint(away)) @ cell, axis=1).max()
        n_cells = abs(np.linalg.det(np.rint(matrix)))
        if (
            np.abs(matrix - np.rint(matrix)).max() > WHOLE_NUMBER_TOLERANCE
            or misplaced > POSITION_TOLERANCE
            or round(n_cells) * len(self.rows) != len(self.positions)
            or (np.bincount(self.unit_atom, minlength=len(self.rows)) != round(n_cells)).any()
        ):
            raise does_not_fit("cells_of_supercell")


def to_crystal(
    supercell: Supercell,
    constants: NDArray[np.float64],
    *,
    unit_cell: NDArray[np.float64],
    dipoles: DipoleResponse | None,
) -> HarmonicCrystal:
    """Return the harmonic crystal of a supercell.

    Parameters
    ----------
    constants
        Shape (n_atoms or n_supercell_atoms, n_supercell_atoms, 3, 3), eV/Å²: the total force constants.
    unit_cell
        Shape (3, 3), Å. The cell that the user knows the crystal by.
    """
    if len(constants) == len(supercell.positions):
        constants = constants[supercell.rows]
    matrix = np.rint(supercell.lattice @ np.linalg.inv(supercell.primitive.cell)).astype(np.int64)
    primitive, constants = _in_home_cell(supercell, matrix, constants)
    arranged = force_constants(
        cell=primitive.cell,
        positions=primitive.positions,
        symbols=list(primitive.symbols),
        masses=primitive.masses,
        supercell_matrix=matrix,
        supercell_positions=supercell.positions,
        unit_atom=supercell.unit_atom,
        constants=constants,
    )
    crystal = to_harmonic_crystal(
        arranged,
        uploaded_cell=whole_cell(unit_cell, primitive.cell),
        species=primitive.symbols,
        sites=sites_of(primitive),
    )
    return replace(crystal, dipoles=dipoles)


def _in_home_cell(
    supercell: Supercell, matrix: NDArray[np.int64], constants: NDArray[np.float64]
) -> tuple[UnitCell, NDArray[np.float64]]:
    """Return the primitive cell with all atoms in the cell at the origin, and the force constants of these atoms.

    Between the wave vectors that fit the supercell, the result of an interpolation depends on the images of the atoms.
    Euphonic's readers choose those in the cell at the origin.
    """
    primitive, unit_atom = supercell.primitive, supercell.unit_atom
    fractional = primitive.positions @ np.linalg.inv(primitive.cell)
    shifts = np.floor(fractional + HOME_TOLERANCE).astype(np.int64)
    home = replace(primitive, positions=primitive.positions - shifts @ primitive.cell)
    origins = np.rint((supercell.positions - home.positions[unit_atom]) @ np.linalg.inv(primitive.cell))
    n_cells = len(unit_atom) // len(supercell.rows)

    def keys(cells: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return a number for each atom and its cell, the same for all images of the cell."""
        place = np.rint(cells @ np.linalg.inv(matrix) * n_cells).astype(np.int64) % n_cells
        return np.asarray(np.ravel_multi_index((unit_atom, *place.T), (len(supercell.rows), *[n_cells] * 3)))

    order = np.argsort(keys(origins))
    moved = constants.copy()
    for atom in np.flatnonzero(shifts.any(axis=1)):
        moved[atom, order[np.searchsorted(keys(origins)[order], keys(origins - shifts[atom]))]] = constants[atom]
    return home, moved


def whole_cell(unit_cell: NDArray[np.float64], primitive: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a unit cell if it is a whole multiple of the primitive cell, or else the primitive cell."""
    multiple = unit_cell @ np.linalg.inv(primitive)
    whole = np.rint(multiple)
    is_multiple = np.abs(multiple - whole).max() < WHOLE_NUMBER_TOLERANCE and abs(np.linalg.det(whole)) >= 1
    return np.asarray(whole @ primitive if is_multiple else primitive)


def sites_of(cell: UnitCell) -> tuple[str, ...]:
    """Return the crystallographic site of each atom of a cell."""
    numbers = np.array([atomic_numbers[symbol] for symbol in cell.symbols])
    kinds = np.unique(cell.masses.round(6), return_inverse=True)[1]
    return tuple(site_labels(cell=cell.cell, positions=cell.positions, numbers=numbers, kinds=kinds))
