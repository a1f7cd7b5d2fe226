"""Crystals of the files in this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from euphonic import ForceConstants
from scipy import constants

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.dipoles import add_rigid_ion_part
from scattering.simulate.force_constants import to_harmonic_crystal

FOLDER = Path(__file__).parent
BOHR = constants.value("Bohr radius") * 1e10
RYDBERG = constants.value("Rydberg constant times hc in eV")
# The conventional cube of a face-centred primitive cell
CUBE = np.array([[-1.0, 1, 1], [1, -1, 1], [1, 1, -1]])


@cache
def nacl_euphonic() -> ForceConstants:
    """Sodium chloride with Born charges, as Euphonic reads it."""
    return ForceConstants.from_phonopy(path=FOLDER, summary_name="nacl_phonopy.yaml")


@cache
def nacl() -> HarmonicCrystal:
    """The same crystal; its uploaded cell is the cube."""
    fc = nacl_euphonic()
    cell = fc.crystal.cell_vectors.to("angstrom").magnitude
    return to_harmonic_crystal(fc, uploaded_cell=CUBE @ cell, species=("Na", "Cl"), sites=("Na", "Cl"))


@cache
def nacl_q2r(*, as_written: bool = False) -> HarmonicCrystal:
    """Sodium chloride by Quantum ESPRESSO; force constants as they are written lack the smooth part of the dipoles."""
    words = (FOLDER / "nacl_q2r.fc").read_text().replace("'", " ").split()
    n_atoms, a = int(words[1]), float(words[3]) * BOHR
    numbers = iter(words[9:])

    def take(*shape: int) -> np.ndarray:
        return np.array([float(next(numbers)) for _ in range(int(np.prod(shape)))]).reshape(shape)

    cell = a * take(3, 3)
    species, masses = [], []
    for _ in range(2):
        _, name, mass = next(numbers), next(numbers), next(numbers)
        species.append(name)
        masses.append(2 * float(mass) * constants.m_e / constants.atomic_mass)
    positions = a * take(n_atoms, 5)[:, 2:]
    assert next(numbers) == "T"
    alpha = float(next(numbers)) * (2 * np.pi / a) ** 2
    dielectric = take(3, 3)
    born = np.array([take(10)[1:].reshape(3, 3).T for _ in range(n_atoms)])
    grid = tuple(int(one) for one in take(3))
    stored = np.zeros((*grid, 3 * n_atoms, 3 * n_atoms))
    for _ in range((3 * n_atoms) ** 2):
        i, j, a_atom, b_atom = (int(one) - 1 for one in take(4))
        for x, y, z, value in take(int(np.prod(grid)), 4):
            # ∂²E/∂u(a in cell R)∂u(b in cell 0)
            stored[int(x) - 1, int(y) - 1, int(z) - 1, 3 * b_atom + j, 3 * a_atom + i] = value
    crystal = HarmonicCrystal(
        cell=cell,
        uploaded_cell=CUBE @ cell,
        positions=positions,
        masses=np.array(masses),
        species=tuple(species),
        sites=tuple(species),
        supercell_matrix=np.diag(grid).astype(np.int64),
        cell_origins=np.stack(np.meshgrid(*map(np.arange, grid), indexing="ij"), axis=-1).reshape(-1, 3),
        force_constants=stored.reshape(-1, 3 * n_atoms, 3 * n_atoms) * RYDBERG / BOHR**2,
        dipoles=DipoleResponse(born, dielectric),
    )
    return crystal if as_written else add_rigid_ion_part(crystal, alpha)
