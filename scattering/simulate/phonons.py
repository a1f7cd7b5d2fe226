"""Phonons of a harmonic crystal over its Brillouin zone, from force constants (Euphonic)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import spglib
from euphonic import Crystal, ForceConstants, QpointPhononModes, ureg
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K

LOWEST_ENERGY_MEV = 0.2
"""Modes below take no part: acoustic ones next to Γ, where one-phonon theory diverges, and what noise leaves there."""
SYMMETRY_TOLERANCE = 1e-3
"""Å. Structures are relaxed to about that."""
IMAGINARY_MEV = -0.5
"""Below this a negative energy is an instability and not the noise of an acoustic mode."""
ZONE_BYTES = 2**27
"""Of the eigenvectors over the Brillouin zone."""


def force_constants(
    *,
    cell: NDArray[np.float64],
    positions: NDArray[np.float64],
    symbols: list[str],
    masses: NDArray[np.float64],
    supercell_matrix: NDArray[np.int64],
    supercell_positions: NDArray[np.float64],
    unit_atom: NDArray[np.int64],
    constants: NDArray[np.float64],
) -> ForceConstants:
    """Bring force constants of a supercell into Euphonic's form.

    Parameters
    ----------
    cell
        Shape (3, 3), Å. Primitive cell vectors as rows.
    positions
        Shape (n_atoms, 3), Å.
    symbols, masses
        Of the n_atoms atoms; masses in u.
    supercell_matrix
        Shape (3, 3): supercell vectors (rows) in terms of the cell's.
    supercell_positions
        Shape (n_super, 3), Å.
    unit_atom
        Shape (n_super,): which of the n_atoms each supercell atom repeats.
    constants
        Shape (n_atoms, n_super, 3, 3), eV/Å²: ∂²E/∂u(atom, in the cell at the origin)∂u(supercell atom).
    """
    n_atoms, n_super = len(positions), len(supercell_positions)
    origins = np.rint((supercell_positions - positions[unit_atom]) @ np.linalg.inv(cell)).astype(int)
    # The same cell may be written as different images of it for different atoms: name it by its place in the supercell
    n_cells = n_super // n_atoms
    place = np.rint(origins @ np.linalg.inv(supercell_matrix) * n_cells).astype(int) % n_cells
    first_atoms = np.flatnonzero(unit_atom == 0)
    cells = {tuple(place[index]): number for number, index in enumerate(first_atoms)}
    cell_origins = origins[first_atoms]
    arranged = np.zeros((len(cells), 3 * n_atoms, 3 * n_atoms))
    for index in range(n_super):
        atom = int(unit_atom[index])
        block = constants[:, index].reshape(3 * n_atoms, 3)
        arranged[cells[tuple(place[index])], :, 3 * atom : 3 * atom + 3] = block
    crystal = Crystal(
        cell * ureg("angstrom"),
        positions @ np.linalg.inv(cell),
        np.array(symbols),
        np.asarray(masses, dtype=float) * ureg("amu"),
    )
    return ForceConstants(
        crystal,
        arranged * ureg("eV/angstrom**2"),
        np.asarray(supercell_matrix, dtype=int),
        cell_origins.astype(int),
    )


@dataclass(frozen=True)
class Stability:
    """Imaginary modes on the grid that samples the Brillouin zone.

    Attributes
    ----------
    lowest_mev
        The lowest phonon energy, negative for an imaginary one.
    imaginary_fraction
        Share of all modes that are imaginary.
    highest_mev
        The highest phonon energy.
    """

    lowest_mev: float
    imaginary_fraction: float
    highest_mev: float


@dataclass(frozen=True, eq=False)
class Zone:
    """Phonon modes on an even Monkhorst–Pack grid (which leaves Γ out), one of each pair ±k.

    Attributes
    ----------
    modes
        Of the half of the grid with a positive first coordinate; the other half are their conjugates.
    divisions
        Of the grid along each reciprocal vector.
    """

    modes: QpointPhononModes
    divisions: tuple[int, int, int]

    def fold(self, vectors: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Move scattering vectors to the nearest ones that the grid samples.

        Phonons are periodic in the reciprocal lattice and those of −k are the conjugates of those of k, so the grid
        serves every scattering vector.

        Parameters
        ----------
        vectors
            Shape (n, 3), Å⁻¹.

        Returns
        -------
        Index into `modes` and the vector itself, shapes (n,) and (n, 3); a vector comes back as its opposite where
        that is the one whose modes are kept.
        """
        cell = self.modes.crystal.cell_vectors.to("angstrom").magnitude
        divisions = np.array(self.divisions)
        # The grid's points are (i + ½)/n in fractional coordinates
        steps = np.rint(vectors @ cell.T / (2 * np.pi) * divisions - 0.5).astype(int)
        other_half = steps[:, 0] % divisions[0] >= divisions[0] // 2
        steps[other_half] = -steps[other_half] - 1
        place = steps % divisions
        index = (place[:, 0] * divisions[1] + place[:, 1]) * divisions[2] + place[:, 2]
        return index, (steps + 0.5) / divisions @ np.linalg.inv(cell).T * 2 * np.pi


def sample_zone(fc: ForceConstants, *, n_points: int = 60_000, n_threads: int | None = None) -> Zone:
    """Calculate phonons over the Brillouin zone.

    Parameters
    ----------
    fc
        Force constants.
    n_points
        About how many k-points a crystal of one atom a cell would get. A larger cell has a smaller zone, and phonons
        that cost as the cube of its atoms: it gets fewer in proportion to its atoms, and no more than fit into
        `ZONE_BYTES`, but never a coarser grid than 0.2 Å⁻¹.
    """
    cell = fc.crystal.cell_vectors.to("angstrom").magnitude
    lengths = 2 * np.pi * np.linalg.norm(np.linalg.inv(cell), axis=0)
    n_atoms = fc.crystal.n_atoms
    # Half of the grid is kept
    fitting = min(n_points / n_atoms, 2 * ZONE_BYTES / (16 * (3 * n_atoms) ** 2))
    spacing = min(0.2, float((np.prod(lengths) / fitting) ** (1 / 3)))
    divisions = tuple(int(2 * np.ceil(length / spacing / 2)) for length in lengths)
    axes = [(np.arange(n) + 0.5) / n for n in divisions]
    points = np.stack(np.meshgrid(axes[0][: divisions[0] // 2], axes[1], axes[2], indexing="ij"), axis=-1)
    # Without splitting at Γ and without reduction the modes come back as asked for, one by one
    modes = fc.calculate_qpoint_phonon_modes(
        points.reshape(-1, 3), asr="reciprocal", insert_gamma=False, reduce_qpts=False, n_threads=n_threads
    )
    return Zone(modes, (divisions[0], divisions[1], divisions[2]))


def stability(zone: Zone) -> Stability:
    """Return the range of phonon energies and how many are imaginary."""
    energies = zone.modes.frequencies.to("meV").magnitude
    return Stability(float(energies.min()), float((energies < IMAGINARY_MEV).mean()), float(energies.max()))


def occupation(energies: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Bose–Einstein n(ω) = 1 / (exp(βħω) − 1) for energies in meV at a temperature in K."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / np.expm1(energies / (BOLTZMANN_MEV_PER_K * temperature)))


@dataclass(frozen=True, eq=False)
class Symmetry:
    """What a crystal's space group does to its atoms.

    Attributes
    ----------
    rotations
        Shape (n_operations, 3, 3). Orthogonal matrices that turn Cartesian vectors.
    images
        Shape (n_operations, n_atoms). The atom, up to a lattice vector, that an operation brings each atom to.
    """

    rotations: NDArray[np.float64]
    images: NDArray[np.int64]

    @property
    def sites(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first atom of each crystallographic site, and which site each atom is of."""
        first, site = np.unique(self.images.min(axis=0), return_inverse=True)
        return first, site


def symmetry(crystal: Crystal) -> Symmetry:
    """Find the space group of a crystal; the identity alone where spglib finds none."""
    cell = crystal.cell_vectors.to("angstrom").magnitude
    fractional, n_atoms = crystal.atom_r, crystal.n_atoms
    _, numbers = np.unique(crystal.atom_type, return_inverse=True)
    described = cell.tolist(), fractional.tolist(), numbers.tolist()
    dataset = spglib.get_symmetry_dataset(described, symprec=SYMMETRY_TOLERANCE)
    if dataset is None:
        return Symmetry(np.eye(3)[None], np.arange(n_atoms)[None])
    unlike = numbers[:, None] != numbers
    images = np.empty((len(dataset.rotations), n_atoms), dtype=int)
    for row, rotation, translation in zip(images, dataset.rotations, dataset.translations, strict=True):
        moved = fractional @ rotation.T + translation
        apart = moved[:, None] - fractional
        distance = np.linalg.norm((apart - np.rint(apart)) @ cell, axis=2)
        row[:] = np.where(unlike, np.inf, distance).argmin(axis=1)
    return Symmetry(cell.T @ dataset.rotations @ np.linalg.inv(cell.T), images)
