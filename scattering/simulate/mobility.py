"""Mobility of the atoms of a run: fluctuations about their sites, and diffusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from scattering.simulate.path_integral import with_bead_axis

MIN_RELATIVE_DISPLACEMENT: Final = 0.3
"""Root mean square displacement of diffusing atoms over the mean distance between atoms. Crystals melt near 0.1 about
the site, which is 0.15 between two times (F. A. Lindemann, Phys. Z. 11, 609 (1910)). Light atoms that librate reach
twice this value without diffusion."""
MIN_GROWTH: Final = 0.2
"""Fraction of the mean-square displacement in the second half of the time, for diffusing atoms. It is 1/2 for free
diffusion and 0 on sites."""


@dataclass(frozen=True)
class Mobility:
    """Mobility of the atoms of one species.

    Attributes
    ----------
    fluctuation
        ⟨|r − ⟨r⟩|²⟩ about the mean position of each atom, all three directions summed, Å². For ring polymers it is that
        of the beads, which includes the zero-point motion.
    displacement
        ⟨|r(t₀ + t) − r(t₀)|²⟩ at the longest time, Å²; for ring polymers that of the centroid.
    growth
        Fraction of `displacement` in the second half of that time.
    diffusion
        A sixth of the slope over that half, Å²/ps: the diffusion coefficient if the atoms diffuse.
    """

    fluctuation: float
    displacement: float
    growth: float
    diffusion: float


def mean_square_displacement(
    displacements: NDArray[np.float32], atoms: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Return the mean-square displacement over all time origins, averaged over atoms; for beads, of their centroid.

    ⟨|r(t₀ + τ) − r(t₀)|²⟩ = ⟨|r(t₀ + τ)|² + |r(t₀)|²⟩ − 2⟨r(t₀ + τ)·r(t₀)⟩, the last term by Fourier transform

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, n_frames), or (n_beads, n_atoms, 3, n_frames), Å, of unwrapped positions. It may be a memory
        map, which is read atom by atom.
    atoms
        Indices of the atoms.

    Returns
    -------
    Shape (n_frames,), Å², at lags 0 to n_frames − 1.

    References
    ----------
    V. Calandrini, E. Pellegrini, P. Calligari, K. Hinsen and G. R. Kneller, Collection SFN 12, 201 (2011).
    """
    displacements = with_bead_axis(displacements)
    n_frames = displacements.shape[3]
    total = np.zeros(n_frames)
    n_fft = fft.next_fast_len(2 * n_frames, real=True)
    origins = n_frames - np.arange(n_frames)
    for atom in atoms:
        centroid = displacements[:, atom].mean(axis=0, dtype=float)
        # Relative to the mean, to keep precision in the difference
        moves = centroid - centroid.mean(axis=1, keepdims=True)
        squares = (moves**2).sum(axis=0)
        products = fft.irfft((np.abs(fft.rfft(moves, n_fft)) ** 2).sum(axis=0), n_fft)[:n_frames]
        # Both ends of all intervals of length τ
        ends = squares.cumsum()[::-1] + squares[::-1].cumsum()[::-1]
        total += (ends - 2 * products) / origins
    return np.maximum(total / len(atoms), 0.0)


def mobility(
    displacements: NDArray[np.float32], groups: Sequence[NDArray[np.integer[Any]]], time_step: float
) -> list[Mobility]:
    """Return the mobility of each group of atoms, from times up to half of the run.

    Parameters
    ----------
    displacements
        As in `mean_square_displacement`.
    groups
        Indices of the atoms of each species.
    time_step
        Time between frames, fs.
    """
    displacements = with_bead_axis(displacements)
    found, n_frames = list[Mobility](), displacements.shape[3]
    half = max(2, n_frames // 2)
    for group in groups:
        fluctuation = float(np.mean([displacements[:, atom].var(axis=(0, 2), dtype=float).sum() for atom in group]))
        squares = mean_square_displacement(displacements, group)[:half]
        middle = half // 2
        slope = np.polyfit(np.arange(middle, half) * time_step * 1e-3, squares[middle:], 1)[0] if half > 3 else 0.0
        end = float(squares[-1])
        growth = 1 - float(squares[middle]) / end if end > 0 else 0.0
        found.append(Mobility(fluctuation, end, growth, float(slope) / 6))
    return found


def mean_mobility(of_runs: Sequence[Mobility]) -> Mobility:
    """Return the average over independent runs."""
    return Mobility(*np.mean([astuple(one) for one in of_runs], axis=0).tolist())


def diffuses(mobility: Mobility, spacing: float) -> bool:
    """Return whether atoms diffuse: their displacement exceeds a fraction of the atomic distance, and keeps growing.

    Parameters
    ----------
    mobility
        Mobility of the species.
    spacing
        Cube root of the volume per atom of the sample, Å.
    """
    return mobility.displacement > (MIN_RELATIVE_DISPLACEMENT * spacing) ** 2 and mobility.growth > MIN_GROWTH
