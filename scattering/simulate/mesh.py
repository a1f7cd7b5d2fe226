"""The structure that a mesh in the Brillouin zone resolves in a spectrum of energies."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.mesh_spacing import MeshSpacing
from scattering.simulate.phonons import MIN_PHONON_MEV, Zone

MAX_BIN_MEV: Final = 1.0
"""Widest range of energies whose modes are taken together. The lattice modes of a molecular crystal disperse, and its
molecular modes a few meV higher do not."""
MIN_BINS: Final = 100
"""Ranges up to the highest mode, at least."""


def mesh_spacing(zone: Zone, *, n_vectors: int | None = None) -> MeshSpacing:
    """Return the difference in energy between neighbouring points of a zone's mesh, as a function of energy.

    The modes of a cell of the mesh, all of the energy at its centre, stand for energies that differ by up to
    |∇_k ω| Δk = √(Σ_i (Δ_i ω)²), with the differences Δ_i ω between neighbours along the three axes of the mesh. A
    spectrum therefore has no structure that is finer; modes that do not disperse are lines as sharp as ever.

    Parameters
    ----------
    zone
        Phonons.
    n_vectors
        Number of random scattering vectors that are moved to the mesh. Only a part of the mesh may then count, and its
        points lie further apart. Default: every point counts.

    References
    ----------
    J. R. Yates et al., Phys. Rev. B 75 (2007) 195121, Eq. 36 (adaptive broadening by |∇_k ω| Δk).
    """
    energies, spacing = zone.modes.frequencies.to("meV").magnitude, _mode_spacings(zone)
    if n_vectors is not None:
        spacing = spacing * _counted_fraction(n_vectors, len(energies)) ** (-1 / 3)
    used = energies > MIN_PHONON_MEV
    if not used.any():
        return MeshSpacing(np.zeros(1), np.zeros(1))
    energies, spacing = energies[used], spacing[used]
    step = min(MAX_BIN_MEV, float(energies.max()) / MIN_BINS)
    place = (energies / step).astype(np.int64)
    n_modes = np.bincount(place)
    held = n_modes > 0
    centre = np.bincount(place, weights=energies)[held] / n_modes[held]
    square = np.bincount(place, weights=spacing**2)[held] / n_modes[held]
    return MeshSpacing(centre, np.sqrt(square))


def _counted_fraction(n_vectors: int, n_points: int) -> float:
    """Return the fraction of the points of a mesh to which at least one of some random vectors is moved."""
    return float(-np.expm1(-n_vectors / n_points))


def _mode_spacings(zone: Zone) -> NDArray[np.float64]:
    """Return √(Σ_i (Δ_i ω)²) of each mode in meV, shape (n_k, n_modes), from the neighbours on both sides."""
    divisions, energies = zone.divisions, zone.modes.frequencies.to("meV").magnitude
    half = energies.reshape(divisions[0] // 2, *divisions[1:], -1)
    # Those of −k are the same; −k of the point (i, j, l) is (−1 − i, −1 − j, −1 − l)
    whole = np.concatenate([half, half[::-1, ::-1, ::-1]])
    # Two points, at k and −k, tell nothing about the dispersion between them: as that along the other axes
    axes = [axis for axis in range(3) if divisions[axis] > 2]
    square = np.zeros_like(whole)
    for axis in axes:
        step = (np.roll(whole, -1, axis=axis) - whole) ** 2
        square += (step + np.roll(step, 1, axis=axis)) / 2
    square *= 3 / max(len(axes), 1)
    return np.asarray(np.sqrt(square[: divisions[0] // 2]).reshape(energies.shape))
