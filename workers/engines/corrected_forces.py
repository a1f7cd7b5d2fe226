"""Forces of a potential whose harmonic part is replaced by that of a reference.

The displacements u from the sites of the reference have the forces F(u) − (Φ_reference − Φ_potential) u, where F are
those of the potential about its own sites. The energy is conserved: the correction is the gradient of a quadratic form.
Small displacements have the reference's phonons exactly, and large ones the anharmonicity of the potential.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.simulate.harmonic_forces import HarmonicForces
from workers.kit.failures import CannotPredict

MAX_DISPLACEMENT: Final = 0.6
"""Distance of an atom from its site, over the distance of the nearest site of another atom, above which it has left
its site. A crystal at the melting temperature by Lindemann's criterion has about 0.1, and a hydrogen atom 0.4."""
NEIGHBOUR_SEARCH_ANGSTROM: Final = 4.0
"""Sites without a neighbour within this distance count as this far from it."""


class AtomsLeftSites(CannotPredict):
    """An atom is so far from its site that force constants say nothing about its forces."""


class CorrectedForces(Calculator):
    """A calculator of corrected forces.

    Parameters
    ----------
    calculator
        Calculator of the potential.
    sites
        The supercell at rest in the reference.
    shift
        Shape (n_atoms, 3), Å: from the sites of the reference to those of the potential.
    reference, own
        Harmonic forces of the reference and of the potential on this supercell.
    """

    def __init__(
        self,
        calculator: Calculator,
        sites: Atoms,
        shift: NDArray[np.float64],
        *,
        reference: HarmonicForces,
        own: HarmonicForces,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = ["energy", "forces"]
        self._sites, self._shift = sites.positions.copy(), shift
        self._reference, self._own = reference, own
        self._limits = MAX_DISPLACEMENT * nearest_distances(sites)
        self._moved = sites.copy()
        self._moved.calc = calculator

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV) and forces (eV/Å).

        Raises
        ------
        AtomsLeftSites
        """
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        displacements = self._displacements(atoms.positions)
        self._check(displacements)
        self._moved.positions = self._sites + self._shift + displacements
        correction = self._reference.forces(displacements) - self._own.forces(displacements)
        self.results = {
            "energy": float(self._moved.get_potential_energy() - 0.5 * np.sum(displacements * correction)),
            "forces": self._moved.get_forces() + correction,
        }

    def _displacements(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return displacements from the sites; a drift of the crystal may be longer than the supercell."""
        apart = self._moved.cell.scaled_positions(positions - self._sites)
        return np.asarray((apart - np.rint(apart)) @ self._moved.cell.array)

    def _check(self, displacements: NDArray[np.float64]) -> None:
        """Check that all atoms are near their sites, apart from a drift of the crystal."""
        distances = np.linalg.norm(displacements - displacements.mean(axis=0), axis=1)
        # Not <=, which is True of no comparison with a value that is not finite
        left = np.flatnonzero(~(distances <= self._limits))
        if len(left):
            worst = left[np.argmax(distances[left])]
            params = {"element": self._moved.symbols[worst], "distance_angstrom": float(distances[worst])}
            raise AtomsLeftSites(Notice("atoms_left_sites", params))


def nearest_distances(sites: Atoms) -> NDArray[np.float64]:
    """Return the distance in Å of each site from its nearest neighbour."""
    nearest = np.full(len(sites), NEIGHBOUR_SEARCH_ANGSTROM)
    owners, distances = neighbor_list("id", sites, NEIGHBOUR_SEARCH_ANGSTROM)
    np.minimum.at(nearest, owners, distances)
    return nearest
