"""Partial dynamic structure factors: the result of a simulation, and the input of every view."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_widths
from scattering.core.energy_axis import extent
from scattering.core.harmonic_crystal import HarmonicCrystal, check_crystal
from scattering.core.isotopes import Substitution, stored_isotopes
from scattering.core.mesh_spacing import MeshSpacing
from scattering.core.quantum import Statistics
from scattering.core.species import element

WITHOUT_INTERFERENCE: Final = {"interference": False}
"""Entry of the metadata of partials whose coherent part is the self part, since their phonons give no interference."""


def lacks_interference(metadata: Mapping[str, Any]) -> bool:
    """Return whether the coherent part of partials with these metadata is the self part."""
    return metadata.get("interference") is False


def check_arrays(partials: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that the arrays and runs of partials (powder or crystal) have the right shapes and finite values.

    Raises
    ------
    ValueError
        An array has a wrong shape or values that are not finite; the message names it.
    """
    if (partials.coherent_runs is None) != (partials.incoherent_runs is None):
        raise ValueError("coherent_runs and incoherent_runs must both be given, or neither")
    if partials.coherent_runs is not None:
        n_runs = len(partials.coherent_runs)
        if n_runs < 2:
            raise ValueError("at least two runs are needed for a standard error")
        shapes |= {
            "coherent_runs": (n_runs, *shapes["coherent"]),
            "incoherent_runs": (n_runs, *shapes["incoherent"]),
        }
    for name, shape in shapes.items():
        array = getattr(partials, name)
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has values that are not finite")


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
        Shape (n_energy,), meV, ascending, the first at 0. Centres of bins, each of which reaches halfway to its
        neighbours.
    species
        Sorted: chemical symbols. If the simulation separates inequivalent sites, a symbol with the number of the site,
        such as "H2".
    concentration
        Shape (n_species,). Fraction of the atoms of each species; sums to 1.
    coherent
        Shape (n_pairs, n_q, n_energy), 1/meV per atom, in the order of `pairs`. An unlike pair holds
        S_αβ + S_βα, as dynasor does.
    incoherent
        Shape (n_species, n_q, n_energy), 1/meV per atom.
    coherent_elastic, incoherent_elastic
        Shapes (n_pairs, n_q) and (n_species, n_q), dimensionless per atom: the part that does not decay within
        the simulated correlation time. It is a line at ω = 0, and is not included in the arrays above.
    temperature
        Kelvin.
    statistics
        "classical" for molecular dynamics (symmetric in ω); "kubo" for path-integral dynamics, whose structure is
        quantum and whose correlations are Kubo-transformed (also symmetric); "quantum" if the occupation is that of
        quantum oscillators.
    metadata
        Provenance of the partials: plain JSON values.
    orders
        Shape (n_orders, n_species, n_q, n_energy), 1/meV per atom, or None: the self part of each phonon order, from
        one phonon on. `incoherent` is their sum; `coherent` is the interference of one phonon and, on like
        pairs, the self part of all higher orders (incoherent approximation).
    coherent_runs, incoherent_runs
        Shapes (n_runs, ...) of `coherent` and `incoherent`, or None: independent runs, whose means these are.
        Their scatter gives the standard error of a point and of anything linear in the partials.
    harmonic_crystal
        Force constants of the phonons of harmonic partials; None for other methods, and for partials of versions that
        did not keep them.
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
    orders: NDArray[np.float32] | None = None
    coherent_runs: NDArray[np.float32] | None = None
    incoherent_runs: NDArray[np.float32] | None = None
    harmonic_crystal: HarmonicCrystal | None = None

    def __post_init__(self) -> None:
        n_q, n_energy, n_pairs, n_species = len(self.q), len(self.energy), len(self.pairs), len(self.species)
        shapes: dict[str, tuple[int, ...]] = {
            "q": (n_q,),
            "energy": (n_energy,),
            "concentration": (n_species,),
            "coherent": (n_pairs, n_q, n_energy),
            "incoherent": (n_species, n_q, n_energy),
            "coherent_elastic": (n_pairs, n_q),
            "incoherent_elastic": (n_species, n_q),
        }
        if self.orders is not None:
            shapes["orders"] = (len(self.orders), n_species, n_q, n_energy)
        check_arrays(self, shapes)
        if tuple(sorted(self.species)) != self.species:
            raise ValueError("species must be sorted")
        check_crystal(self.harmonic_crystal, self.species)
        for species in self.species:
            element(species)
        MeshSpacing.from_metadata(self.metadata)
        if n_q < 2 or n_energy < 2:
            raise ValueError("q and energy need at least two bins each")
        steps = np.diff(self.q)
        if not (steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6)):
            raise ValueError("q must be ascending with equal steps")
        if not (np.diff(self.energy) > 0).all():
            raise ValueError("energy must be ascending")
        if self.energy[0] != 0:
            raise ValueError("the first energy must be 0")
        if self.statistics not in ("classical", "kubo", "quantum"):
            raise ValueError(f"unknown statistics {self.statistics!r}")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Species pairs in the order of `coherent`."""
        return tuple(combinations_with_replacement(self.species, 2))

    @property
    def q_step(self) -> float:
        """Width of a q bin in Å⁻¹."""
        return float(self.q[1] - self.q[0])

    @cached_property
    def energy_widths(self) -> NDArray[np.float64]:
        """Widths of the energy bins in meV, shape (n_energy,)."""
        return bin_widths(self.energy)

    @cached_property
    def extent(self) -> float:
        """Energy in meV beyond which the sample scatters almost nothing; see `energy_axis.extent`."""
        everything = self.coherent.sum(axis=(0, 1)) + self.incoherent.sum(axis=(0, 1))
        return extent(self.energy, everything, temperature=self.temperature, statistics=self.statistics)

    @cached_property
    def mesh_spacing(self) -> MeshSpacing | None:
        """Energy between neighbouring wave vectors of harmonic partials; None of others and of older versions."""
        return MeshSpacing.from_metadata(self.metadata)

    @cached_property
    def isotopes(self) -> dict[str, Substitution]:
        """Isotopes whose masses the simulation had, by element or site; the others are as in nature."""
        return stored_isotopes(self.metadata)

    @property
    def n_orders(self) -> int:
        """Number of separate phonon orders; 0 if there are none."""
        return 0 if self.orders is None else len(self.orders)

    @cached_property
    def one_phonon_interference(self) -> NDArray[np.float32]:
        """Coherent part of one phonon alone, without the self part of the higher orders; shape of `coherent`."""
        if self.orders is None:
            raise ValueError("these partials have no separate phonon orders")
        interference = self.coherent.copy()
        higher = self.orders[1:].sum(axis=0)
        for index, (one, other) in enumerate(self.pairs):
            if one == other:
                interference[index] -= higher[self.species.index(one)]
        return interference

    @property
    def standard_errors(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Standard errors of `coherent` and `incoherent`, or None if there is only one run."""
        if self.coherent_runs is None or self.incoherent_runs is None:
            return None
        return standard_error(self.coherent_runs), standard_error(self.incoherent_runs)


def standard_error(runs: NDArray[Any]) -> NDArray[Any]:
    """Return the standard error of the mean over the first axis, of n ≥ 2 independent runs."""
    return np.asarray(runs.std(axis=0, ddof=1) / math.sqrt(len(runs)))
