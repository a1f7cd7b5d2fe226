"""Spectra of a powder, from the displacements of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from scattering.options.dynamics import PowderDynamics
from scattering.simulate import correlation, powder, protocol
from scattering.simulate.intermediate import collective_functions, shell_functions


def correlate(
    displacements: NDArray[np.float32],
    *,
    sites: NDArray[np.float64],
    cell: NDArray[np.float64],
    groups: Sequence[NDArray[np.int64]],
    options: PowderDynamics,
    seed: int,
    highest_energy: float,
    update: Callable[[float], None],
) -> correlation.Spectra:
    """Return the spectra of a run, or of a segment of a run.

    Parameters
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames), Å, from the sites, not wrapped into the cell.
    sites, cell
        Shapes (n_atoms, 3) and (3, 3), Å, of the supercell.
    groups
        Indices of the atoms of each species, species sorted.
    options
        Options of the simulation.
    seed
        Seed of the choice of q-points. It differs between runs, so that their scatter includes the error of the
        finite number of directions.
    highest_energy
        Largest energy of the spectra, meV.
    update
        Called with the finished fraction.
    """
    n_lags, q = options.n_lags, options.q_bins
    q_points = powder.box_vectors(cell, q, options.n_q_points, seed=seed)
    shells = powder.shells(float(q[-1]))
    coherent = collective_functions(
        displacements, sites, groups, q_points, n_lags, update=lambda share: update(share / 2)
    )
    incoherent = shell_functions(
        displacements,
        groups,
        shells,
        n_lags,
        n_atoms=len(sites),
        seed=seed,
        update=lambda share: update(0.5 + share / 2),
    )
    correlations = correlation.Correlations(
        coherent=coherent,
        incoherent=incoherent,
        q_points=q_points,
        shells=shells,
        concentration=np.array([len(group) / len(sites) for group in groups]),
    )
    return correlation.spectra_from_correlations(
        correlations,
        time_step=options.sample_fs,
        q=q,
        energy_step=protocol.ENERGY_STEP_MEV,
        highest_energy=highest_energy,
    )
