"""Forces of a potential whose harmonic part is replaced by that of a reference.

The displacements u from the sites of the reference have the forces F(u) − (Φ_reference − Φ_potential) u, where F are
those of the potential about its own sites. The energy is conserved: the correction is the gradient of a quadratic form.
Small displacements have the reference's phonons exactly, and large ones the anharmonicity of the potential.

Molecules may lie at other angles in the potential than in the reference. Their atoms then have displacements M u there,
which turn with the molecule: otherwise a bond that is stretched in one crystal would be bent in the other. And the
correction may be left to the displacements P u inside molecules: a lattice of molecules that is softer in the reference
falls apart with the anharmonicity of a stiffer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from scipy.sparse import csr_array

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


@dataclass(frozen=True, eq=False)
class Correction:
    """The change of the harmonic part of a potential to that of a reference, on a supercell.

    Attributes
    ----------
    sites
        The supercell at rest in the reference.
    own_sites
        Shape (n_atoms, 3), Å: sites of the potential.
    reference, own
        Harmonic forces of the reference and of the potential on this supercell.
    into_own
        The matrix M, shape (3 n_atoms, 3 n_atoms); None where the axes are the same.
    corrected
        The matrix P, of the same shape; None where all displacements are corrected.
    """

    sites: Atoms
    own_sites: NDArray[np.float64]
    reference: HarmonicForces
    own: HarmonicForces
    into_own: csr_array | None = None
    corrected: csr_array | None = None

    def displacements_in_potential(self, displacements: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the displacements M u from the sites of the potential, shape (n_atoms, 3), Å."""
        return _times(self.into_own, displacements)

    def corrected_displacements(self, displacements: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the displacements P u whose forces are corrected, shape (n_atoms, 3), Å."""
        return _times(self.corrected, displacements)

    def apply(
        self, displacements: NDArray[np.float64], energy: float, forces: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the corrected energy and forces, eV and eV/Å.

        Parameters
        ----------
        displacements
            Shape (n_atoms, 3), Å: from the sites of the reference.
        energy, forces
            Those of the potential at its own sites with the displacements there.
        """
        here = self.corrected_displacements(displacements)
        there = _times(self.into_own, here)
        wanted, had = self.reference.forces(here), self.own.forces(there)
        correction = _transposed(self.corrected, wanted - _transposed(self.into_own, had))
        return (
            float(energy - 0.5 * np.sum(here * wanted - there * had)),
            _transposed(self.into_own, forces) + correction,
        )


class CorrectedForces(Calculator):
    """A calculator of corrected forces.

    Parameters
    ----------
    calculator
        Calculator of the potential.
    correction
        The correction on the supercell of the atoms.
    """

    def __init__(self, calculator: Calculator, correction: Correction) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.implemented_properties = ["energy", "forces"]
        self._correction = correction
        self._limits = MAX_DISPLACEMENT * nearest_distances(correction.sites)
        self._moved = correction.sites.copy()
        self._moved.calc = calculator

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV) and forces (eV/Å).

        Raises
        ------
        AtomsLeftSites
        """
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        correction = self._correction
        displacements = self._displacements(atoms.positions)
        self._check(correction.corrected_displacements(displacements))
        self._moved.positions = correction.own_sites + correction.displacements_in_potential(displacements)
        energy, forces = correction.apply(displacements, self._moved.get_potential_energy(), self._moved.get_forces())
        self.results = {"energy": energy, "forces": forces}

    def _displacements(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return displacements from the sites; a drift of the crystal may be longer than the supercell."""
        apart = self._moved.cell.scaled_positions(positions - self._correction.sites.positions)
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


def _times(matrix: csr_array | None, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a matrix times the vectors of all atoms, shape (n_atoms, 3)."""
    return vectors if matrix is None else np.asarray(matrix @ vectors.ravel()).reshape(-1, 3)


def _transposed(matrix: csr_array | None, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors if matrix is None else np.asarray(matrix.T @ vectors.ravel()).reshape(-1, 3)


def nearest_distances(sites: Atoms) -> NDArray[np.float64]:
    """Return the distance in Å of each site from its nearest neighbour."""
    nearest = np.full(len(sites), NEIGHBOUR_SEARCH_ANGSTROM)
    owners, distances = neighbor_list("id", sites, NEIGHBOUR_SEARCH_ANGSTROM)
    np.minimum.at(nearest, owners, distances)
    return nearest
