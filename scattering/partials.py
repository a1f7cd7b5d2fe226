"""Partial dynamic structure factors: what a simulation leaves behind and an instrument looks at."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Statistics = Literal["classical", "quantum"]


@dataclass(frozen=True, eq=False)
class Partials:
    """Spherically averaged, unweighted partial dynamic structure factors of a sample.

    Normalised per atom of the sample (all species together), so that the weighted sum is per atom too:
    S(q, ω) = Σ_pairs b_α b_β S_αβ + Σ_α (σ_inc,α / 4π) S_α.

    Only ω ≥ 0 (neutron energy loss) is stored; detailed balance gives the other side.

    Attributes
    ----------
    q
        Shape (n_q,), Å⁻¹. Centres of equal bins, ascending.
    energy
        Shape (n_energy,), meV. Centres of equal bins, the first at 0.
    species
        Chemical symbols, sorted.
    concentration
        Shape (n_species,). Fraction of the atoms that each species is; sums to 1.
    coherent
        Shape (n_pairs, n_q, n_energy), 1/meV per atom, in the order of `pairs`. An unlike pair holds
        S_αβ + S_βα, as dynasor does.
    incoherent
        Shape (n_species, n_q, n_energy), 1/meV per atom.
    coherent_elastic, incoherent_elastic
        Shapes (n_pairs, n_q) and (n_species, n_q), dimensionless per atom: the part that does not decay within
        the simulated correlation time, a line at ω = 0 that is kept out of the arrays above.
    temperature
        Kelvin.
    statistics
        "classical" for molecular dynamics (symmetric in ω), "quantum" where the occupation is already that of
        quantum oscillators.
    metadata
        How they were made: plain JSON values.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    species: tuple[str, ...]
    concentration: NDArray[np.float64]
    coherent: NDArray[np.float32]
    incoherent: NDArray[np.float32]
    coherent_elastic: NDArray[np.float64]
    incoherent_elastic: NDArray[np.float64]
    temperature: float
    statistics: Statistics
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_q, n_energy, n_pairs, n_species = len(self.q), len(self.energy), len(self.pairs), len(self.species)
        for name, shape in {
            "q": (n_q,),
            "energy": (n_energy,),
            "concentration": (n_species,),
            "coherent": (n_pairs, n_q, n_energy),
            "incoherent": (n_species, n_q, n_energy),
            "coherent_elastic": (n_pairs, n_q),
            "incoherent_elastic": (n_species, n_q),
        }.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
            if not np.isfinite(array).all():
                raise ValueError(f"{name} has values that are not finite")
        if tuple(sorted(self.species)) != self.species:
            raise ValueError("species must be sorted")
        if n_q < 2 or n_energy < 2:
            raise ValueError("q and energy need at least two bins each")
        for name in ("q", "energy"):
            steps = np.diff(getattr(self, name))
            if steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-6):
                raise ValueError(f"{name} must be ascending with equal steps")
        if self.energy[0] != 0:
            raise ValueError("the first energy must be 0")
        if self.statistics not in ("classical", "quantum"):
            raise ValueError(f"unknown statistics {self.statistics!r}")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Species pairs in the order of `coherent`."""
        return tuple(combinations_with_replacement(self.species, 2))

    @property
    def q_step(self) -> float:
        """Width of a q bin in Å⁻¹."""
        return float(self.q[1] - self.q[0])

    @property
    def energy_step(self) -> float:
        """Width of an energy bin in meV."""
        return float(self.energy[1] - self.energy[0])
