"""Energies that rank the ordered cells, as matrices of all pairs: of point charges, or of contacts that are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import chemical_symbols, covalent_radii, vdw_radii
from numpy.typing import NDArray
from scipy.special import erfc

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.cif_disorder import PartialSite
from backend.structures.ordering.crystal import Crystal
from backend.structures.ordering.pairs import list_pairs
from backend.structures.ordering.supercells import Supercell
from backend.structures.ordering.units import BOND_SCALE
from scattering.core.notices import Notice

COULOMB_EV_ANGSTROM: Final = 14.399645
REAL_CUTOFF_ANGSTROM: Final = 9.0
USUAL_PAIRS: Final = 200_000
"""Pairs of evenly spread atoms in the sum of electrostatic energies over near pairs, at most."""
MAX_PAIRS: Final = 1_000_000
"""Most pairs, also where atoms are crowded: about 3 s."""
ACCURACY: Final = 3.6
"""erfc(3.6) is 4·10⁻⁷."""
CONTACT_ANGSTROM: Final = 3.6
DEFAULT_VDW_ANGSTROM: Final = 2.0
COINCIDENT_ANGSTROM: Final = 0.3
"""Atoms so near are never present together; their energy would only drown the others."""

FORMAL_CHARGES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("H", "Li", "Na", "K", "Rb", "Cs", "Ag"), 1),
    **dict.fromkeys(("Be", "Mg", "Ca", "Sr", "Ba", "Ra", "Zn", "Cd"), 2),
    **dict.fromkeys(("B", "Al", "Ga", "In", "Sc", "Y", "La", "Nd", "Sm", "Gd", "Dy", "Ho", "Er", "Lu"), 3),
    **dict.fromkeys(("Si", "Ge", "Ti", "Zr", "Hf", "Th"), 4),
    **dict.fromkeys(("P", "Nb", "Ta"), 5),
    **dict.fromkeys(("Mo", "W"), 6),
    **dict.fromkeys(("F", "Cl", "Br", "I"), -1),
    **dict.fromkeys(("O", "S", "Se"), -2),
}
"""Usual oxidation numbers; one element that is not here balances the charge."""
ANIONS: Final = frozenset({"O", "S", "Se", "F", "Cl", "Br", "I"})
COVALENT: Final = frozenset({"C", "N"})
MAX_CHARGE: Final = 8.0


def find_charges(sites: Sequence[PartialSite], multiplicities: Sequence[int]) -> list[float] | None:
    """Return the formal charge of every site in e; None where they are not known.

    The file's oxidation numbers, or else the usual ones. Molecules have no formal charges that would rank their
    arrangements.

    Parameters
    ----------
    multiplicities
        Number of positions of every site in the cell.
    """
    symbols = [chemical_symbols[site.number] for site in sites]
    stated = [site.charge for site in sites]
    if all(charge is not None for charge in stated) and any(stated):
        return [charge or 0.0 for charge in stated]
    if not ANIONS & set(symbols) or COVALENT & set(symbols):
        return None
    unknown = sorted(set(symbols) - FORMAL_CHARGES.keys() - {"O"})
    amounts = [site.occupancy * number for site, number in zip(sites, multiplicities, strict=True)]
    total = sum(FORMAL_CHARGES.get(symbol, 0) * amount for symbol, amount in zip(symbols, amounts, strict=True))
    if len(unknown) > 1:
        return None
    balance = 0.0
    if unknown:
        amount = sum(amount for symbol, amount in zip(symbols, amounts, strict=True) if symbol == unknown[0])
        balance = -total / amount
        if not 0 < balance <= MAX_CHARGE:
            return None
    return [float(FORMAL_CHARGES.get(symbol, balance)) for symbol in symbols]


@dataclass(frozen=True)
class _Near:
    """Terms of the energy of pairs in the crystal with all its possible atoms, in both directions.

    Attributes
    ----------
    first, second, shift
        Atoms of the primitive cell, shape (n_pairs,), and the lattice translations of the second ones, (n_pairs, 3).
    value
        Shape (n_pairs,).
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shift: NDArray[np.int64]
    value: NDArray[np.float64]

    def matrix(self, supercell: Supercell) -> NDArray[np.float64]:
        """Return the sums over all images of the atoms of a supercell, shape (n_atoms, n_atoms)."""
        n_origins = len(supercell.origins)
        n = len(supercell.crystal.site) * n_origins
        total = np.zeros(n * n)
        for place, origin in enumerate(supercell.origins):
            other = self.second * n_origins + supercell.places(self.shift + np.array(origin))
            total += np.bincount((self.first * n_origins + place) * n + other, weights=self.value, minlength=n * n)
        return total.reshape(n, n)


class Coulomb:
    """Energy of unit charges at all possible atoms of a crystal: Ewald's sum.

    The sum over near pairs is made once, for all supercells. Where atoms are dense, its range is shorter, and that of
    the sum over waves longer.

    Raises
    ------
    Unreadable
        The atoms lie too near to each other.
    """

    def __init__(self, crystal: Crystal) -> None:
        n, volume = len(crystal.site), abs(float(np.linalg.det(crystal.cell)))
        reach = min(REAL_CUTOFF_ANGSTROM, (3 * USUAL_PAIRS * volume / (4 * np.pi * n**2)) ** (1 / 3))
        first, second, shift, distance = list_pairs(crystal.cell, crystal.positions @ crystal.cell, reach, MAX_PAIRS)
        self._alpha = ACCURACY / reach
        far = distance > COINCIDENT_ANGSTROM
        distance = distance[far]
        self._near = _Near(first[far], second[far], shift[far], erfc(self._alpha * distance) / distance)

    def matrix(self, supercell: Supercell) -> NDArray[np.float64]:
        """Return the energy of unit charges at the atoms of a supercell, in eV, shape (n, n): E = ½ qᵀ M q.

        A uniform background balances charges that are not neutral.
        """
        cell, alpha = supercell.cell, self._alpha
        volume = abs(float(np.linalg.det(cell)))
        matrix = self._near.matrix(supercell)
        reciprocal = 2 * np.pi * np.linalg.inv(cell).T
        longest = 2 * alpha * ACCURACY
        most = np.ceil(longest * np.linalg.norm(cell, axis=1) / (2 * np.pi)).astype(int)
        grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
        half = (grid[:, 0] > 0) | ((grid[:, 0] == 0) & ((grid[:, 1] > 0) | ((grid[:, 1] == 0) & (grid[:, 2] > 0))))
        waves = grid[half] @ reciprocal
        squares = (waves**2).sum(axis=1)
        waves, squares = waves[squares < longest**2], squares[squares < longest**2]
        weight = np.sqrt(8 * np.pi / volume * np.exp(-squares / (4 * alpha**2)) / squares)
        phases = supercell.positions @ waves.T
        real, imaginary = np.cos(phases) * weight, np.sin(phases) * weight
        matrix += real @ real.T + imaginary @ imaginary.T
        matrix -= np.pi / (alpha**2 * volume)
        matrix[np.diag_indices(len(matrix))] -= 2 * alpha / np.sqrt(np.pi)
        return COULOMB_EV_ANGSTROM * matrix


class Contacts:
    """How far pairs of all possible atoms of a crystal are within their van der Waals radii, squared.

    Bonded atoms, and those with a common neighbour, do not count.

    Raises
    ------
    Unreadable
        The atoms lie too near to each other.
    """

    def __init__(self, crystal: Crystal) -> None:
        numbers = crystal.numbers
        i, j, shift, distance = list_pairs(crystal.cell, crystal.positions @ crystal.cell, CONTACT_ANGSTROM, MAX_PAIRS)
        near = distance > COINCIDENT_ANGSTROM
        i, j, shift, distance = i[near], j[near], shift[near], distance[near]
        bonded = distance < BOND_SCALE * (covalent_radii[numbers[i]] + covalent_radii[numbers[j]])
        bonds: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for first, second, moved in zip(i[bonded], j[bonded], shift[bonded], strict=True):
            bonds.setdefault(int(first), []).append((int(second), tuple(moved.tolist())))
        if sum(len(ends) ** 2 for ends in bonds.values()) > MAX_PAIRS:
            raise Unreadable(Notice("too_disordered"))
        angles = {
            (a, b, tuple(y - x for x, y in zip(to_a, to_b, strict=True)))
            for ends in bonds.values()
            for a, to_a in ends
            for b, to_b in ends
        }
        radii = np.nan_to_num(vdw_radii, nan=DEFAULT_VDW_ANGSTROM)
        reach = radii[numbers[i]] + radii[numbers[j]]
        overlap = np.maximum(reach / distance - 1, 0.0) ** 2
        overlap[bonded] = 0.0
        for index in np.flatnonzero(overlap):
            if (int(i[index]), int(j[index]), tuple(shift[index].tolist())) in angles:
                overlap[index] = 0.0
        self._near = _Near(i, j, shift, overlap)

    def matrix(self, supercell: Supercell) -> NDArray[np.float64]:
        """Return the sums over the atoms of a supercell, shape (n, n): E = ½ xᵀ M x."""
        return self._near.matrix(supercell)


def energies(matrix: NDArray[np.float64], amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ½ aᵀ M a of every row of `amounts`, shape (n_arrangements, n): charges, or 1 for a present atom."""
    return np.asarray(0.5 * np.einsum("ai,ai->a", amounts @ matrix, amounts))
