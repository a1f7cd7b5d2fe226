"""Cells that a reference labels: small ones, whose waves are those of the special points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import get_primitive, guess_primitive_matrix

from scattering.simulate.phonons import SYMMETRY_TOLERANCE
from scattering.simulate.protocol import choose_supercell


@dataclass(frozen=True, eq=False)
class LabelledCell:
    """A crystal at rest and its repetitions, which are labelled."""

    unit: Atoms
    supercell: tuple[int, int, int]

    @property
    def sites(self) -> Atoms:
        """The repeated cell."""
        repeated: Atoms = self.unit.repeat(self.supercell)
        return repeated


def choose_cells(atoms: Atoms, *, min_height_angstrom: float, doubles_primitive: bool) -> list[LabelledCell]:
    """Return the cells to label, the largest first.

    Parameters
    ----------
    atoms
        The structure at rest in the reference.
    min_height_angstrom
        Smallest height of the repeated structure.
    doubles_primitive
        Whether primitive cells that are doubled along each vector are labelled too. Their waves are those of the zone
        boundary, which a small conventional cell may lack: silicon's L is none of its cubic cell of 8 atoms.
    """
    repeats = choose_supercell(atoms.cell.array, min_height=min_height_angstrom)
    cells = [LabelledCell(atoms, (repeats[0], repeats[1], repeats[2]))]
    if not doubles_primitive:
        return cells
    primitive = primitive_of(atoms)
    known = list[NDArray[np.float64]]()
    for doubled in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        one = LabelledCell(primitive, doubled)
        shape = _shape(one)
        if _fits(one, cells[0]) or any(np.allclose(shape, other, rtol=1e-3) for other in known):
            continue
        known.append(shape)
        cells.append(one)
    return cells


def primitive_of(atoms: Atoms) -> Atoms:
    """Return the primitive cell of a structure, in its axes."""
    unit = PhonopyAtoms(numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())
    matrix = guess_primitive_matrix(unit, symprec=SYMMETRY_TOLERANCE)
    found = get_primitive(unit, primitive_matrix=matrix, symprec=SYMMETRY_TOLERANCE)
    primitive: Atoms = Atoms(numbers=found.numbers, cell=found.cell, scaled_positions=found.scaled_positions, pbc=True)
    return primitive


def _shape(cell: LabelledCell) -> NDArray[np.float64]:
    """Return numbers that equal cells have in common: all distances from the origin to the nearest lattice points."""
    points = np.array(list(np.ndindex(5, 5, 5))) - 2
    lengths = np.sort(np.linalg.norm(points @ cell.sites.cell.array, axis=1))
    return np.asarray(lengths[:60])


def _fits(small: LabelledCell, large: LabelledCell) -> bool:
    """Tell whether the waves of a small cell are waves of a larger one too."""
    ratio = large.sites.cell.array @ np.linalg.inv(small.sites.cell.array)
    return bool(np.abs(ratio - np.rint(ratio)).max() < 1e-3)
