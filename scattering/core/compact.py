"""Compact form of harmonic partials, for a file that ships with the package.

The self part of a phonon order depends on |q| and on energy almost independently: to 10⁻⁴ it is a sum of a few products
f(|q|) g(ω), found by a singular value decomposition. Only the interference of one phonon needs a whole array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics

MAX_RELATIVE_ERROR: Final = 1e-4
"""Root mean square error of the self part of an order, over its root mean square."""
Q_BITS: Final = 14
"""Binary digits after the first of factors over |q|: their relative error is at most 2⁻¹⁵."""
ENERGY_BITS: Final = 9
"""The same of factors over energy."""
INTERFERENCE_BITS: Final = 7
"""The same of interference."""
INTERFERENCE_FLOOR: Final = 1e-4
"""Interference below this fraction of the maximum at the same |q| is stored as 0."""
FORCE_CONSTANT_STEP: Final = 2.0**-17
"""eV/Å². Step of stored force constants, 8 × 10⁻⁶."""


@dataclass(frozen=True, eq=False)
class CompactPartials:
    """Harmonic partials with separate orders, as sums of products.

    Attributes
    ----------
    q, energy, species, concentration, coherent_elastic, incoherent_elastic, temperature, statistics, metadata
        As in `Partials`.
    interference
        Shape (n_pairs, n_q, n_energy), 1/meV per atom: `Partials.one_phonon_interference`.
    self_over_q, self_over_energy
        Shapes (n_orders, n_species, rank, n_q), 1/meV per atom, and (n_orders, n_species, rank, n_energy),
        dimensionless: the self part of an order is the sum of the products.
    harmonic_crystal
        Force constants, or None.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    species: tuple[str, ...]
    concentration: NDArray[np.float64]
    coherent_elastic: NDArray[np.float64]
    incoherent_elastic: NDArray[np.float64]
    interference: NDArray[np.float32]
    self_over_q: NDArray[np.float32]
    self_over_energy: NDArray[np.float32]
    temperature: float
    statistics: Statistics
    metadata: dict[str, Any] = field(default_factory=dict)
    harmonic_crystal: HarmonicCrystal | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Species pairs in the order of `interference`."""
        return tuple(combinations_with_replacement(self.species, 2))


def compress(partials: Partials) -> CompactPartials:
    """Return the compact form of harmonic partials.

    Raises
    ------
    ValueError
        The partials have no separate phonon orders.
    """
    if partials.orders is None:
        raise ValueError("these partials have no separate phonon orders")
    factors = [[_factors(part) for part in order] for order in partials.orders]
    rank = max(len(over_q) for order in factors for over_q, _ in order)
    interference = partials.one_phonon_interference
    floor = INTERFERENCE_FLOOR * np.abs(interference).max(axis=-1, keepdims=True)
    crystal = partials.harmonic_crystal
    return CompactPartials(
        q=partials.q,
        energy=partials.energy,
        species=partials.species,
        concentration=partials.concentration,
        coherent_elastic=partials.coherent_elastic,
        incoherent_elastic=partials.incoherent_elastic,
        interference=round_to_bits(np.where(np.abs(interference) < floor, 0, interference), INTERFERENCE_BITS),
        self_over_q=round_to_bits(_padded([[one for one, _ in order] for order in factors], rank), Q_BITS),
        self_over_energy=round_to_bits(_padded([[one for _, one in order] for order in factors], rank), ENERGY_BITS),
        temperature=partials.temperature,
        statistics=partials.statistics,
        metadata=partials.metadata,
        harmonic_crystal=None if crystal is None else _rounded(crystal),
    )


def expand(compact: CompactPartials) -> Partials:
    """Return the partials of a compact form."""
    products = np.einsum("osrq,osre->osqe", compact.self_over_q, compact.self_over_energy, optimize=True)
    orders = np.maximum(products, 0, dtype=np.float32)
    coherent, higher = compact.interference.copy(), orders[1:].sum(axis=0)
    for index, (one, other) in enumerate(compact.pairs):
        if one == other:
            coherent[index] += higher[compact.species.index(one)]
    return Partials(
        q=compact.q,
        energy=compact.energy,
        species=compact.species,
        concentration=compact.concentration,
        coherent=coherent,
        incoherent=orders.sum(axis=0),
        coherent_elastic=compact.coherent_elastic,
        incoherent_elastic=compact.incoherent_elastic,
        temperature=compact.temperature,
        statistics=compact.statistics,
        metadata=compact.metadata,
        orders=orders,
        harmonic_crystal=compact.harmonic_crystal,
    )


def round_to_bits(values: NDArray[np.floating[Any]], bits: int) -> NDArray[np.float32]:
    """Round to a number of binary digits after the first: the others become 0, which compresses well."""
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float32))
    scale = np.float32(2 ** (bits + 1))
    return np.ldexp(np.rint(mantissa * scale) / scale, exponent).astype(np.float32)


def _factors(part: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return factors of shapes (rank, n_q) and (rank, n_energy) whose products add up to an array (n_q, n_energy)."""
    over_q, singular, over_energy = np.linalg.svd(part.astype(float), full_matrices=False)
    remainder = np.sqrt(np.cumsum(singular[::-1] ** 2)[::-1])
    rank = max(1, int((remainder > MAX_RELATIVE_ERROR * remainder[0]).sum()))
    size = np.abs(over_energy[:rank]).max(axis=1)
    return (over_q[:, :rank] * singular[:rank] * size).T, over_energy[:rank] / size[:, None]


def _padded(factors: Sequence[Sequence[NDArray[np.float64]]], rank: int) -> NDArray[np.float64]:
    """Return factors as one array, with zeros for those of lower rank."""
    return np.array([[np.pad(one, ((0, rank - len(one)), (0, 0))) for one in order] for order in factors])


def _rounded(crystal: HarmonicCrystal) -> HarmonicCrystal:
    steps = np.rint(crystal.force_constants / FORCE_CONSTANT_STEP)
    return replace(crystal, force_constants=steps * FORCE_CONSTANT_STEP)
