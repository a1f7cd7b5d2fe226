"""Partials of a harmonic single crystal along a path in each Brillouin zone, and its dispersion, from phonons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from euphonic import ForceConstants, QpointPhononModes
from numpy.typing import NDArray

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.crystal.partials import CrystalPartials, scattering_vectors
from scattering.crystal.path import SampledPath, approach_directions, reciprocal
from scattering.simulate import multiphonon
from scattering.simulate.harmonic import StructureFactors
from scattering.simulate.interpolation import energies_at, modes_at
from scattering.simulate.phonons import MIN_PHONON_MEV, Zone, occupation


def _to_own_rlu(
    fc: ForceConstants, cell: NDArray[np.float64], wave_vectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Convert r.l.u. of a cell to those of the force constants' crystal, which has the same axes."""
    own = fc.crystal.cell_vectors.to("angstrom").magnitude
    return np.asarray(wave_vectors @ reciprocal(cell) @ own.T / (2 * np.pi))


def modes_along(fc: ForceConstants, cell: NDArray[np.float64], path: SampledPath) -> QpointPhononModes:
    """Calculate phonon modes at the wave vectors of a path in r.l.u. of a cell (rows, Å); Γ is approached along it."""
    directions = approach_directions(path.wave_vectors, path.distance, cell)
    return modes_at(fc, _to_own_rlu(fc, cell, path.wave_vectors), directions=_to_own_rlu(fc, cell, directions))


def dispersion(fc: ForceConstants, cell: NDArray[np.float64], path: SampledPath) -> NDArray[np.float64]:
    """Calculate phonon energies, ascending, shape (n_k, n_modes) in meV; imaginary ones are negative."""
    directions = approach_directions(path.wave_vectors, path.distance, cell)
    return energies_at(fc, _to_own_rlu(fc, cell, path.wave_vectors), directions=_to_own_rlu(fc, cell, directions))


def coherent_one_phonon(
    modes: QpointPhononModes,
    *,
    vectors: NDArray[np.float64],
    displacements: NDArray[np.float64],
    labels: Sequence[str],
    energy: NDArray[np.float64],
    temperature: float,
) -> NDArray[np.float32]:
    """Return the coherent one-phonon partials of a single crystal at q = k + G.

    S_αβ(q, ω) = Σ_ν ħ²/(2 E_ν) F_αν F*_βν (n + 1) δ(ω − ω_ν), F of `StructureFactors`.

    The line of a mode lies in the bin of its energy.

    Parameters
    ----------
    modes
        Phonons at k, in the order of the wave vectors.
    vectors
        Shape (n_zones, n_k, 3), Å⁻¹: k + G.
    displacements
        Shape (n_atoms, 3, 3), Å²: mean-square displacements of the atoms of the modes.
    labels
        The species of each of those atoms.
    energy
        Shape (n_energy,), meV. Centres of equal bins, the first at 0.
    temperature
        Kelvin.

    Returns
    -------
    Shape (n_pairs, n_zones, n_k, n_energy), 1/meV per atom; an unlike pair is the sum of αβ and βα.

    References
    ----------
    Squires (1978), Eq. 3.120; Fair et al., J. Appl. Cryst. 55 (2022) 1689 (Euphonic).
    """
    step = energy[1] - energy[0]
    factors = StructureFactors(modes, displacements, labels)
    pairs = list(combinations_with_replacement(range(len(set(labels))), 2))
    energies = modes.frequencies.to("meV").magnitude
    bins = np.rint(energies / step).astype(int)
    used = (energies > MIN_PHONON_MEV) & (bins < len(energy))
    result = np.zeros((len(pairs), *vectors.shape[:2], len(energy)), dtype=np.float32)
    for k in range(vectors.shape[1]):
        at = np.flatnonzero(used[k])
        amplitude = factors.at(np.full(len(vectors), k), vectors[:, k])[..., at]
        strength = RECOIL_MEV_A2_AMU / energies[k, at] * (occupation(energies[k, at], temperature) + 1)
        strength /= step * len(labels)
        # Matrix from modes to bins
        line = np.zeros((len(at), len(energy)))
        line[np.arange(len(at)), bins[k, at]] = strength
        for number, (one, other) in enumerate(pairs):
            product = (amplitude[one] * amplitude[other].conj()).real * (1 if one == other else 2)
            result[number, :, k] = product @ line
    return result


def interpolate(
    values: NDArray[np.float32], q: NDArray[np.float64], lengths: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate values on an axis of |q| at other lengths: S/q² linearly, as inelastic scattering grows with q².

    Parameters
    ----------
    values
        Shape (n_q, n_energy).
    q
        Shape (n_q,), Å⁻¹, equal steps, all above 0.
    lengths
        Any shape, Å⁻¹. Below the first and above the last |q| the S/q² of that |q| is used.

    Returns
    -------
    Shape (*lengths.shape, n_energy).
    """
    place = np.clip((lengths - q[0]) / (q[1] - q[0]), 0, len(q) - 1)
    below = np.minimum(place.astype(int), len(q) - 2)
    share = place - below
    first = ((1 - share) * (lengths / q[below]) ** 2)[..., None].astype(np.float32)
    second = (share * (lengths / q[below + 1]) ** 2)[..., None].astype(np.float32)
    return np.asarray(first * values[below] + second * values[below + 1])


def predict(
    fc: ForceConstants,
    zone: Zone,
    *,
    cell: NDArray[np.float64],
    path: SampledPath,
    fine: SampledPath,
    zones: NDArray[np.int64],
    labels: Sequence[str],
    q: NDArray[np.float64],
    energy: NDArray[np.float64],
    temperature: float,
    n_orders: int,
    progress: Callable[[float], None] = lambda _: None,
    metadata: dict[str, Any] | None = None,
) -> CrystalPartials:
    """Return the quantum partials of a single crystal: coherent one-phonon part in each zone, self part of all orders.

    As in a powder, the self part of the orders from two on counts as coherent scattering too (incoherent
    approximation). The self part is averaged over directions.

    Parameters
    ----------
    fc, zone
        Force constants, and phonons over the Brillouin zone from them.
    cell
        Shape (3, 3), Å: cell of the r.l.u. of path and zones, in the axes of the force constants' crystal.
    path, fine
        Wave vectors of the scattering, and of the dispersion.
    zones
        Shape (n_zones, 3), r.l.u.
    labels
        The species of each atom of the force constants' crystal.
    q
        Shape (n_q,), Å⁻¹: |q| of the self part. Equal steps, all above 0.
    energy
        Shape (n_energy,), meV. Centres of equal bins, the first at 0.
    temperature
        Kelvin.
    n_orders
        The highest phonon order.
    progress
        Called with the finished fraction.
    metadata
        Provenance of the phonons.
    """
    species = tuple(sorted(set(labels)))
    member = np.array([[label == one for label in labels] for one in species])
    spectra = multiphonon.displacement_spectra(zone.modes, temperature=temperature, step=float(energy[1] - energy[0]))
    orders = multiphonon.self_part(
        spectra,
        shares=spectra.shares(member),
        q=q,
        energy=energy,
        n_orders=n_orders,
        progress=lambda share: progress(share / 2),
    ).orders
    vectors = scattering_vectors(cell, path.wave_vectors, zones)
    coherent = coherent_one_phonon(
        modes_along(fc, cell, path),
        vectors=vectors,
        displacements=spectra.displacements,
        labels=labels,
        energy=energy,
        temperature=temperature,
    )
    _add_higher_orders(coherent, orders, species=species, q=q, lengths=np.linalg.norm(vectors, axis=-1))
    progress(1.0)
    return CrystalPartials(
        cell=cell,
        wave_vectors=path.wave_vectors,
        distance=path.distance,
        labels=path.labels,
        ticks=path.ticks,
        zones=zones,
        energy=energy,
        species=species,
        concentration=member.mean(axis=1),
        coherent=coherent,
        q=q,
        incoherent=orders.sum(axis=0),
        displacements=np.array([spectra.displacements[chosen].mean(axis=0) for chosen in member]),
        dispersion_distance=fine.distance,
        dispersion=dispersion(fc, cell, fine),
        temperature=temperature,
        statistics="quantum",
        metadata=metadata or {},
    )


def _add_higher_orders(
    coherent: NDArray[np.float32],
    orders: NDArray[np.float32],
    *,
    species: Sequence[str],
    q: NDArray[np.float64],
    lengths: NDArray[np.float64],
) -> None:
    """Add the self part of the orders from two on to the coherent part of like pairs, at |k + G| = `lengths`."""
    pairs = list(combinations_with_replacement(species, 2))
    for index, one in enumerate(species):
        coherent[pairs.index((one, one))] += interpolate(orders[1:, index].sum(axis=0), q, lengths)
