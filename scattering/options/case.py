"""Inputs of the defaults of options: structure, temperature, instruments and quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.sites import distinct_types, site_labels
from scattering.crystal.path import SYMMETRY_TOLERANCE, BrillouinZone, brillouin_zone
from scattering.crystal.unit_cell import UnitCell, find_unit_cell, unit_cell_of
from scattering.options.names import Quality


@dataclass(frozen=True, eq=False)
class Case:
    """Structure, temperature, instruments and quality of a requested simulation.

    Attributes
    ----------
    numbers, positions, cell
        Of the uploaded cell: shapes (n_atoms,), (n_atoms, 3) in Å and (3, 3) in Å, cell vectors as rows.
    temperature
        Kelvin.
    instruments
        Names of the instruments that determine the range of |q| and, along a path, the Brillouin zones.
    quality
        Size of the box and length of the runs; harmonic phonons do not depend on it.
    engines
        Names of the engines that support the method, the default first.
    kinds
        Shape (n_atoms,), different for different isotopes of one element in the file; None if there are none.
    has_born_charges
        Whether given force constants have Born charges.
    frames
        Number of the frames of a given trajectory, and their interval in fs; None if there is none.
    n_beads
        Number of beads of the ring polymers of this trajectory.
    symmetry_tolerance
        Distance in Å within which positions are symmetric.
    """

    numbers: NDArray[np.integer[Any]]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    temperature: float
    instruments: Sequence[str]
    quality: Quality
    engines: Sequence[str]
    kinds: NDArray[np.integer[Any]] | None = None
    has_born_charges: bool = False
    frames: tuple[int, float] | None = None
    n_beads: int = 1
    symmetry_tolerance: float = SYMMETRY_TOLERANCE

    @property
    def n_atoms(self) -> int:
        """Number of atoms in the uploaded cell."""
        return len(self.numbers)

    @cached_property
    def zone(self) -> BrillouinZone:
        """First Brillouin zone with its special points.

        Raises
        ------
        InvalidOptions
            The symmetry was not found.
        """
        types = distinct_types(self.numbers, self.kinds)
        return brillouin_zone(
            cell=self.cell, positions=self.positions, numbers=types, tolerance=self.symmetry_tolerance
        )

    def unit_cell(self, repeats: Sequence[int] | None = None) -> UnitCell:
        """Return the unit cell that this one repeats; with stated repeats, or found.

        Raises
        ------
        NotRepeated
            The atoms do not repeat so.
        """
        types = distinct_types(self.numbers, self.kinds)
        if repeats is None:
            return find_unit_cell(cell=self.cell, positions=self.positions, types=types)
        return unit_cell_of(repeats, cell=self.cell, positions=self.positions, types=types)

    def of_unit_cell(self, unit: UnitCell) -> Case:
        """Return the same case with the unit cell in place of the uploaded one."""
        return replace(
            self,
            numbers=self.numbers[unit.atoms],
            kinds=None if self.kinds is None else self.kinds[unit.atoms],
            positions=unit.positions,
            cell=unit.cell,
            symmetry_tolerance=unit.symmetry_tolerance,
        )

    def n_species(self, *, resolve_sites: bool) -> int:
        """Return the number of elements, or of inequivalent sites."""
        if not resolve_sites:
            return len(set(self.numbers.tolist()))
        return len(set(site_labels(cell=self.cell, positions=self.positions, numbers=self.numbers, kinds=self.kinds)))
