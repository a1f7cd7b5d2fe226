"""Force constants by finite displacements."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from numpy.typing import NDArray

from workers.simulations.steps.force_constants import displace


def energies_at_x(atoms: Atoms) -> NDArray[np.float64]:
    found = displace(atoms, EMT(), labels=["Cu"] * 4, supercell=[3, 3, 3], distance=0.01)
    modes = found.force_constants.calculate_qpoint_phonon_modes(np.array([[0.5, 0.5, 0.0]]))
    return np.sort(modes.frequencies.to("meV").magnitude[0])


def test_forces_of_atoms_off_their_sites_are_no_force_constants() -> None:
    exact = bulk("Cu", "fcc", a=3.61, cubic=True)
    # Within the tolerance of the symmetry, so that one atom is displaced to one side; forces at rest are 1e-3 eV/Å
    rounded = exact.copy()
    rounded.positions += np.random.default_rng(0).uniform(-1e-4, 1e-4, rounded.positions.shape)
    np.testing.assert_allclose(energies_at_x(rounded), energies_at_x(exact), rtol=1e-4)
