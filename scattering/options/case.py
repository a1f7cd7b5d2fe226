"""What options are filled in for: a structure, a temperature, instruments, a quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.sites import site_labels
from scattering.crystal.path import BrillouinZone, brillouin_zone
from scattering.options.names import Quality


@dataclass(frozen=True, eq=False)
class Case:
    """One simulation that is asked for.

    Attributes
    ----------
    numbers, positions, cell
        Of the uploaded cell: shapes (n_atoms,), (n_atoms, 3) in Å and (3, 3) in Å, cell vectors as rows.
    temperature
        Kelvin.
    instruments
        Names that the range of |q| must serve; along a path they choose the Brillouin zones.
    quality
        How large a box and how long a run; it makes no difference to harmonic phonons.
    engines
        Names of the engines that can do the method, the default first.
    """

    numbers: NDArray[np.integer[Any]]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    temperature: float
    instruments: Sequence[str]
    quality: Quality
    engines: Sequence[str]

    @property
    def n_atoms(self) -> int:
        """Atoms of the uploaded cell."""
        return len(self.numbers)

    @cached_property
    def zone(self) -> BrillouinZone:
        """The first Brillouin zone with its special points.

        Raises
        ------
        InvalidOptions
            No symmetry could be found.
        """
        return brillouin_zone(cell=self.cell, positions=self.positions, numbers=self.numbers)

    def n_species(self, *, resolve_sites: bool) -> int:
        """Elements, or inequivalent sites."""
        if not resolve_sites:
            return len(set(self.numbers.tolist()))
        return len(set(site_labels(cell=self.cell, positions=self.positions, numbers=self.numbers)))
