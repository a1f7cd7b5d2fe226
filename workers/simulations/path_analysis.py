"""Spectra of a single crystal along a path, from the displacements of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.crystal import correlation as crystal_correlation
from scattering.crystal.path import BrillouinZone
from scattering.crystal.protocol import MAX_ARMS
from scattering.options.path import PathDynamics
from scattering.simulate import protocol
from scattering.simulate.intermediate import collective_functions, shell_functions

BLOCK_BYTES: Final = 128e6
"""Memory of the correlations that are calculated at the same time."""


@dataclass(frozen=True, eq=False)
class Target:
    """Scattering vectors of a path, and the atoms at rest.

    Attributes
    ----------
    symmetry
        Brillouin zone of the crystal.
    cell, sites
        Shapes (3, 3) and (n_atoms, 3), Å: the repeated cell, and the relaxed atoms of the supercell.
    groups
        Indices of the atoms of each species, species sorted.
    wave_vectors, zones
        Shapes (n_k, 3) and (n_zones, 3), r.l.u. of the cell.
    q
        Shape (n_q,), Å⁻¹: |q| of the self part.
    highest_energy
        Largest energy of the spectra, meV.
    """

    symmetry: BrillouinZone
    cell: NDArray[np.float64]
    sites: NDArray[np.float64]
    groups: tuple[NDArray[np.int64], ...]
    wave_vectors: NDArray[np.float64]
    zones: NDArray[np.int64]
    q: NDArray[np.float64]
    highest_energy: float


@dataclass(frozen=True, eq=False)
class CrystalSpectra:
    """Spectra of a run, or of a segment of a run, per atom of the sample.

    Attributes
    ----------
    energy
        Shape (n_energy,), meV.
    coherent
        Shape (n_pairs, n_zones, n_k, n_energy), 1/meV, averaged over equivalent waves.
    incoherent
        Shape (n_species, n_q, n_energy), 1/meV.
    """

    energy: NDArray[np.float64]
    coherent: NDArray[np.float32]
    incoherent: NDArray[np.float32]


def _blocks(count: Sequence[int], bytes_each: float) -> Iterator[slice]:
    """Divide wave vectors into blocks whose correlations fit into `BLOCK_BYTES`; `count` has the waves of each."""
    begin, held = 0, 0.0
    for k, waves in enumerate(count):
        if held and held + waves * bytes_each > BLOCK_BYTES:
            yield slice(begin, k)
            begin, held = k, 0.0
        held += waves * bytes_each
    yield slice(begin, len(count))


def correlate(
    displacements: NDArray[np.float32],
    target: Target,
    *,
    options: PathDynamics,
    seed: int,
    update: Callable[[float], None],
) -> CrystalSpectra:
    """Return the spectra of a run, or of a segment of a run.

    Parameters
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames), Å, from the sites, not wrapped into the cell.
    target
        Scattering vectors and atoms.
    options
        Options of the simulation.
    seed
        Seed of the directions of the self part.
    update
        Called with the finished fraction.
    """
    n_lags, n_groups = options.n_lags, len(target.groups)

    def spectrum(correlation: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        return crystal_correlation.inelastic_spectrum(
            correlation,
            time_step=options.sample_fs,
            energy_step=protocol.ENERGY_STEP_MEV,
            highest_energy=target.highest_energy,
        )

    count = [len(target.symmetry.arms(k, options.repeats, MAX_ARMS)) for k in target.wave_vectors]
    parts = list[NDArray[np.float32]]()
    for block in _blocks(count, 8 * n_groups * (n_groups + 1) / 2 * n_lags * len(target.zones)):
        vectors, waves = crystal_correlation.equivalent_vectors(
            target.symmetry,
            target.cell,
            target.wave_vectors[block],
            target.zones,
            supercell=options.repeats,
            max_waves=MAX_ARMS,
        )

        def within(share: float, block: slice = block) -> None:
            update((block.start + share * (block.stop - block.start)) / len(count) / 2)

        correlation = collective_functions(displacements, target.sites, target.groups, vectors, n_lags, update=within)
        parts.append(spectrum(crystal_correlation.average_equivalent(correlation, waves, len(target.zones)))[1])

    selves = shell_functions(
        displacements,
        target.groups,
        target.q,
        n_lags,
        n_atoms=len(target.sites),
        seed=seed,
        update=lambda share: update(0.5 + share / 2),
    )
    energy, incoherent = spectrum(selves)
    return CrystalSpectra(energy, np.concatenate(parts, axis=2), incoherent)
