"""Energies that rank the ordered cells, as matrices of all pairs: of point charges, or of contacts that are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from ase.data import chemical_symbols, covalent_radii, vdw_radii
from numpy.typing import NDArray
from scipy.special import erfc

from backend.structures.formats.cif_disorder import PartialSite
from backend.structures.ordering.units import BOND_SCALE

COULOMB_EV_ANGSTROM: Final = 14.399645
REAL_CUTOFF_ANGSTROM: Final = 9.0
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


def coulomb_matrix(positions: NDArray[np.float64], cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the energy of unit charges at periodic points, in eV, shape (n, n): E = ½ qᵀ M q.

    Ewald's sum, with a uniform background where the charges are not neutral. `positions` and rows of `cell` in Å.
    """
    from ase.neighborlist import primitive_neighbor_list

    n, volume = len(positions), abs(float(np.linalg.det(cell)))
    alpha = ACCURACY / REAL_CUTOFF_ANGSTROM
    i, j, distance = primitive_neighbor_list("ijd", (True,) * 3, cell, positions, REAL_CUTOFF_ANGSTROM)
    far = distance > COINCIDENT_ANGSTROM
    matrix = np.zeros((n, n))
    np.add.at(matrix, (i[far], j[far]), erfc(alpha * distance[far]) / distance[far])

    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    longest = 2 * alpha * ACCURACY
    most = np.ceil(longest * np.linalg.norm(cell, axis=1) / (2 * np.pi)).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    half = (grid[:, 0] > 0) | ((grid[:, 0] == 0) & ((grid[:, 1] > 0) | ((grid[:, 1] == 0) & (grid[:, 2] > 0))))
    waves = grid[half] @ reciprocal
    squares = (waves**2).sum(axis=1)
    waves, squares = waves[squares < longest**2], squares[squares < longest**2]
    weight = np.sqrt(8 * np.pi / volume * np.exp(-squares / (4 * alpha**2)) / squares)
    phases = positions @ waves.T
    real, imaginary = np.cos(phases) * weight, np.sin(phases) * weight
    matrix += real @ real.T + imaginary @ imaginary.T
    matrix -= np.pi / (alpha**2 * volume)
    matrix[np.diag_indices(n)] -= 2 * alpha / np.sqrt(np.pi)
    return COULOMB_EV_ANGSTROM * matrix


def contact_matrix(
    positions: NDArray[np.float64], cell: NDArray[np.float64], numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how far pairs of atoms are within their van der Waals radii, squared, shape (n, n): E = ½ xᵀ M x.

    Bonded atoms, and those with a common neighbour, do not count.
    """
    from ase.neighborlist import primitive_neighbor_list

    i, j, shift, distance = primitive_neighbor_list("ijSd", (True,) * 3, cell, positions, CONTACT_ANGSTROM)
    near = distance > COINCIDENT_ANGSTROM
    i, j, shift, distance = i[near], j[near], shift[near], distance[near]
    bonded = distance < BOND_SCALE * (covalent_radii[numbers[i]] + covalent_radii[numbers[j]])
    bonds: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
    for first, second, moved in zip(i[bonded], j[bonded], shift[bonded], strict=True):
        bonds.setdefault(int(first), []).append((int(second), tuple(moved.tolist())))
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
    matrix = np.zeros((len(positions),) * 2)
    np.add.at(matrix, (i, j), overlap)
    return matrix


def energies(matrix: NDArray[np.float64], amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ½ aᵀ M a of every row of `amounts`, shape (n_arrangements, n): charges, or 1 for a present atom."""
    return np.asarray(0.5 * np.einsum("ai,ai->a", amounts @ matrix, amounts))
