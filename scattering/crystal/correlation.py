"""Partials of a single crystal along a path, from the time correlations of a trajectory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scattering.crystal.path import BrillouinZone, reciprocal
from scattering.simulate.correlation import spectrum_from_correlation, split_elastic
from scattering.simulate.path_integral import with_bead_axis


def equivalent_vectors(
    zone: BrillouinZone,
    cell: NDArray[np.float64],
    wave_vectors: NDArray[np.float64],
    zones: NDArray[np.int64],
    *,
    supercell: Sequence[int],
    max_waves: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the scattering vectors k + G, and their symmetry equivalents with another wave vector k.

    Parameters
    ----------
    zone
        Symmetry of the crystal.
    cell
        Shape (3, 3), Å: the simulated cell.
    wave_vectors, zones
        Shapes (n_k, 3) and (n_zones, 3), r.l.u.
    supercell
        Repeats of the cell; all wave vectors fit this supercell.
    max_waves
        Largest number of equivalent waves.

    Returns
    -------
    Vectors in Å⁻¹, shape (n, 3): for each wave vector, all zones of k itself, then all zones of its first equivalent,
    and so on. Number of waves of each wave vector, shape (n_k,).
    """
    found, count = list[NDArray[np.float64]](), np.empty(len(wave_vectors), dtype=np.int64)
    for k, wave_vector in enumerate(wave_vectors):
        arms = zone.arms(wave_vector, supercell, max_waves)
        count[k] = len(arms)
        found += [(zones + wave_vector) @ arm.T @ reciprocal(cell) for arm in arms]
    return np.concatenate(found), count


def average_equivalent(values: NDArray[np.float64], count: NDArray[np.int64], n_zones: int) -> NDArray[np.float64]:
    """Average over equivalent waves.

    Parameters
    ----------
    values
        Shape (..., n, n_lags), in the order of `equivalent_vectors`.
    count
        Shape (n_k,): waves of each wave vector.
    n_zones
        Zones of each wave.

    Returns
    -------
    Shape (..., n_zones, n_k, n_lags).
    """
    result = np.empty((*values.shape[:-2], n_zones, len(count), values.shape[-1]))
    begin = 0
    for k, waves in enumerate(count):
        block = values[..., begin : begin + waves * n_zones, :]
        result[..., k, :] = block.reshape(*values.shape[:-2], waves, n_zones, -1).mean(axis=-3)
        begin += waves * n_zones
    return result


def inelastic_spectrum(
    correlation: NDArray[np.float64], *, time_step: float, energy_step: float, highest_energy: float
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the spectrum of the decaying part of a correlation, without Bragg peaks and other elastic intensity.

    Parameters
    ----------
    correlation
        Shape (..., n_lags).
    time_step
        Time between lags, fs.
    energy_step, highest_energy
        Largest bin and end of the energy axis of the result, meV.

    Returns
    -------
    Energies in meV, shape (n_energy,), and spectrum in 1/meV, shape (..., n_energy).
    """
    flat = correlation.reshape(-1, correlation.shape[-1])
    energy, spectra = np.empty(0), list[NDArray[np.float32]]()
    # The transform pads with zeros: limit the memory by chunks
    for begin in range(0, len(flat), 1000):
        _, decays = split_elastic(flat[begin : begin + 1000])
        energy, spectrum = spectrum_from_correlation(decays, time_step=time_step, energy_step=energy_step)
        kept = energy <= highest_energy
        energy = energy[kept]
        spectra.append(spectrum[:, kept].astype(np.float32))
    return energy, np.concatenate(spectra).reshape(*correlation.shape[:-1], len(energy))


def mean_square_displacements(
    displacements: NDArray[np.float32], atoms: NDArray[np.int64], rotations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean-square displacement tensor of atoms about their mean positions in a run, symmetrised.

    U_ab = ⟨u_a u_b⟩, averaged over time, atoms, the beads of ring polymers, and the operations of the point group.

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, n_frames), or (n_beads, n_atoms, 3, n_frames), Å, relative to any fixed points.
    atoms
        Indices of the atoms, which the space group maps onto each other.
    rotations
        Shape (n_operations, 3, 3): rotations of Cartesian vectors.

    Returns
    -------
    Shape (3, 3), Å².
    """
    displacements, total = with_bead_axis(displacements), np.zeros((3, 3))
    for atom in atoms:
        about = displacements[:, atom] - displacements[:, atom].mean(axis=(0, 2), keepdims=True, dtype=float)
        total += (about @ about.transpose(0, 2, 1)).mean(axis=0) / about.shape[2]
    total /= len(atoms)
    return np.asarray((rotations @ total @ rotations.transpose(0, 2, 1)).mean(axis=0))
