"""A crystal structure as arrays and as JSON, bonds between its atoms, and lengths and angles of its cell."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from ase.data import atomic_masses, chemical_symbols, covalent_radii
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scattering.core.isotopes import Substitution, mean_mass

BOND_SCALE = 1.2
"""Longest bond that is drawn, in sums of the covalent radii of its atoms (Cordero et al. 2008)."""


@dataclass(frozen=True)
class StructureData:
    """Atoms in a cell.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (n_atoms,).
    positions
        Cartesian positions in Å, shape (n_atoms, 3); they may lie outside the cell.
    cell
        Lattice vectors in Å as rows, shape (3, 3), right-handed.
    pbc
        Periodic directions according to the file, shape (3,).
    isotopes
        Isotope or mixture of each atom, "" where it is as in nature; empty if all atoms are.
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    pbc: NDArray[np.bool_]
    isotopes: tuple[Substitution, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.numbers)
        shapes = (self.numbers.shape, self.positions.shape, self.cell.shape, self.pbc.shape)
        if shapes != ((n,), (n, 3), (3, 3), (3,)):
            raise ValueError(f"numbers, positions, cell and pbc do not fit together: {shapes}")
        if self.isotopes and len(self.isotopes) != n:
            raise ValueError(f"there are {len(self.isotopes)} isotopes for {n} atoms")

    @property
    def symbols(self) -> list[str]:
        """Element symbol of every atom."""
        return [chemical_symbols[number] for number in self.numbers]

    @property
    def elements(self) -> list[str]:
        """The different elements, by atomic number."""
        return [chemical_symbols[number] for number in np.unique(self.numbers)]

    @property
    def fractional(self) -> NDArray[np.float64]:
        """Positions in units of the lattice vectors, shape (n_atoms, 3)."""
        return np.asarray(np.linalg.solve(self.cell.T, self.positions.T).T, dtype=np.float64)

    @property
    def volume(self) -> float:
        """Volume of the cell in Å³."""
        return float(abs(np.linalg.det(self.cell)))

    @property
    def mass(self) -> float:
        """Mass of the cell's atoms in unified atomic mass units."""
        return float(self.masses.sum())

    @property
    def masses(self) -> NDArray[np.float64]:
        """Masses of the atoms in unified atomic mass units, shape (n_atoms,): mean masses of elements and mixtures."""
        masses = np.array(atomic_masses[self.numbers], dtype=np.float64)
        for atom, isotope in enumerate(self.isotopes):
            if isotope:
                masses[atom] = mean_mass(isotope)
        return masses

    @property
    def natural_mass(self) -> float:
        """Mass of the cell's atoms at natural isotopic abundance, in unified atomic mass units."""
        return float(atomic_masses[self.numbers].sum())

    @cached_property
    def kinds(self) -> NDArray[np.int64] | None:
        """Numbers of the different isotopes and mixtures in the file, shape (n_atoms,), 0 if as in nature; or None."""
        if not self.isotopes:
            return None
        known = {"": 0}
        texts = [json.dumps(isotope, sort_keys=True) if isotope else "" for isotope in self.isotopes]
        return np.array([known.setdefault(text, len(known)) for text in texts], dtype=np.int64)

    def to_json(self) -> str:
        """Return JSON from which `from_json` makes exactly the same arrays."""
        return json.dumps(
            {
                "numbers": self.numbers.tolist(),
                "positions": self.positions.tolist(),
                "cell": self.cell.tolist(),
                "pbc": self.pbc.tolist(),
                **({"isotopes": list(self.isotopes)} if self.isotopes else {}),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Make a structure of the JSON of `to_json`."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make a structure of a dict of lists."""
        return cls(
            numbers=np.asarray(data["numbers"], dtype=np.int64).reshape(-1),
            positions=np.asarray(data["positions"], dtype=np.float64).reshape(-1, 3),
            cell=np.asarray(data["cell"], dtype=np.float64),
            pbc=np.asarray(data["pbc"], dtype=np.bool_),
            isotopes=tuple(data.get("isotopes", ())),
        )


@dataclass(frozen=True)
class Bonds:
    """Pairs of atoms, each pair once.

    Parameters
    ----------
    first, second
        Indices of the atoms, shape (n_bonds,).
    shift
        Lattice translations of the second atom, shape (n_bonds, 3), in whole cells: the bond goes from
        `positions[first]` to `positions[second] + shift @ cell`.
    length
        Å, shape (n_bonds,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shift: NDArray[np.int64]
    length: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first)


def bonds(structure: StructureData, scale: float = BOND_SCALE) -> Bonds:
    """Find the pairs closer than `scale` times the sum of their covalent radii, also in neighbouring cells.

    Like in the simulations, the cell is periodic in all three directions, whatever `pbc` says.
    """
    return pairs_within(structure, scale * covalent_radii[structure.numbers])


def pairs_within(structure: StructureData, radius: NDArray[np.float64]) -> Bonds:
    """Find the pairs closer than the sum of the radii of their atoms; radii in Å, shape (n_atoms,).

    They are in the order of the first atom, the second atom, and its translation.
    """
    from ase.neighborlist import primitive_neighbor_list

    i, j, shift, length = primitive_neighbor_list(
        "ijSd", (True, True, True), structure.cell, structure.positions, radius
    )
    # The list has each pair twice, once from each atom; for an atom and its own image, as +shift and −shift
    first_nonzero = np.where(shift[:, 0] != 0, shift[:, 0], np.where(shift[:, 1] != 0, shift[:, 1], shift[:, 2]))
    once = np.flatnonzero((i < j) | ((i == j) & (first_nonzero > 0)))
    # The order of the list depends on the processor: ASE sorts atoms in bins, and numpy's sorting is not stable
    kept = once[np.lexsort((*shift[once].T, j[once], i[once]))]
    return Bonds(
        first=i[kept].astype(np.int64),
        second=j[kept].astype(np.int64),
        shift=shift[kept].astype(np.int64),
        length=length[kept].astype(np.float64),
    )


def closest_pair(structure: StructureData, reach: float) -> tuple[int, int, float] | None:
    """Return the two atoms that are nearest to each other, and their distance in Å; None if it is `reach` or more.

    Unlike `pairs_within` it lists no pairs, of which a file with all its atoms on one spot has millions.
    """
    heights = 1 / np.linalg.norm(np.linalg.inv(structure.cell), axis=0)
    margin = reach / heights
    axes = (np.arange(-n, n + 1) for n in np.ceil(margin).astype(int))
    shifts = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    inside = structure.fractional % 1.0
    around = [inside + shift for shift in shifts]
    near = [np.flatnonzero(((one >= -margin) & (one <= 1 + margin)).all(axis=1)) for one in around]
    images = np.concatenate([one[kept] for one, kept in zip(around, near, strict=True)]) @ structure.cell
    owners = np.concatenate(near)
    length, at = cKDTree(images).query(inside @ structure.cell, k=2, distance_upper_bound=reach)
    # Of the two nearest points, one is the atom itself
    first = int(length[:, 1].argmin())
    if not length[first, 1] < reach:
        return None
    second = next((int(owners[one]) for one in at[first] if owners[one] != first), first)
    return min(first, second), max(first, second), float(length[first, 1])


def lengths_and_angles(cell: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lengths (Å) of a, b, c and angles (degrees) α, β, γ; the rows of `cell` are lattice vectors in Å."""
    lengths = np.linalg.norm(cell, axis=1)
    unit = cell / lengths[:, None]
    cosines = np.clip([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]], -1.0, 1.0)
    return lengths, np.degrees(np.arccos(cosines))


def cell_from_lengths_and_angles(lengths: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return lattice vectors (rows, Å) of lengths (Å) and angles (degrees): a along x, b in the xy plane.

    Raises
    ------
    ValueError
        No cell has these angles.
    """
    # cos 90° is not exactly zero in floating point, and a cubic cell must be exactly diagonal
    cos_a, cos_b, cos_g = (0.0 if angle == 90.0 else float(np.cos(np.radians(angle))) for angle in angles)
    sin_g = 1.0 if angles[2] == 90.0 else float(np.sin(np.radians(angles[2])))
    if sin_g <= 0:
        raise ValueError(f"no cell has the angles {', '.join(f'{angle:g}°' for angle in angles)}")
    cx, cy = cos_b, (cos_a - cos_b * cos_g) / sin_g
    cz_squared = 1.0 - cx * cx - cy * cy
    if not cz_squared > 0:
        raise ValueError(f"no cell has the angles {', '.join(f'{angle:g}°' for angle in angles)}")
    directions = np.array([[1.0, 0.0, 0.0], [cos_g, sin_g, 0.0], [cx, cy, np.sqrt(cz_squared)]])
    return np.asarray(lengths[:, None] * directions, dtype=np.float64)
