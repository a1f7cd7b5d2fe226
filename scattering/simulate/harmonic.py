"""Partials of a harmonic crystal from its phonons: coherent one-phonon part, and self part of all orders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np
from euphonic import QpointPhononModes
from numpy.typing import NDArray

from scattering.core.bins import bin_edges, bin_widths
from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.partials import WITHOUT_INTERFERENCE, Partials
from scattering.simulate import multiphonon
from scattering.simulate.mesh import mesh_spacing
from scattering.simulate.phonons import MIN_PHONON_MEV, Zone, occupation

MIN_DIRECTIONS = 300
"""Scattering vectors for each |q|, at least."""
MAX_DIRECTIONS = 3000
"""The same, at most."""
SAMPLED_ATOMS = 14_400
"""Atoms of the cell × scattering vectors for each |q|. A small cell has few modes at each vector: with 300 vectors the
coherent spectrum of NaCl on TOSCA, two lines in (q, ω), has a noise of 4 % of its maximum, with 3000 of 1.2 %."""
CHUNK_BYTES = 2**26
"""Memory of the scattering vectors that are computed together."""


def mean_square_displacements(zone: Zone, temperature: float) -> NDArray[np.float64]:
    """Return the mean-square displacement tensors ⟨u_a u_b⟩ of all atoms at a temperature in K, symmetrised.

    Shape (n_atoms, 3, 3), Å²: twice Euphonic's Debye–Waller exponent. Imaginary and near-zero modes are left out.
    """
    return multiphonon.displacement_spectra(zone.modes, temperature=temperature, step=1.0).displacements


def coherent_one_phonon(
    zone: Zone,
    *,
    displacements: NDArray[np.float64],
    labels: Sequence[str],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_directions: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Return the coherent one-phonon partials of a powder.

    S_αβ(q, ω) = ⟨Σ_ν ħ²/(2 E_ν) F_αν F*_βν (n + 1) δ(ω − ω_ν)⟩, F of `StructureFactors`.

    The average is over random directions and over |q| within its bin. Each vector is moved to the nearest scattering
    vector that differs from a k-point of the zone's grid by a reciprocal lattice vector. A bin at small |q| without any
    vector takes the value of the nearest bin with some, in proportion to q².

    Parameters
    ----------
    zone
        Phonons.
    displacements
        Shape (n_atoms, 3, 3), Å².
    labels
        The species of each atom.
    q, energy
        Shapes (n_q,) in Å⁻¹ and (n_energy,) in meV: centres of bins, the first energy 0. Those of |q| are equal.
    temperature
        Kelvin.
    n_directions
        Directions for each |q|. Default: `default_directions`.
    seed
        Seed of the directions and of |q| within a bin.
    progress
        Called with the finished fraction.

    Returns
    -------
    Shape (n_pairs, n_q, n_energy), 1/meV per atom of the cell; an unlike pair is the sum of αβ and βα.

    References
    ----------
    Squires (1978), Eq. 3.120; Fair et al., J. Appl. Cryst. 55 (2022) 1689 (Euphonic).
    """
    factors, n_species = StructureFactors(zone.modes, displacements, labels), len(set(labels))
    pairs = list(combinations_with_replacement(range(n_species), 2))
    energies = zone.modes.frequencies.to("meV").magnitude
    bins = np.searchsorted(bin_edges(energy), energies) - 1
    used = (energies > MIN_PHONON_MEV) & (bins < len(energy))
    bins[~used] = 0
    safe = np.where(used, energies, 1.0)
    strength = np.where(used, RECOIL_MEV_A2_AMU / safe * (occupation(safe, temperature) + 1), 0.0)
    strength /= bin_widths(energy)[bins]
    n_energy = int(bins.max()) + 1  # no one-phonon scattering beyond

    n_directions = n_directions or default_directions(len(labels))
    index, vectors, shell = _random_vectors(zone, q, n_directions=n_directions, seed=seed)
    result = np.zeros((len(pairs), len(q) * n_energy))
    chunk = max(1, CHUNK_BYTES // (16 * 3 * len(labels) * (n_species + 4)))

    def scatter(start: int) -> list[NDArray[Any]]:
        k = index[start : start + chunk]
        amplitude = factors.at(k, vectors[start : start + chunk])
        place = (shell[start : start + chunk, None] * n_energy + bins[k]).ravel()
        sums = []
        for one, other in pairs:
            product = (amplitude[one] * amplitude[other].conj()).real * strength[k] * (1 if one == other else 2)
            sums.append(np.bincount(place, weights=product.ravel(), minlength=result.shape[1]))
        return sums

    starts = range(0, len(index), chunk)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        # In their order, so that the sum does not depend on the threads
        for start, sums in zip(starts, pool.map(scatter, starts), strict=True):
            result += sums
            progress(min(1.0, (start + chunk) / len(index)))
    samples = np.bincount(shell, minlength=len(q))
    averaged = np.zeros((len(pairs), len(q), len(energy)), dtype=np.float32)
    averaged[..., :n_energy] = result.reshape(len(pairs), len(q), n_energy)
    averaged /= (np.maximum(samples, 1)[:, None] * len(labels)).astype(np.float32)
    filled = np.flatnonzero(samples)
    for empty in np.flatnonzero(samples == 0):
        nearest = filled[np.argmin(np.abs(filled - empty))]
        averaged[:, empty] = averaged[:, nearest] * (q[empty] / q[nearest]) ** 2
    return averaged


def default_directions(n_atoms: int) -> int:
    """Return the number of directions for each |q| of a cell of some atoms."""
    return min(MAX_DIRECTIONS, max(MIN_DIRECTIONS, SAMPLED_ATOMS // n_atoms))


def _random_vectors(
    zone: Zone, q: NDArray[np.float64], *, n_directions: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return scattering vectors of the zone's grid in random directions, n_directions for each bin of |q|.

    Returns
    -------
    The k-point in `zone.modes`, the vector in Å⁻¹ and the bin of |q|: shapes (n,), (n, 3) and (n,). They are sorted by
    k-point: all vectors of one k-point need a single matrix product.
    """
    rng, q_step = np.random.default_rng(seed), q[1] - q[0]
    directions = rng.normal(size=(len(q) * n_directions, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    radii = np.repeat(q, n_directions) + q_step * (rng.random(len(directions)) - 0.5)
    index, vectors = zone.fold(directions * radii[:, None])
    shell = np.rint((np.linalg.norm(vectors, axis=1) - q[0]) / q_step).astype(int)
    order = np.argsort(index, kind="stable")
    order = order[(shell[order] >= 0) & (shell[order] < len(q))]
    return index[order], vectors[order], shell[order]


class StructureFactors:
    """One-phonon structure factors of the modes at k-points.

    F_αν = Σ_κ∈α M_κ^(−1/2) (q·e_κν) exp(−iq·r_κ) exp(−qᵀU_κq/2)

    Parameters
    ----------
    modes
        Phonons at the k-points.
    displacements
        Shape (n_atoms, 3, 3), Å²: U, mean-square displacements.
    labels
        The species of each atom; α are the sorted species.
    """

    def __init__(self, modes: QpointPhononModes, displacements: NDArray[np.float64], labels: Sequence[str]) -> None:
        crystal = modes.crystal
        self._displacements = displacements
        self._positions = crystal.atom_r @ crystal.cell_vectors.to("angstrom").magnitude
        self._root_masses = np.sqrt(crystal.atom_mass.to("amu").magnitude)
        # In single precision, as partials are, products take half the time
        self._eigenvectors = modes.eigenvectors.reshape(*modes.eigenvectors.shape[:2], -1).astype(np.complex64)
        # Components of an eigenvector that belong to the atoms of each species
        self._columns = [
            np.flatnonzero(np.repeat([label == one for label in labels], 3)) for one in sorted(set(labels))
        ]

    def at(self, k: NDArray[np.int64], vectors: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Return F at scattering vectors, shape (n_species, n_vectors, n_modes).

        `vectors` are in Å⁻¹, shape (n_vectors, 3); `k` are the indices of their k-points, ascending.
        """
        damping = np.exp(-np.einsum("pa,kab,pb->pk", vectors, self._displacements, vectors, optimize=True) / 2)
        factor = damping * np.exp(-1j * vectors @ self._positions.T) / self._root_masses
        polarised = (factor[:, :, None] * vectors[:, None, :]).reshape(len(vectors), -1).astype(np.complex64)
        amplitude = np.empty((len(self._columns), len(vectors), self._eigenvectors.shape[1]), dtype=np.complex64)
        edges = np.append(np.flatnonzero(np.diff(k, prepend=-1)), len(k))
        for first, last in pairwise(edges):
            for number, chosen in enumerate(self._columns):
                amplitude[number, first:last] = (
                    polarised[first:last, chosen] @ self._eigenvectors[k[first]][:, chosen].T
                )
        return amplitude


@dataclass(frozen=True, eq=False)
class Prediction:
    """Harmonic partials, and the scattering that they lack.

    Attributes
    ----------
    partials
        Partials, with the self part of each phonon order.
    beyond
        Shape (n_species, n_q). Fraction of the scattering of a species that is beyond the highest order.
    """

    partials: Partials
    beyond: NDArray[np.float64]


def predict(
    zone: Zone,
    *,
    labels: Sequence[str],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_orders: int = 10,
    n_directions: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
    metadata: dict[str, Any] | None = None,
) -> Prediction:
    """Return the quantum partials of a powder: coherent one-phonon part, self part of `n_orders` orders, elastic line.

    The self part of orders from two on counts as coherent scattering too (incoherent approximation): the phases of
    different atoms average out, because several phonons can share the momentum in many ways.

    Parameters
    ----------
    zone
        Phonons.
    labels
        The species of each atom of the crystal.
    q, energy
        Shapes (n_q,) in Å⁻¹ and (n_energy,) in meV: centres of bins, the first energy 0. Those of |q| are equal.
    temperature
        Kelvin.
    n_orders
        The highest phonon order.
    n_directions, seed
        Number and seed of the directions of the coherent part.
    progress
        Called with the finished fraction.
    metadata
        Provenance of the phonons. The partials also keep the spacing of the mesh.

    References
    ----------
    Placzek & Van Hove, Phys. Rev. 93 (1954) 1207; Squires (1978), Ch. 3.
    """
    n_directions = n_directions or default_directions(len(labels))
    lone = _self_part(zone.modes, labels, q, energy, temperature, n_orders, progress=lambda share: progress(share / 3))
    coherent = coherent_one_phonon(
        zone,
        displacements=lone.displacements,
        labels=labels,
        q=q,
        energy=energy,
        temperature=temperature,
        n_directions=n_directions,
        seed=seed,
        progress=lambda share: progress((1 + 2 * share) / 3),
    )
    spacing = mesh_spacing(zone, n_vectors=n_directions * len(q))
    lone.add_to_like_pairs(coherent, first_order=1)
    return lone.prediction(coherent, {**(metadata or {}), **spacing.to_metadata()})


def predict_incoherent(
    modes: QpointPhononModes,
    *,
    labels: Sequence[str],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_orders: int = 10,
    progress: Callable[[float], None] = lambda _: None,
    metadata: dict[str, Any] | None = None,
) -> Prediction:
    """Return the quantum partials of a powder in the incoherent approximation, from modes at given wave vectors.

    Without force constants there are no modes at other wave vectors, which interference in a powder needs. The self
    part of all orders counts as coherent scattering too, so that an atom scatters with |b|² + σ_inc/4π.

    Parameters
    ----------
    modes
        Phonons at wave vectors with weights, as for `multiphonon.displacement_spectra`.
    labels, q, energy, temperature, n_orders, progress, metadata
        As for `predict`.
    """
    lone = _self_part(modes, labels, q, energy, temperature, n_orders, progress=progress)
    n_pairs = len(set(labels)) * (len(set(labels)) + 1) // 2
    coherent = np.zeros((n_pairs, len(q), len(energy)), dtype=np.float32)
    lone.add_to_like_pairs(coherent, first_order=0)
    return lone.prediction(coherent, {**(metadata or {}), **WITHOUT_INTERFERENCE})


@dataclass(frozen=True, eq=False)
class _SelfPart:
    """The self part of a powder of these species, with the axes of its partials."""

    species: tuple[str, ...]
    concentration: NDArray[np.float64]
    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    temperature: float
    displacements: NDArray[np.float64]
    part: multiphonon.SelfPart

    def add_to_like_pairs(self, coherent: NDArray[np.float32], *, first_order: int) -> None:
        """Add the orders from an index on to the coherent partials of like pairs, in place."""
        pairs = list(combinations_with_replacement(self.species, 2))
        for index, one in enumerate(self.species):
            coherent[pairs.index((one, one))] += self.part.orders[first_order:, index].sum(axis=0)

    def prediction(self, coherent: NDArray[np.float32], metadata: dict[str, Any]) -> Prediction:
        partials = Partials(
            q=self.q,
            energy=self.energy,
            species=self.species,
            concentration=self.concentration,
            coherent=coherent,
            incoherent=self.part.orders.sum(axis=0),
            # A powder average on a grid of |q| leaves out Bragg peaks
            coherent_elastic=np.zeros((len(coherent), len(self.q))),
            incoherent_elastic=self.part.elastic,
            temperature=self.temperature,
            statistics="quantum",
            metadata=metadata,
            orders=self.part.orders,
        )
        return Prediction(partials, self.part.beyond / self.concentration[:, None])


def _self_part(
    modes: QpointPhononModes,
    labels: Sequence[str],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_orders: int,
    *,
    progress: Callable[[float], None],
) -> _SelfPart:
    species = tuple(sorted(set(labels)))
    member = np.array([[label == one for label in labels] for one in species])
    spectra = multiphonon.displacement_spectra(
        modes, temperature=temperature, step=multiphonon.convolution_step(modes), energy=energy
    )
    part = multiphonon.self_part(
        spectra, shares=spectra.shares(member), q=q, energy=energy, n_orders=n_orders, progress=progress
    )
    return _SelfPart(species, member.mean(axis=1), q, energy, temperature, spectra.displacements, part)
