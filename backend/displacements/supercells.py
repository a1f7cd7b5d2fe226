"""Supercells with a displaced atom each, whose forces give all force constants by symmetry."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.physical_units import get_calculator_physical_units
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import cells_within
from scattering.simulate.phonons import SYMMETRY_TOLERANCE

MIN_HEIGHT_ANGSTROM: Final = 10.0
"""Of the supercells, where none is stated: less than for a fast potential, since each costs hours."""


@dataclass(frozen=True, eq=False)
class UnitCell:
    """Atoms in a cell, those of one element behind each other, as some codes order them.

    Attributes
    ----------
    cell
        Shape (3, 3), Å.
    positions
        Shape (n_atoms, 3), Å.
    symbols
        Chemical symbol of each atom.
    masses
        Shape (n_atoms,), u.
    """

    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    symbols: tuple[str, ...]
    masses: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        cell: NDArray[np.float64],
        positions: NDArray[np.float64],
        symbols: Sequence[str],
        masses: NDArray[np.float64],
    ) -> UnitCell:
        """Return a cell with its atoms in the order of their elements, which appear in the order of the file."""
        elements = list(dict.fromkeys(symbols))
        order = np.argsort([elements.index(symbol) for symbol in symbols], kind="stable")
        return cls(cell, positions[order], tuple(symbols[atom] for atom in order), masses[order])

    @classmethod
    def of_crystal(cls, crystal: HarmonicCrystal) -> UnitCell:
        """Return the relaxed uploaded cell of a crystal."""
        origins = cells_within(crystal.repeats) @ crystal.cell
        positions = (origins[:, None] + crystal.positions).reshape(-1, 3)
        n_cells = len(origins)
        return cls.of(crystal.uploaded_cell, positions, crystal.symbols * n_cells, np.tile(crystal.masses, n_cells))


@dataclass(frozen=True, eq=False)
class DisplacedSupercells:
    """Supercells of a unit cell, in Å whatever the code.

    Attributes
    ----------
    perfect
        The supercell without a displacement.
    displaced
        The supercells with one displaced atom each, atoms in the order of `perfect`.
    disp_yaml
        Content of `phonopy_disp.yaml`, in the units of the code.
    """

    perfect: Atoms
    displaced: tuple[Atoms, ...]
    disp_yaml: str


def displace(
    unit: UnitCell, supercell: Sequence[int], *, distance: float, calculator: str | None
) -> DisplacedSupercells:
    """Displace the atoms of a supercell that symmetry does not relate, as phonopy does.

    Parameters
    ----------
    unit
        The unit cell.
    supercell
        Its repetitions.
    distance
        Length of the displacements, Å.
    calculator
        phonopy's name of the code, whose units `phonopy_disp.yaml` has; None for Å and eV.
    """
    units = get_calculator_physical_units(calculator)
    length = units.distance_to_A
    atoms = PhonopyAtoms(
        symbols=list(unit.symbols), cell=unit.cell / length, positions=unit.positions / length, masses=unit.masses
    )
    tolerance = SYMMETRY_TOLERANCE / length
    # Isotopes of one element are not the same, though their forces are
    kinds = np.unique(unit.masses.round(6), return_inverse=True)[1]
    marked = PhonopyAtoms(
        symbols=[f"{symbol}{kind + 1}" for symbol, kind in zip(unit.symbols, kinds, strict=True)],
        cell=atoms.cell,
        positions=atoms.positions,
    )
    with warnings.catch_warnings():
        # With isotopes the primitive cell is larger than the elements alone need
        warnings.filterwarnings("ignore", message=".*Point group symmetries", category=UserWarning)
        made = Phonopy(
            atoms,
            supercell_matrix=np.diag(supercell),
            primitive_matrix=guess_primitive_matrix(marked, symprec=tolerance, distinguish_symbol_index=True),
            symprec=tolerance,
            calculator=calculator,
            log_level=0,
        )
    made.generate_displacements(distance=distance / length)
    written = made.to_phonopy_yaml(settings={"force_sets": False, "displacements": True})
    displaced = made.supercells_with_displacements or []
    return DisplacedSupercells(
        _to_ase(made.supercell, length), tuple(_to_ase(one, length) for one in displaced), f"{written}\n"
    )


def _to_ase(atoms: PhonopyAtoms, length: float) -> Atoms:
    # Without masses: forces do not depend on them, and writers would mark isotopes as other species
    return Atoms(numbers=atoms.numbers, cell=atoms.cell * length, scaled_positions=atoms.scaled_positions, pbc=True)
