"""A harmonic crystal's partials: phonons → one-phonon coherent and incoherent S(q, ω)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np
from euphonic import ureg
from euphonic.sampling import golden_sphere
from numpy.typing import NDArray

from scattering.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.partials import Partials
from scattering.phonons import Zone

LOWEST_ENERGY_MEV = 0.2
"""Modes below take no part: acoustic ones next to Γ, where one-phonon theory diverges, and what noise leaves there."""
CHUNK_BYTES = 2**26
"""Of the largest array of scattering vectors that are worked on at once."""


def _occupation(energies: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Bose–Einstein n(ω) for energies in meV."""
    with np.errstate(over="ignore"):
        return np.asarray(1 / np.expm1(energies / (BOLTZMANN_MEV_PER_K * temperature)))


def mean_square_displacements(zone: Zone, temperature: float) -> NDArray[np.float64]:
    """Mean-square displacement tensors ⟨u_a u_b⟩ of each atom, with the crystal's symmetry.

    Parameters
    ----------
    zone
        Imaginary and near-zero modes are left out.
    temperature
        Kelvin.

    Returns
    -------
    Shape (n_atoms, 3, 3), Å²: twice Euphonic's Debye–Waller exponent.
    """
    exponent = zone.modes.calculate_debye_waller(
        temperature * ureg("K"), frequency_min=LOWEST_ENERGY_MEV * ureg("meV"), symmetrise=True
    )
    return np.asarray(2 * exponent.debye_waller.to("angstrom**2").magnitude)


def incoherent_one_phonon(
    zone: Zone,
    *,
    displacements: NDArray[np.float64],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_directions: int = 60,
) -> NDArray[np.float64]:
    """Incoherent one-phonon S of each atom, averaged over directions with its full anisotropy.

    S_κ(q, ω) = ⟨exp(−q² n̂ᵀU_κn̂) Σ_ν ħ²q²/(2 M_κ E_ν) |n̂·e_κν|² (n + 1) δ(ω − ω_ν)⟩ over directions n̂ and the zone

    Parameters
    ----------
    zone
        Phonons.
    displacements
        Shape (n_atoms, 3, 3), Å², as from `mean_square_displacements`.
    q, energy
        Shapes (n_q,) in Å⁻¹ and (n_energy,) in meV. Centres of equal bins, the first energy 0.
    temperature
        Kelvin.

    Returns
    -------
    Shape (n_atoms, n_q, n_energy), 1/meV per atom of that kind.

    References
    ----------
    Squires (1978), Eq. 3.137.
    """
    modes = zone.modes
    energies = modes.frequencies.to("meV").magnitude
    masses = modes.crystal.atom_mass.to("amu").magnitude
    n_atoms, step = len(masses), energy[1] - energy[0]
    bins = np.rint(energies / step).astype(int)
    used = (energies > LOWEST_ENERGY_MEV) & (bins < len(energy))
    strength = RECOIL_MEV_A2_AMU / energies[used] * (_occupation(energies[used], temperature) + 1)
    strength /= step * len(energies)
    vectors = modes.eigenvectors[used]  # (n_used, n_atoms, 3)
    tensors = np.zeros((n_atoms, len(energy), 3, 3))
    for a, b in combinations_with_replacement(range(3), 2):
        products = (vectors[:, :, a] * vectors[:, :, b].conj()).real * strength[:, None]
        for atom in range(n_atoms):
            binned = np.bincount(bins[used], weights=products[:, atom], minlength=len(energy)) / masses[atom]
            tensors[atom, :, a, b] = tensors[atom, :, b, a] = binned
    directions = golden_sphere(n_directions, jitter=False)
    directions = np.array(list(directions))
    widths = np.einsum("da,kab,db->kd", directions, displacements, directions)
    along = np.einsum("da,keab,db->kde", directions, tensors, directions, optimize=True)
    result = np.empty((n_atoms, len(q), len(energy)))
    for atom in range(n_atoms):
        debye_waller = np.exp(-(q[:, None] ** 2) * widths[atom])
        result[atom] = q[:, None] ** 2 * (debye_waller @ along[atom]) / n_directions
    return result


def coherent_one_phonon(
    zone: Zone,
    *,
    displacements: NDArray[np.float64],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_directions: int = 300,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> NDArray[np.float64]:
    """Coherent one-phonon partials of a powder.

    S_αβ(q, ω) = ⟨Σ_ν ħ²/(2 E_ν) F_αν F*_βν (n + 1) δ(ω − ω_ν)⟩,
    F_αν = Σ_κ∈α M_κ^(−1/2) (q·e_κν) exp(−iq·r_κ) exp(−qᵀU_κq/2)

    averaged over directions at random and over |q| within its bin, at the scattering vectors nearest to them that
    differ from a k-point of the zone's grid by a reciprocal lattice vector. A bin at small |q| in which there is none
    takes the nearest bin that has some, in proportion to q².

    Parameters
    ----------
    zone
        Phonons.
    displacements
        Shape (n_atoms, 3, 3), Å².
    q, energy
        Shapes (n_q,) in Å⁻¹ and (n_energy,) in meV. Centres of equal bins, the first energy 0.
    temperature
        Kelvin.
    n_directions
        Directions for each |q|.
    seed
        Of the directions and of |q| within a bin.
    progress
        Called with the share that is done.

    Returns
    -------
    Shape (n_pairs, n_q, n_energy), 1/meV per atom of the cell; unlike pairs hold both orders.

    References
    ----------
    Squires (1978), Eq. 3.120; Fair et al., J. Appl. Cryst. 55 (2022) 1689 (Euphonic).
    """
    rng = np.random.default_rng(seed)
    modes, crystal = zone.modes, zone.modes.crystal
    symbols = np.array([str(symbol) for symbol in crystal.atom_type])
    species = sorted({str(symbol) for symbol in symbols})
    masses = crystal.atom_mass.to("amu").magnitude
    positions = crystal.atom_r @ crystal.cell_vectors.to("angstrom").magnitude
    q_step, energy_step = q[1] - q[0], energy[1] - energy[0]
    energies = modes.frequencies.to("meV").magnitude
    bins = np.rint(energies / energy_step).astype(int)
    used = (energies > LOWEST_ENERGY_MEV) & (bins < len(energy))
    safe = np.where(used, energies, 1.0)
    strength = np.where(used, RECOIL_MEV_A2_AMU / safe * (_occupation(safe, temperature) + 1), 0.0) / energy_step
    bins[~used] = 0

    directions = rng.normal(size=(len(q) * n_directions, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    radii = np.repeat(q, n_directions) + q_step * (rng.random(len(directions)) - 0.5)
    index, vectors = zone.fold(directions * radii[:, None])
    shell = np.rint((np.linalg.norm(vectors, axis=1) - q[0]) / q_step).astype(int)
    # By k-point, so that all scattering vectors that share one take a single matrix product
    order = np.argsort(index, kind="stable")
    order = order[(shell[order] >= 0) & (shell[order] < len(q))]
    index, vectors, shell = index[order], vectors[order], shell[order]
    samples = np.bincount(shell, minlength=len(q))

    pairs = list(combinations_with_replacement(range(len(species)), 2))
    eigenvectors = modes.eigenvectors.reshape(*energies.shape, -1)
    columns = [np.flatnonzero(np.repeat(symbols == symbol, 3)) for symbol in species]
    result = np.zeros((len(pairs), len(q) * len(energy)))
    chunk = max(1, CHUNK_BYTES // (16 * 3 * len(masses) * (len(species) + 4)))
    for start in range(0, len(index), chunk):
        point, k = vectors[start : start + chunk], index[start : start + chunk]
        damping = np.exp(-np.einsum("pa,kab,pb->pk", point, displacements, point, optimize=True) / 2)
        factor = damping * np.exp(-1j * point @ positions.T) / np.sqrt(masses)
        polarised = (factor[:, :, None] * point[:, None, :]).reshape(len(point), -1)
        amplitude = np.empty((len(species), len(point), energies.shape[1]), dtype=complex)
        edges = np.append(np.flatnonzero(np.diff(k, prepend=-1)), len(k))
        for first, last in pairwise(edges):
            for number, chosen in enumerate(columns):
                amplitude[number, first:last] = polarised[first:last, chosen] @ eigenvectors[k[first]][:, chosen].T
        place = (shell[start : start + chunk, None] * len(energy) + bins[k]).ravel()
        for number, (one, other) in enumerate(pairs):
            product = (amplitude[one] * amplitude[other].conj()).real * strength[k] * (1 if one == other else 2)
            result[number] += np.bincount(place, weights=product.ravel(), minlength=result.shape[1])
        progress(min(1.0, (start + chunk) / len(index)))
    averaged = result.reshape(len(pairs), len(q), len(energy)) / (np.maximum(samples, 1)[:, None] * len(masses))
    filled = np.flatnonzero(samples)
    for empty in np.flatnonzero(samples == 0):
        nearest = filled[np.argmin(np.abs(filled - empty))]
        averaged[:, empty] = averaged[:, nearest] * (q[empty] / q[nearest]) ** 2
    return np.asarray(averaged)


def one_phonon_partials(
    zone: Zone,
    *,
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_directions: int = 300,
    seed: int = 0,
    progress: Callable[[float], None] = lambda _: None,
    metadata: dict[str, Any] | None = None,
) -> Partials:
    """Quantum one-phonon partials of a powder, with their elastic line; see the functions above for the terms."""
    displacements = mean_square_displacements(zone, temperature)
    symbols = np.array([str(symbol) for symbol in zone.modes.crystal.atom_type])
    species = tuple(sorted({str(symbol) for symbol in symbols}))
    per_atom = incoherent_one_phonon(zone, displacements=displacements, q=q, energy=energy, temperature=temperature)
    coherent = coherent_one_phonon(
        zone,
        displacements=displacements,
        q=q,
        energy=energy,
        temperature=temperature,
        n_directions=n_directions,
        seed=seed,
        progress=progress,
    )
    isotropic = np.trace(displacements, axis1=1, axis2=2) / 3
    elastic = np.exp(-np.outer(isotropic, q**2))
    return Partials(
        q=q,
        energy=energy,
        species=species,
        concentration=np.array([(symbols == symbol).mean() for symbol in species]),
        coherent=coherent.astype(np.float32),
        incoherent=np.array([per_atom[symbols == symbol].sum(axis=0) for symbol in species], dtype=np.float32)
        / np.float32(len(symbols)),
        # Bragg peaks are no part of a powder average on a grid of |q|
        coherent_elastic=np.zeros((len(coherent), len(q))),
        incoherent_elastic=np.array([elastic[symbols == symbol].sum(axis=0) for symbol in species]) / len(symbols),
        temperature=temperature,
        statistics="quantum",
        metadata=metadata or {},
    )
