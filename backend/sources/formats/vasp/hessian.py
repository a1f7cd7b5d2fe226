"""Phonons from the second derivatives of the energy of a whole supercell, as VASP calculates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from backend.sources.formats.phonopy import files as phonopy_files
from backend.sources.formats.phonopy.units import units_of
from backend.sources.formats.reading import (
    Files,
    Program,
    Reading,
    Statements,
    UnitCell,
    UploadedFile,
    check_constants,
    does_not_fit,
    incomplete,
    refusing_damage,
)
from backend.sources.formats.supercells import POSITION_TOLERANCE, Supercell, to_crystal
from backend.structures.formats import poscar
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import WHOLE_NUMBER_TOLERANCE
from scattering.core.notices import Notice

FUNCTIONALS: Final = {"PE": "PBE", "PS": "PBEsol", "RP": "RPBE", "91": "PW91", "CA": "LDA", "AM": "AM05"}
"""Tag GGA of VASP → name of the functional."""


@dataclass(frozen=True, eq=False)
class Hessian:
    """Contents of a file.

    Attributes
    ----------
    cell
        The supercell.
    constants
        Shape (n_atoms, n_atoms, 3, 3), eV/Å²: the total force constants.
    born_charges, dielectric
        Shape (n_atoms, 3, 3), e, the first axis that of the field, and (3, 3); None if the file has none.
    """

    cell: UnitCell
    constants: NDArray[np.float64]
    born_charges: NDArray[np.float64] | None = None
    dielectric: NDArray[np.float64] | None = None


def stated_unit_cell(files: Files, statements: Statements, supercell: UnitCell) -> NDArray[np.float64] | None:
    """Return the vectors of the unit cell by a POSCAR or by the stated supercell, Å; None if neither is there."""
    if "poscar" in files:
        stated = poscar.read(files["poscar"].text, 20_000).structure.cell
        # The cell of the file may be turned, or relaxed a little: the supercell decides
        matrix = supercell.cell @ np.linalg.inv(stated)
        whole = np.rint(matrix)
        if np.abs(matrix - whole).max() > 10 * WHOLE_NUMBER_TOLERANCE or not abs(np.linalg.det(whole)) >= 1:
            raise does_not_fit("cells_of_supercell")
        return np.asarray(np.linalg.solve(whole, supercell.cell))
    if "supercell" in statements:
        return np.asarray(np.linalg.solve(np.array(statements["supercell"], dtype=np.float64), supercell.cell))
    return None


def reading_of(
    hessian: Hessian,
    file: UploadedFile,
    files: Files,
    statements: Statements,
    *,
    unit_lattice: NDArray[np.float64],
    program: Program,
    notices: Sequence[Notice] = (),
) -> Reading:
    """Return the phonons of the primitive cell.

    Parameters
    ----------
    unit_lattice
        Shape (3, 3), Å. Vectors of the unit cell, whose primitive cell is stated or found by symmetry.

    Raises
    ------
    Refused
        The supercell does not consist of such cells.
    """
    unit = _fold(hessian.cell, unit_lattice).primitive
    supercell = _fold(hessian.cell, _primitive_lattice(unit, statements, file))
    check_constants(len(supercell.rows), len(supercell.positions))
    dipoles = _dipoles(hessian, file, files, supercell)
    with refusing_damage(file):
        crystal = to_crystal(supercell, hessian.constants, unit_cell=unit.cell, dipoles=dipoles)
    return Reading(crystal, None, unit, program, notices)


def _primitive_lattice(unit: UnitCell, statements: Statements, file: UploadedFile) -> NDArray[np.float64]:
    stated = statements.get("primitive", "auto")
    if stated == "none":
        return unit.cell
    if not isinstance(stated, str):
        return np.asarray(np.array(stated, dtype=np.float64) @ unit.cell)
    atoms = PhonopyAtoms(cell=unit.cell, positions=unit.positions, symbols=list(unit.symbols), masses=unit.masses)
    with refusing_damage(file):
        # Its columns are the vectors in units of the cell
        return np.asarray(guess_primitive_matrix(atoms).T @ unit.cell)


def _fold(whole: UnitCell, lattice: NDArray[np.float64]) -> Supercell:
    """Return a cell as the supercell of a smaller lattice.

    Raises
    ------
    Refused
        Atoms are not repeated with the lattice.
    """
    if not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) < 1e-3:
        raise does_not_fit("cells_of_supercell")
    symbols = np.array(whole.symbols)
    unit_atom = np.full(len(symbols), -1)
    rows: list[int] = []
    while (rest := np.flatnonzero(unit_atom < 0)).size:
        first = int(rest[0])
        away = (whole.positions[rest] - whole.positions[first]) @ np.linalg.inv(lattice)
        near = np.linalg.norm((away - np.rint(away)) @ lattice, axis=1) < POSITION_TOLERANCE
        unit_atom[rest[near & (symbols[rest] == symbols[first])]] = len(rows)
        rows.append(first)
    cell = UnitCell(lattice, whole.positions[rows], tuple(symbols[rows].tolist()), whole.masses[rows])
    return Supercell(cell, whole.cell, whole.positions, unit_atom, np.array(rows))


def _dipoles(hessian: Hessian, file: UploadedFile, files: Files, supercell: Supercell) -> DipoleResponse | None:
    """Return the Born charges of BORN, or else those of the file."""
    born, dielectric = hessian.born_charges, hessian.dielectric
    if "born" in files:
        file, cell = files["born"], supercell.primitive
        atoms = PhonopyAtoms(cell=cell.cell, positions=cell.positions, symbols=list(cell.symbols), masses=cell.masses)
        nac = phonopy_files.read_born(file, atoms)
        born = np.asarray(nac["born"])
        dielectric = np.asarray(nac["dielectric"]) * units_of({}, None).relative_dielectric(nac.get("factor"))
    elif born is not None and dielectric is not None:
        if len(born) != len(supercell.positions):
            raise incomplete(file)
        born = born[supercell.rows]
    if born is None or dielectric is None:
        return None
    with refusing_damage(file):
        return DipoleResponse(born.transpose(0, 2, 1).copy(), np.array(dielectric))
