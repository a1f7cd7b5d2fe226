"""One replica: molecular dynamics from the relaxed supercell, and the correlation of the positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from scattering.options.dynamics import Dynamics
from scattering.simulate.mobility import Mobility, mobility
from workers import stages
from workers.engines.interface import Engine
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.kit.workplace import Workplace
from workers.simulations.simulation import Simulation
from workers.simulations.steps.integration import replica_run

DYNAMICS_FRACTION = 0.93
"""Fraction of the time of a replica; the rest is for the correlation of positions."""


@dataclass(frozen=True, eq=False)
class Replica:
    """Results of one run.

    Attributes
    ----------
    spectra
        Spectra of the run, or of each of its segments: `correlation.Spectra` or `CrystalSpectra`.
    mobilities
        Species → mobility.
    tensors
        Shape (n_species, 3, 3), Å²: mean-square displacements for a single crystal; None for a powder.
    seen
        Name → quantity measured in the run.
    seconds
        Name of a part → its duration.
    """

    spectra: tuple[Any, ...]
    mobilities: dict[str, Mobility]
    tensors: NDArray[np.float64] | None
    seen: dict[str, float]
    seconds: dict[str, float]

    @classmethod
    def of(cls, loaded: Mapping[str, Any], spectra_type: Callable[..., Any]) -> Replica:
        """Make it of the mapping that `results.load` returns."""
        return cls(
            tuple(spectra_type(**one) for one in loaded["spectra"]),
            {label: Mobility(**one) for label, one in loaded["mobilities"].items()},
            loaded["tensors"],
            loaded["seen"],
            loaded["seconds"],
        )


class Correlate(Protocol):
    """Function that returns the spectra of displacements of shape (n_beads, n_atoms, 3, n_frames)."""

    def __call__(self, stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]) -> Any: ...


def run_replica(
    simulation: Simulation[Dynamics],
    engine: Engine,
    sites: Atoms,
    number: int,
    *,
    groups: Mapping[str, NDArray[np.int64]],
    correlate: Correlate,
    tensors: Callable[[NDArray[np.float32]], NDArray[np.float64] | None],
    workplace: Workplace,
    progress: Progress,
) -> Replica:
    """Run one replica.

    Parameters
    ----------
    simulation, engine, sites
        Input of the simulation, its engine, and the relaxed supercell.
    number
        Number of the replica.
    groups
        Label → indices of atoms in the supercell.
    correlate
        Function that calculates spectra.
    tensors
        Function that returns mean-square displacements of a single crystal; None for a powder.
    workplace
        Folder of the engine. Its files are needed until the replica is stored.
    progress
        Receives the stages.

    Raises
    ------
    CannotPredict
        The structure is not stable in this potential.
    """
    options, run = simulation.options, replica_run(simulation, number)
    trajectory = engine.run(sites, run, workplace=workplace, report=progress.report_until(DYNAMICS_FRACTION))
    watch = Stopwatch()
    found = analyse(
        trajectory.displacements,
        options,
        run.seed,
        groups=groups,
        correlate=correlate,
        tensors=tensors,
        progress=progress,
    )
    watch.lap("analysis")
    return replace(found, seen=trajectory.diagnostics, seconds={**trajectory.seconds, **watch.seconds})


def analyse(
    moved: NDArray[np.float32],
    options: Dynamics,
    seed: int,
    *,
    groups: Mapping[str, NDArray[np.int64]],
    correlate: Correlate,
    tensors: Callable[[NDArray[np.float32]], NDArray[np.float64] | None],
    progress: Progress,
) -> Replica:
    """Return the spectra and mobilities of displacements, shape (n_beads, n_atoms, 3, n_frames), Å.

    The other parameters are those of `run_replica`. Nothing is known of the run beside its positions.
    """
    progress.stage(stages.CORRELATE, until=1.0)
    # A single run is divided into segments, whose scatter gives the error
    segments = options.n_segments
    frames = moved.shape[-1] // segments
    spectra = []
    for segment in range(segments):

        def within(done: float, segment: int = segment) -> None:
            progress.update((segment + done) / segments)

        stretch = moved[..., segment * frames : (segment + 1) * frames]
        spectra.append(correlate(stretch, seed=seed + segment, update=within))
    mobilities = mobility(moved, list(groups.values()), options.sample_fs)
    return Replica(tuple(spectra), dict(zip(groups, mobilities, strict=True)), tensors(moved), {}, {})
