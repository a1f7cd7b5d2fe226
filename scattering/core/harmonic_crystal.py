"""A crystal with its force constants, from which all of its phonons follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from scattering.core.dipole_response import DipoleResponse
from scattering.core.species import element

WHOLE_NUMBER_TOLERANCE: Final = 1e-3
"""Deviation of the uploaded cell from whole multiples of the primitive vectors, in those vectors."""

MAX_UPLOADED_ATOMS: Final = 100_000
"""Largest number of atoms of the uploaded cell."""


@dataclass(frozen=True, eq=False)
class HarmonicCrystal:
    """A relaxed primitive cell with its force constants.

    Attributes
    ----------
    cell
        Shape (3, 3), Å. Vectors of the primitive cell as rows, in the axes of the uploaded cell.
    uploaded_cell
        Shape (3, 3), Å. Vectors of the uploaded cell, relaxed: whole multiples of those of the primitive cell.
    positions
        Shape (n_atoms, 3), Å.
    masses
        Shape (n_atoms,), u.
    species
        Species of each atom, as the partials name them: an element or a site such as "H2".
    sites
        Crystallographic site of each atom, such as "H2", or the element if it has only one site.
    supercell_matrix
        Shape (3, 3), whole numbers: supercell vectors (rows) in units of the primitive vectors.
    cell_origins
        Shape (n_cells, 3), whole numbers: the primitive cells of the supercell. The first is that of the origin.
    force_constants
        Shape (n_cells, 3 n_atoms, 3 n_atoms), eV/Å²: ∂²E/∂u(atom of the first cell)∂u(atom of another cell).
        The total ones of the supercell without a macroscopic field, as displaced supercells give them: those between
        dipoles are included, also in a crystal with Born charges.
    dipoles
        Born charges and dielectric tensor; None if unknown, or in a crystal without dipoles.
    """

    cell: NDArray[np.float64]
    uploaded_cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    masses: NDArray[np.float64]
    species: tuple[str, ...]
    sites: tuple[str, ...]
    supercell_matrix: NDArray[np.int64]
    cell_origins: NDArray[np.int64]
    force_constants: NDArray[np.float64]
    dipoles: DipoleResponse | None = None

    def __post_init__(self) -> None:
        n_atoms, n_cells = len(self.masses), len(self.cell_origins)
        shapes = {
            "cell": (3, 3),
            "uploaded_cell": (3, 3),
            "positions": (n_atoms, 3),
            "masses": (n_atoms,),
            "supercell_matrix": (3, 3),
            "cell_origins": (n_cells, 3),
            "force_constants": (n_cells, 3 * n_atoms, 3 * n_atoms),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has values that are not finite")
        if not n_atoms or not (self.masses > 0).all():
            raise ValueError("there must be atoms, and masses above 0")
        if len(self.species) != n_atoms or len(self.sites) != n_atoms:
            raise ValueError(f"{n_atoms} atoms need as many species and sites")
        if self.dipoles is not None and len(self.dipoles.born_charges) != n_atoms:
            raise ValueError(f"{n_atoms} atoms need as many Born charges")
        unknown = {element(site) for site in self.sites} - set(chemical_symbols[1:])
        if unknown:
            raise ValueError(f"unknown elements: {', '.join(sorted(unknown))}")
        if any(element(one) != element(site) for one, site in zip(self.species, self.sites, strict=True)):
            raise ValueError("species and sites must be of the same elements")
        if abs(np.linalg.det(self.cell)) < 1e-3:
            raise ValueError("the cell has no volume")
        if round(abs(float(np.linalg.det(self.supercell_matrix)))) != n_cells:
            raise ValueError("cell_origins must be as many as the supercell has cells")
        exact = self.uploaded_cell @ np.linalg.inv(self.cell)
        if np.abs(exact - np.rint(exact)).max() > WHOLE_NUMBER_TOLERANCE:
            raise ValueError("the uploaded cell must be a multiple of the primitive cell")
        if not 1 <= self.n_repeats * n_atoms <= MAX_UPLOADED_ATOMS:
            raise ValueError(f"the uploaded cell must have 1 to {MAX_UPLOADED_ATOMS} atoms")

    @property
    def n_atoms(self) -> int:
        """Number of atoms of the primitive cell."""
        return len(self.masses)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbols of the atoms."""
        return tuple(element(site) for site in self.sites)

    @property
    def repeats(self) -> NDArray[np.int64]:
        """Shape (3, 3), whole numbers: uploaded_cell = repeats @ cell."""
        return np.rint(self.uploaded_cell @ np.linalg.inv(self.cell)).astype(np.int64)

    @property
    def n_repeats(self) -> int:
        """Number of primitive cells in the uploaded cell."""
        return round(abs(float(np.linalg.det(self.repeats))))

    @property
    def nbytes(self) -> int:
        """Memory of the force constants."""
        return self.force_constants.nbytes


def check_crystal(crystal: HarmonicCrystal | None, species: Sequence[str]) -> None:
    """Check that a crystal, if there is one, has the species of partials.

    Raises
    ------
    ValueError
    """
    if crystal is not None and set(crystal.species) != set(species):
        raise ValueError(f"force constants of {', '.join(sorted(set(crystal.species)))} for {', '.join(species)}")
