"""Phonons of a harmonic crystal over its Brillouin zone, from force constants (Euphonic)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import spglib
from euphonic import Crystal, ForceConstants, QpointPhononModes, ureg
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.sites import types_by_mass
from scattering.simulate.interpolation import modes_at

MIN_PHONON_MEV = 0.2
"""Modes of lower energy are left out: acoustic modes next to Γ, where one-phonon theory diverges, and noise there."""
SYMMETRY_TOLERANCE = 1e-3
"""Å. Structures are relaxed to about this precision."""
MAX_IMAGINARY_MEV = -0.5
"""Energy below which a mode is imaginary; negative energies above are the noise of an acoustic mode."""
WITHIN_TOLERANCE = 1e-9
"""Units of the supercell vectors. Cells as close to the end of a supercell are at its beginning."""
MAX_ZONE_BYTES = 2**27
"""Memory of the eigenvectors over the Brillouin zone."""


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
    """Convert the force constants of a supercell to those of Euphonic.

    Parameters
    ----------
    cell
        Shape (3, 3), Å. Primitive cell vectors as rows.
    positions
        Shape (n_atoms, 3), Å.
    symbols, masses
        Symbols and masses (u) of the n_atoms atoms.
    supercell_matrix
        Shape (3, 3): supercell vectors (rows) in units of the cell vectors.
    supercell_positions
        Shape (n_super, 3), Å.
    unit_atom
        Shape (n_super,): index of the unit-cell atom that each supercell atom repeats.
    constants
        Shape (n_atoms, n_super, 3, 3), eV/Å²: ∂²E/∂u(atom, in the cell at the origin)∂u(supercell atom).
    """
    n_atoms, n_super = len(positions), len(supercell_positions)
    origins = np.rint((supercell_positions - positions[unit_atom]) @ np.linalg.inv(cell)).astype(int)
    # The atoms of one cell may be given in different images of it: identify a cell by its place in the supercell
    n_cells = n_super // n_atoms
    place = np.rint(origins @ np.linalg.inv(supercell_matrix) * n_cells).astype(int) % n_cells
    first_atoms = np.flatnonzero(unit_atom == 0)
    cell_origins = _within(origins[first_atoms], supercell_matrix)
    # Euphonic takes the first cell as the one at the origin, from which it looks for the nearest images
    order = np.argsort((cell_origins != 0).any(axis=1), kind="stable")
    first_atoms, cell_origins = first_atoms[order], cell_origins[order]
    cells = {tuple(place[index]): number for number, index in enumerate(first_atoms)}
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


def _within(cells: NDArray[np.int64], supercell_matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the images of cells in the supercell at the origin, near which Euphonic looks for the nearest ones."""
    images = np.floor(cells @ np.linalg.inv(supercell_matrix) + WITHIN_TOLERANCE).astype(np.int64)
    return np.asarray(cells - images @ np.asarray(supercell_matrix, dtype=np.int64))


@dataclass(frozen=True)
class Stability:
    """Imaginary modes on the grid that samples the Brillouin zone.

    Attributes
    ----------
    lowest_mev
        The lowest phonon energy, negative for an imaginary one.
    imaginary_fraction
        Fraction of all modes that are imaginary.
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
        On the half of the grid with a positive first coordinate; the modes of the other half are their conjugates.
    divisions
        Number of grid points along each reciprocal vector.
    """

    modes: QpointPhononModes
    divisions: tuple[int, int, int]

    def fold(self, vectors: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Move scattering vectors to the nearest vectors of the grid, up to a reciprocal lattice vector.

        Phonons are periodic in the reciprocal lattice, and those of −k are the conjugates of those of k. The grid
        therefore serves every scattering vector.

        Parameters
        ----------
        vectors
            Shape (n, 3), Å⁻¹.

        Returns
        -------
        Index into `modes` and the moved vector, shapes (n,) and (n, 3). A vector is returned as its opposite if only
        the modes of the opposite are stored.
        """
        cell = self.modes.crystal.cell_vectors.to("angstrom").magnitude
        divisions = np.array(self.divisions)
        # The points of the grid are (i + ½)/n in fractional coordinates
        steps = np.rint(vectors @ cell.T / (2 * np.pi) * divisions - 0.5).astype(int)
        other_half = steps[:, 0] % divisions[0] >= divisions[0] // 2
        steps[other_half] = -steps[other_half] - 1
        place = steps % divisions
        index = (place[:, 0] * divisions[1] + place[:, 1]) * divisions[2] + place[:, 2]
        return index, (steps + 0.5) / divisions @ np.linalg.inv(cell).T * 2 * np.pi


@dataclass(frozen=True, eq=False)
class ZoneGrid:
    """The points of a `Zone`: shape (n_k, 3) in reciprocal vectors, and divisions of the whole grid."""

    points: NDArray[np.float64]
    divisions: tuple[int, int, int]


def zone_grid(crystal: Crystal, *, n_points: int = 60_000) -> ZoneGrid:
    """Return the half of a grid over the Brillouin zone.

    Parameters
    ----------
    n_points
        Approximate number of k-points for a crystal of one atom per cell. A larger cell has a smaller zone, and its
        phonons cost as the cube of its atoms. The number is therefore divided by the atoms, and limited by
        `MAX_ZONE_BYTES`, but the grid is never coarser than 0.2 Å⁻¹.
    """
    cell = crystal.cell_vectors.to("angstrom").magnitude
    lengths = 2 * np.pi * np.linalg.norm(np.linalg.inv(cell), axis=0)
    n_atoms = crystal.n_atoms
    # Half of the grid is kept
    fitting = min(n_points / n_atoms, 2 * MAX_ZONE_BYTES / (16 * (3 * n_atoms) ** 2))
    spacing = min(0.2, float((np.prod(lengths) / fitting) ** (1 / 3)))
    first, second, third = (int(2 * np.ceil(length / spacing / 2)) for length in lengths)
    axes = [(np.arange(n) + 0.5) / n for n in (first, second, third)]
    points = np.stack(np.meshgrid(axes[0][: first // 2], axes[1], axes[2], indexing="ij"), axis=-1)
    return ZoneGrid(points.reshape(-1, 3), (first, second, third))


def sample_zone(fc: ForceConstants, *, n_points: int = 60_000, n_threads: int | None = None) -> Zone:
    """Calculate the phonons over the Brillouin zone, on a `zone_grid`."""
    grid = zone_grid(fc.crystal, n_points=n_points)
    return Zone(modes_at(fc, grid.points, n_threads=n_threads), grid.divisions)


def stability(modes: QpointPhononModes) -> Stability:
    """Return the stability of modes, with the weights of their wave vectors."""
    return stability_of(modes.frequencies.to("meV").magnitude, modes.weights)


def stability_of(energies: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> Stability:
    """Return the range of phonon energies and the fraction of imaginary modes.

    Parameters
    ----------
    energies
        Shape (n_q, n_modes), meV.
    weights
        Shape (n_q,): weights of the wave vectors. Default: all the same.
    """
    imaginary = np.average((energies < MAX_IMAGINARY_MEV).mean(axis=1), weights=weights)
    return Stability(float(energies.min()), float(imaginary), float(energies.max()))


def occupation(energies: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return the Bose–Einstein occupation 1/(exp(βħω) − 1) of energies in meV at a temperature in K."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / np.expm1(energies / (BOLTZMANN_MEV_PER_K * temperature)))


@dataclass(frozen=True, eq=False)
class Symmetry:
    """Operations of a space group on the atoms of a crystal.

    Attributes
    ----------
    rotations
        Shape (n_operations, 3, 3). Orthogonal matrices that rotate Cartesian vectors.
    images
        Shape (n_operations, n_atoms). Index of the atom, up to a lattice vector, to which an operation moves each atom.
    """

    rotations: NDArray[np.float64]
    images: NDArray[np.int64]

    @property
    def sites(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First atom of each crystallographic site, and the site of each atom."""
        first, site = np.unique(self.images.min(axis=0), return_inverse=True)
        return first, site


def symmetry(crystal: Crystal) -> Symmetry:
    """Find the space group of a crystal; the identity alone if spglib finds none.

    Atoms of one element and different masses are not equivalent.
    """
    cell = crystal.cell_vectors.to("angstrom").magnitude
    fractional, n_atoms = crystal.atom_r, crystal.n_atoms
    _, elements = np.unique(crystal.atom_type, return_inverse=True)
    numbers = types_by_mass(elements, crystal.atom_mass.to("amu").magnitude)
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
