"""The molecular-dynamics workflow: relax, supercell, then for each replica thermalise, produce, correlate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from scattering import correlation, protocol
from scattering.mobility import Mobility, diffuses, mean_mobility, mobility
from workers.analysis import correlate, n_segments
from workers.integration import produce, run_warnings, thermalise, together, total_seconds
from workers.outcome import Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.species import species_labels
from workers.stopwatch import Stopwatch


@dataclass(frozen=True)
class Replica:
    """What one run of its own leaves behind.

    Attributes
    ----------
    spectra
        Of the run, or of each of its segments.
    mobilities
        By species.
    seen
        What was measured on the way.
    seconds
        Of its parts.
    """

    spectra: tuple[correlation.Spectra, ...]
    mobilities: dict[str, Mobility]
    seen: dict[str, float]
    seconds: dict[str, float]


def run_replica(
    supercell: Atoms,
    calculator: Calculator,
    *,
    index: int,
    species: Sequence[str],
    options: Mapping[str, Any],
    temperature: float,
    folder: Path,
    progress: Progress,
    span: tuple[float, float],
) -> Replica:
    """Thermalise a crystal at rest, let it run, and correlate what it did. Knows of no other replica.

    Parameters
    ----------
    supercell
        The relaxed supercell, which is left as it is.
    calculator
        The potential.
    index
        Of the replica: its seed is that of the options plus this.
    species
        Of each atom of the supercell.
    options, temperature, folder
        As in `run`; a file in the folder is removed again.
    progress
        Told the stages.
    span
        Shares of all the work at which this replica begins and ends.
    """
    watch, seed = Stopwatch(), options["seed"] + index
    begin, end = span
    atoms = supercell.copy()
    atoms.calc = calculator
    share = options["equilibration_ps"] / (options["equilibration_ps"] + options["production_ps"])
    progress.stage("thermalising", until=begin + 0.95 * (end - begin) * share)
    thermalise(atoms, options, temperature, seed=seed, update=progress.update)
    watch.lap("equilibration")

    progress.stage("running molecular dynamics", until=begin + 0.95 * (end - begin))
    path = folder / "displacements.npy"
    displacements, seen = produce(atoms, options, sites=supercell.positions, path=path, update=progress.update)
    watch.lap("production")

    progress.stage("correlating positions", until=end)
    labels = np.array(species)
    groups = {label: np.flatnonzero(labels == label) for label in sorted(set(species))}
    # One run alone is cut into segments, so that there is a scatter at all
    segments = n_segments(options) if options["replicas"] == 1 else 1
    frames = displacements.shape[2] // segments
    spectra = tuple(
        correlate(
            displacements[:, :, number * frames : (number + 1) * frames],
            sites=supercell.positions,
            cell=supercell.cell.array,
            groups=list(groups.values()),
            options=options,
            seed=seed + number,
            highest_energy=min(
                protocol.dynamics(supercell.numbers).highest_mev, 0.9 * protocol.nyquist_energy(options["sample_fs"])
            ),
            update=lambda done, number=number: progress.update((number + done) / segments),  # type: ignore[misc]
        )
        for number in range(segments)
    )
    mobilities = dict(zip(groups, mobility(displacements, list(groups.values()), options["sample_fs"]), strict=True))
    path.unlink()
    watch.lap("analysis")
    return Replica(spectra, mobilities, seen, watch.seconds)


def run(
    atoms: Atoms,
    calculator: Calculator,
    *,
    options: Mapping[str, Any],
    temperature: float,
    folder: Path,
    progress: Progress,
) -> Outcome:
    """Make classical partials.

    Parameters
    ----------
    atoms
        The uploaded cell.
    calculator
        The potential.
    options
        As `scattering.protocol.fill_options` returns them.
    temperature
        Kelvin.
    folder
        Where the trajectory goes while it is needed.

    Raises
    ------
    CannotPredict
        The potential does not hold the structure.
    """
    watch = Stopwatch()
    progress.stage("relaxing the atoms", until=0.02)
    relaxed = relax(atoms, calculator, relax_cell=options["relax_cell"], update=progress.update)
    watch.lap("relax")

    supercell = relaxed.atoms.repeat(options["supercell"])
    species = species_labels(atoms, resolve_sites=options["resolve_sites"]) * math.prod(options["supercell"])
    n_replicas = options["replicas"]
    replicas = [
        run_replica(
            supercell,
            calculator,
            index=index,
            species=species,
            options=options,
            temperature=temperature,
            folder=folder,
            progress=progress,
            span=(0.02 + 0.96 * index / n_replicas, 0.02 + 0.96 * (index + 1) / n_replicas),
        )
        for index in range(n_replicas)
    ]
    seconds = total_seconds([one.seconds for one in replicas], options, n_atoms=len(supercell))

    seen = together([one.seen for one in replicas])
    moves = {label: mean_mobility([one.mobilities[label] for one in replicas]) for label in sorted(set(species))}
    spacing = (supercell.get_volume() / len(supercell)) ** (1 / 3)
    diffusing = [label for label, moved in moves.items() if diffuses(moved, spacing)]
    runs = [spectra for one in replicas for spectra in one.spectra]
    partials = correlation.classical_partials(
        runs,
        q=protocol.q_bins(options),
        concentration={label: species.count(label) / len(species) for label in sorted(set(species))},
        # The ensemble is that of the run; a finite system at constant energy strays a little from what was asked for
        temperature=temperature,
        metadata={
            "method": "md",
            "n_atoms": len(supercell),
            "replicas": n_replicas,
            "runs_are": "replicas" if n_replicas > 1 else "segments of one run" if len(runs) > 1 else None,
            "correlation_ps": options["correlation_ps"],
            "energy_resolution_mev": protocol.energy_resolution(options),
            "mean_square_displacement_angstrom2": {label: moved.fluctuation for label, moved in moves.items()},
            "diffusing": diffusing,
        },
    )
    return Outcome(
        partials,
        (
            *relaxed.warnings,
            *run_warnings(seen, temperature),
            *_moving(diffusing, options),
            *_scatter(n_replicas, len(runs)),
        ),
        {**watch.seconds, **seconds},
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_atoms": len(supercell),
            **seen,
            "msd_angstrom2": {label: moved.displacement for label, moved in moves.items()},
            "diffusion_angstrom2_per_ps": {label: moves[label].diffusion for label in diffusing},
        },
    )


def _moving(diffusing: Sequence[str], options: Mapping[str, Any]) -> tuple[str, ...]:
    if not diffusing:
        return ()
    return (
        f"{', '.join(diffusing)} leaves its sites within the run: its elastic line has become quasi-elastic. What is "
        f"narrower than the {protocol.energy_resolution(options):.2g} meV of the correlation time still counts as "
        "elastic.",
    )


def _scatter(n_replicas: int, n_runs: int) -> tuple[str, ...]:
    if n_replicas > 1:
        return ()
    if n_runs == 1:
        return ("One run this short gives no statistical error: ask for two replicas or more.",)
    return (
        f"The statistical error comes from {n_runs} segments of one run and is too small, since the energy of a "
        "vibration hardly changes within a run: ask for two replicas or more.",
    )
