"""The molecular dynamics of a powder: prepare once, run replicas wherever there is a worker, combine them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.simulate import correlation, protocol
from scattering.simulate.mobility import diffuses, mean_mobility
from scattering.simulate.path_integral import bead_warnings
from workers.engines.interface import Workplace
from workers.progress import Progress
from workers.simulations.outcome import Outcome
from workers.simulations.powder_analysis import correlate
from workers.simulations.simulation import Simulation
from workers.simulations.steps import preparation
from workers.simulations.steps.integration import run_warnings, together, total_seconds
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import Replica, run_replica

Spectra = correlation.Spectra


def prepare(simulation: Simulation, *, workplace: Workplace, progress: Progress) -> Prepared:
    """Bring the crystal to rest, as `workers.simulations.steps.preparation.prepare` does."""
    return preparation.prepare(simulation, simulation.calculator(), workplace=workplace, progress=progress)


def replica(
    simulation: Simulation, prepared: Prepared, number: int, *, workplace: Workplace, progress: Progress
) -> Replica:
    """Run one replica and turn it into spectra of a powder, as `steps.replica.run_replica` says."""
    sites, options = prepared.supercell(simulation), simulation.options
    groups = _groups(simulation)
    highest = min(protocol.dynamics(sites.numbers).highest_mev, 0.9 * protocol.nyquist_energy(options["sample_fs"]))

    def of_stretch(stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]) -> Spectra:
        return correlate(
            stretch,
            sites=sites.positions,
            cell=sites.cell.array,
            groups=list(groups.values()),
            options=options,
            seed=seed,
            highest_energy=highest,
            update=update,
        )

    return run_replica(
        simulation, prepared, number, groups=groups, correlate=of_stretch, workplace=workplace, progress=progress
    )


def _groups(simulation: Simulation) -> dict[str, NDArray[np.int64]]:
    """Indices of the supercell's atoms of each species, species sorted."""
    labels = np.array(simulation.labels * simulation.n_cells)
    return {label: np.flatnonzero(labels == label) for label in sorted(set(simulation.labels))}


def combine(simulation: Simulation, prepared: Prepared, replicas: Sequence[Replica]) -> Outcome:
    """Average the replicas, and keep each of them for the statistical error."""
    options, temperature, labels = simulation.options, simulation.temperature, simulation.labels
    supercell = prepared.supercell(simulation)
    seen = together([one.seen for one in replicas])
    moves = {label: mean_mobility([one.mobilities[label] for one in replicas]) for label in sorted(set(labels))}
    spacing = (supercell.get_volume() / len(supercell)) ** (1 / 3)
    diffusing = [label for label, moved in moves.items() if diffuses(moved, spacing)]
    runs = [spectra for one in replicas for spectra in one.spectra]
    partials = correlation.classical_partials(
        runs,
        q=protocol.q_bins(options),
        concentration={label: labels.count(label) / len(labels) for label in sorted(set(labels))},
        # The ensemble is that of the run; a finite system at constant energy strays a little from what was asked for
        temperature=temperature,
        statistics="kubo" if protocol.n_beads(options) > 1 else "classical",
        metadata={
            "method": "trpmd" if protocol.n_beads(options) > 1 else "md",
            "n_atoms": len(supercell),
            "replicas": len(replicas),
            "runs_are": "replicas" if len(replicas) > 1 else "segments of one run" if len(runs) > 1 else None,
            "correlation_ps": options["correlation_ps"],
            "energy_resolution_mev": protocol.energy_resolution(options),
            "mean_square_displacement_angstrom2": {label: moved.fluctuation for label, moved in moves.items()},
            "diffusing": diffusing,
        },
    )
    seconds = total_seconds([one.seconds for one in replicas], options, n_atoms=len(supercell))
    return Outcome(
        partials,
        (
            *prepared.warnings,
            *run_warnings(seen, temperature),
            *bead_warnings(protocol.n_beads(options), protocol.dynamics(supercell.numbers).typical_mev, temperature),
            *_diffusion_warnings(diffusing, options),
            *_statistics_warnings(len(replicas), len(runs)),
        ),
        {**prepared.seconds, **seconds},
        {
            **prepared.findings,
            "n_atoms": len(supercell),
            **seen,
            "msd_angstrom2": {label: moved.displacement for label, moved in moves.items()},
            "diffusion_angstrom2_per_ps": {label: moves[label].diffusion for label in diffusing},
        },
    )


def _diffusion_warnings(diffusing: Sequence[str], options: Mapping[str, Any]) -> tuple[Notice, ...]:
    if not diffusing:
        return ()
    params = {"species": list(diffusing), "energy_resolution_mev": protocol.energy_resolution(options)}
    return (Notice("species_left_sites", params),)


def _statistics_warnings(n_replicas: int, n_runs: int) -> tuple[Notice, ...]:
    if n_replicas > 1:
        return ()
    return (Notice("error_of_one_run"),) if n_runs == 1 else (Notice("error_of_segments", {"n_segments": n_runs}),)
