"""Partial dynamic structure factors of a single crystal along a path, in one or many Brillouin zones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_widths
from scattering.core.energy_axis import extent
from scattering.core.harmonic_crystal import HarmonicCrystal, check_crystal
from scattering.core.isotopes import Substitution, stored_isotopes
from scattering.core.partials import check_arrays
from scattering.core.quantum import Statistics
from scattering.core.species import element
from scattering.crystal.path import reciprocal


@dataclass(frozen=True, eq=False)
class CrystalPartials:
    """Unweighted partial dynamic structure factors at q = k + G, with k along a path and G a zone centre.

    As in `Partials`, they are per atom of the sample, and have ω ≥ 0 only. An unlike pair is the sum of αβ and βα. The
    coherent part belongs to one orientation of the crystal. The incoherent part is smooth in q, and is stored as its
    average over directions.

    Attributes
    ----------
    cell
        Shape (3, 3), Å. Vectors of the cell of the reciprocal lattice units (r.l.u.): the uploaded cell, relaxed on
        request.
    wave_vectors
        Shape (n_k, 3), r.l.u.
    distance
        Shape (n_k,), Å⁻¹ along the path, not descending.
    labels
        Name of the special point at each of the n_k wave vectors, or "".
    ticks
        Distance along the path in Å⁻¹ and name of the special points.
    zones
        Shape (n_zones, 3), whole numbers, r.l.u.
    energy
        Shape (n_energy,), meV, ascending, the first at 0. Centres of bins, each of which reaches halfway to its
        neighbours.
    species
        Sorted: chemical symbols, or crystallographic sites such as "H2".
    concentration
        Shape (n_species,). Fraction of the atoms of each species.
    coherent
        Shape (n_pairs, n_zones, n_k, n_energy), 1/meV per atom, in the order of `pairs`, without the elastic line.
    q
        Shape (n_q,), Å⁻¹, of `incoherent`. Equal steps, all above 0.
    incoherent
        Shape (n_species, n_q, n_energy), 1/meV per atom.
    displacements
        Shape (n_species, 3, 3), Å². Mean-square displacement tensors ⟨u_a u_b⟩ in Cartesian axes, averaged over the
        atoms of a species, from the same run or the same phonons.
    dispersion_distance
        Shape (n_fine,), Å⁻¹ along the path.
    dispersion
        Shape (n_fine, n_modes), meV: harmonic phonons; imaginary ones are negative.
    temperature
        Kelvin.
    statistics
        As in `Partials`.
    metadata
        Provenance of the partials: plain JSON values.
    coherent_runs, incoherent_runs
        Shapes (n_runs, ...) of `coherent` and `incoherent`, or None: independent runs, whose means these are.
    harmonic_crystal
        As in `Partials`.
    """

    cell: NDArray[np.float64]
    wave_vectors: NDArray[np.float64]
    distance: NDArray[np.float64]
    labels: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    zones: NDArray[np.int64]
    energy: NDArray[np.float64]
    species: tuple[str, ...]
    concentration: NDArray[np.float64]
    coherent: NDArray[np.float32]
    q: NDArray[np.float64]
    incoherent: NDArray[np.float32]
    displacements: NDArray[np.float64]
    dispersion_distance: NDArray[np.float64]
    dispersion: NDArray[np.float64]
    temperature: float
    statistics: Statistics
    metadata: dict[str, Any] = field(default_factory=dict)
    coherent_runs: NDArray[np.float32] | None = None
    incoherent_runs: NDArray[np.float32] | None = None
    harmonic_crystal: HarmonicCrystal | None = None

    def __post_init__(self) -> None:
        n_k, n_zones, n_energy, n_q = len(self.distance), len(self.zones), len(self.energy), len(self.q)
        n_species, n_fine = len(self.species), len(self.dispersion_distance)
        shapes: dict[str, tuple[int, ...]] = {
            "cell": (3, 3),
            "wave_vectors": (n_k, 3),
            "distance": (n_k,),
            "zones": (n_zones, 3),
            "energy": (n_energy,),
            "concentration": (n_species,),
            "coherent": (len(self.pairs), n_zones, n_k, n_energy),
            "q": (n_q,),
            "incoherent": (n_species, n_q, n_energy),
            "displacements": (n_species, 3, 3),
            "dispersion_distance": (n_fine,),
            "dispersion": (n_fine, *self.dispersion.shape[1:2]),
        }
        check_arrays(self, shapes)
        if len(self.labels) != n_k:
            raise ValueError(f"{len(self.labels)} labels for {n_k} wave vectors")
        if tuple(sorted(self.species)) != self.species:
            raise ValueError("species must be sorted")
        check_crystal(self.harmonic_crystal, self.species)
        for species in self.species:
            element(species)
        if n_k < 1 or n_zones < 1 or n_energy < 2 or n_q < 2:
            raise ValueError("there must be at least one wave vector, one zone, two energies and two |q|")
        if (np.diff(self.distance) < 0).any():
            raise ValueError("distance must not descend")
        steps = np.diff(self.q)
        if not (steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6)):
            raise ValueError("q must be ascending with equal steps")
        if not (np.diff(self.energy) > 0).all():
            raise ValueError("energy must be ascending")
        if self.energy[0] != 0 or self.q[0] <= 0:
            raise ValueError("the first energy must be 0, and the first |q| above it")
        if self.statistics not in ("classical", "kubo", "quantum"):
            raise ValueError(f"unknown statistics {self.statistics!r}")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Species pairs in the order of `coherent`."""
        return tuple(combinations_with_replacement(self.species, 2))

    @cached_property
    def energy_widths(self) -> NDArray[np.float64]:
        """Widths of the energy bins in meV, shape (n_energy,)."""
        return bin_widths(self.energy)

    @property
    def q_step(self) -> float:
        """Step of the |q| of the incoherent part, Å⁻¹."""
        return float(self.q[1] - self.q[0])

    @cached_property
    def extent(self) -> float:
        """Energy in meV beyond which the sample scatters almost nothing; see `energy_axis.extent`."""
        everything = self.coherent.sum(axis=(0, 1, 2)) + self.incoherent.sum(axis=(0, 1))
        return extent(self.energy, everything, temperature=self.temperature, statistics=self.statistics)

    @cached_property
    def isotopes(self) -> dict[str, Substitution]:
        """Isotopes whose masses the simulation had, by element or site; the others are as in nature."""
        return stored_isotopes(self.metadata)

    @property
    def n_orders(self) -> int:
        """Number of separate phonon orders: none."""
        return 0

    @property
    def vectors(self) -> NDArray[np.float64]:
        """Scattering vectors k + G: shape (n_zones, n_k, 3), Å⁻¹, Cartesian axes of the cell."""
        return scattering_vectors(self.cell, self.wave_vectors, self.zones)

    @property
    def distance_edges(self) -> NDArray[np.float64]:
        """Edges of the bins of the wave vectors in a map: shape (n_k + 1,), Å⁻¹ along the path."""
        between = (self.distance[1:] + self.distance[:-1]) / 2
        ends = (self.ticks[0][0], self.ticks[-1][0]) if self.ticks else (self.distance[0], self.distance[-1])
        edges = np.concatenate([[min(ends[0], self.distance[0])], between, [max(ends[1], self.distance[-1])]])
        return np.asarray(edges)


def scattering_vectors(
    cell: NDArray[np.float64], wave_vectors: NDArray[np.float64], zones: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return k + G in Å⁻¹, shape (n_zones, n_k, 3), of k (n_k, 3) and G (n_zones, 3) in r.l.u. of a cell in Å."""
    return np.asarray((zones[:, None] + wave_vectors) @ reciprocal(cell))
