"""Force constants between Euphonic, which calculates phonons, and `HarmonicCrystal`, which is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from euphonic import Crystal, ForceConstants, QpointPhononModes, ureg
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.phonon_modes import PhononModes
from scattering.simulate.dipoles import dipole_force_constants, euphonic_dipoles, from_euphonic_dipoles


def to_harmonic_crystal(
    fc: ForceConstants, *, uploaded_cell: NDArray[np.float64], species: Sequence[str], sites: Sequence[str]
) -> HarmonicCrystal:
    """Return the force constants of Euphonic as plain arrays.

    Those of Euphonic are of short range if it has Born charges. The force constants between dipoles are added then.

    Parameters
    ----------
    fc
        Force constants of the primitive cell.
    uploaded_cell
        Shape (3, 3), Å: the relaxed cell that was uploaded, in the same axes.
    species, sites
        Species and crystallographic site of each atom of the primitive cell.
    """
    cell = fc.crystal.cell_vectors.to("angstrom").magnitude
    dipoles = from_euphonic_dipoles(fc)
    crystal = HarmonicCrystal(
        cell=np.asarray(cell, dtype=float),
        uploaded_cell=np.asarray(uploaded_cell, dtype=float),
        positions=np.asarray(fc.crystal.atom_r @ cell),
        masses=np.asarray(fc.crystal.atom_mass.to("amu").magnitude, dtype=float),
        species=tuple(species),
        sites=tuple(sites),
        supercell_matrix=np.asarray(fc.sc_matrix, dtype=np.int64),
        cell_origins=np.asarray(fc.cell_origins, dtype=np.int64),
        force_constants=np.asarray(fc.force_constants.to("eV/angstrom**2").magnitude, dtype=float),
        dipoles=dipoles,
    )
    if dipoles is None:
        return crystal
    return replace(crystal, force_constants=crystal.force_constants + dipole_force_constants(crystal))


def to_euphonic_crystal(atoms: HarmonicCrystal | PhononModes) -> Crystal:
    """Return the primitive cell with its atoms, without force constants or modes."""
    return Crystal(
        atoms.cell * ureg("angstrom"),
        atoms.positions @ np.linalg.inv(atoms.cell),
        np.array(atoms.symbols),
        atoms.masses * ureg("amu"),
    )


def to_force_constants(crystal: HarmonicCrystal) -> ForceConstants:
    """Return stored force constants as those of Euphonic: of short range, if the crystal has Born charges."""
    short = crystal.force_constants
    if crystal.dipoles is not None:
        short = short - dipole_force_constants(crystal)
    return ForceConstants(
        to_euphonic_crystal(crystal),
        short * ureg("eV/angstrom**2"),
        crystal.supercell_matrix,
        crystal.cell_origins,
        **euphonic_dipoles(crystal.dipoles),
    )


def to_euphonic_modes(modes: PhononModes) -> QpointPhononModes:
    """Return given modes as those of Euphonic, with their weights."""
    return QpointPhononModes(
        to_euphonic_crystal(modes),
        modes.wave_vectors,
        modes.energies_mev * ureg("meV"),
        modes.eigenvectors,
        weights=modes.weights,
    )
