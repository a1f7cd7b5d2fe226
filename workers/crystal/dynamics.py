"""The molecular-dynamics workflow of a single crystal: independent runs, correlated at k + G; harmonic dispersion."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering import powder, protocol
from scattering.constants import PLANCK_MEV_FS
from scattering.crystal import correlation as crystal_correlation
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal import protocol as crystal_protocol
from scattering.crystal.partials import CrystalPartials, scattering_vectors
from scattering.crystal.path import SampledPath, brillouin_zone
from scattering.mobility import Mobility, diffuses, mean_mobility, mobility
from workers.analysis import n_segments
from workers.crystal.analysis import CrystalSpectra, Target, correlate
from workers.force_constants import displace
from workers.integration import produce, run_warnings, thermalise, together, total_seconds
from workers.outcome import Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.species import species_labels
from workers.stopwatch import Stopwatch


@dataclass(frozen=True, eq=False)
class _Replica:
    """What one run leaves: spectra of its segments; displacements and mobilities by species; what was seen; times."""

    spectra: tuple[CrystalSpectra, ...]
    displacements: NDArray[np.float64]
    mobilities: list[Mobility]
    seen: dict[str, float]
    seconds: dict[str, float]


def _run_replica(
    supercell: Atoms,
    calculator: Calculator,
    target: Target,
    *,
    index: int,
    options: Mapping[str, Any],
    temperature: float,
    folder: Path,
    progress: Progress,
    span: tuple[float, float],
) -> _Replica:
    """Thermalise a crystal at rest, let it run, and correlate what it did, between two shares of all the work."""
    watch, seed = Stopwatch(), options["seed"] + index
    begin, end = span
    atoms = supercell.copy()
    atoms.calc = calculator
    share = options["equilibration_ps"] / (options["equilibration_ps"] + options["production_ps"])
    progress.stage("thermalising", until=begin + 0.9 * (end - begin) * share)
    thermalise(atoms, options, temperature, seed=seed, update=progress.update)
    watch.lap("equilibration")

    progress.stage("running molecular dynamics", until=begin + 0.9 * (end - begin))
    path = folder / "displacements.npy"
    moved, seen = produce(atoms, options, sites=supercell.positions, path=path, update=progress.update)
    watch.lap("production")

    progress.stage("correlating positions", until=end)
    # One run alone is cut into segments, so that there is a scatter at all
    segments = n_segments(options) if options["replicas"] == 1 else 1
    frames = moved.shape[2] // segments
    spectra = []
    for number in range(segments):

        def within(done: float, number: int = number) -> None:
            progress.update((number + done) / segments)

        stretch = moved[:, :, number * frames : (number + 1) * frames]
        spectra.append(correlate(stretch, target, options=options, seed=seed + number, update=within))
    tensors = [
        crystal_correlation.mean_square_displacements(moved, group, target.symmetry.rotations_cartesian)
        for group in target.groups
    ]
    mobilities = mobility(moved, target.groups, options["sample_fs"])
    path.unlink()
    watch.lap("analysis")
    return _Replica(tuple(spectra), np.array(tensors), mobilities, seen, watch.seconds)


def run(
    atoms: Atoms,
    calculator: Calculator,
    *,
    options: Mapping[str, Any],
    temperature: float,
    folder: Path,
    progress: Progress,
) -> Outcome:
    """Make classical partials of a single crystal.

    Parameters
    ----------
    atoms
        The uploaded cell.
    calculator
        The potential.
    options
        As `scattering.crystal.protocol.fill_options` returns them.
    temperature
        Kelvin.
    folder
        Where a run's displacements go while they are needed.

    Raises
    ------
    CannotPredict
        The potential does not hold the structure.
    """
    watch = Stopwatch()
    progress.stage("relaxing the atoms", until=0.02)
    relaxed = relax(atoms, calculator, relax_cell=options["relax_cell"], update=progress.update)
    watch.lap("relax")

    progress.stage("displacing atoms", until=0.04)
    labels = species_labels(atoms, resolve_sites=options["resolve_sites"])
    cell = relaxed.atoms.cell.array
    symmetry = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    lines = crystal_protocol.path_of(options, symmetry)
    path, fine = crystal_protocol.sampled_path(options, lines, cell)
    found = displace(
        relaxed.atoms,
        calculator,
        labels=labels,
        supercell=options["force_constant_supercell"],
        distance=crystal_protocol.DISPLACEMENT,
        update=progress.update,
    )
    with warnings.catch_warnings():
        # The engine brings an OpenMP of its own; Euphonic then runs on one core and says so
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        dispersion = crystal_harmonic.dispersion(found.force_constants, cell, fine.wave_vectors)
    watch.lap("force_constants")

    supercell = relaxed.atoms.repeat(options["supercell"])
    of_atom = np.array(labels * math.prod(options["supercell"]))
    species = tuple(sorted(set(labels)))
    zones = np.array(options["zones"], dtype=np.int64)
    target = Target(
        symmetry=symmetry,
        cell=cell,
        sites=supercell.positions,
        groups=tuple(np.flatnonzero(of_atom == one) for one in species),
        wave_vectors=path.wave_vectors,
        zones=zones,
        q=powder.shells(float(np.linalg.norm(scattering_vectors(cell, path.wave_vectors, zones), axis=-1).max())),
        highest_energy=min(
            protocol.dynamics(atoms.numbers).highest_mev, 0.9 * protocol.nyquist_energy(options["sample_fs"])
        ),
    )
    n_replicas = options["replicas"]
    replicas = [
        _run_replica(
            supercell,
            calculator,
            target,
            index=index,
            options=options,
            temperature=temperature,
            folder=folder,
            progress=progress,
            span=(0.04 + 0.94 * index / n_replicas, 0.04 + 0.94 * (index + 1) / n_replicas),
        )
        for index in range(n_replicas)
    ]
    seconds = total_seconds([one.seconds for one in replicas], options, n_atoms=len(supercell))
    seen = together([one.seen for one in replicas])
    spacing = (supercell.get_volume() / len(supercell)) ** (1 / 3)
    moves = [mean_mobility(of_runs) for of_runs in zip(*(one.mobilities for one in replicas), strict=True)]
    diffusing = [label for label, moved in zip(species, moves, strict=True) if diffuses(moved, spacing)]
    partials = _partials(
        replicas, target, path, fine, dispersion, species, temperature,
        {
            "method": "md",
            "n_atoms": len(supercell),
            "energy_resolution_mev": PLANCK_MEV_FS / (options["correlation_ps"] * 1e3),
            "diffusing": diffusing,
        },
    )  # fmt: skip
    missing = crystal_protocol.missing_segments(lines, options["supercell"])
    return Outcome(
        partials,
        (*relaxed.warnings, *run_warnings(seen, temperature), *_warnings(diffusing, missing)),
        {**watch.seconds, **seconds},
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_atoms": len(supercell),
            "n_wave_vectors": len(path.wave_vectors),
            "lowest_energy_mev": float(dispersion.min()),
            "highest_energy_mev": float(dispersion.max()),
            **seen,
        },
    )


def _partials(
    replicas: Sequence[_Replica],
    target: Target,
    path: SampledPath,
    fine: SampledPath,
    dispersion: NDArray[np.float64],
    species: tuple[str, ...],
    temperature: float,
    metadata: dict[str, Any],
) -> CrystalPartials:
    runs = [spectra for replica in replicas for spectra in replica.spectra]
    coherent = np.array([spectra.coherent for spectra in runs])
    incoherent = np.array([spectra.incoherent for spectra in runs])
    return CrystalPartials(
        cell=target.cell,
        wave_vectors=path.wave_vectors,
        distance=path.distance,
        labels=path.labels,
        ticks=path.ticks,
        zones=target.zones,
        energy=runs[0].energy,
        species=species,
        concentration=np.array([len(group) / len(target.sites) for group in target.groups]),
        coherent=coherent.mean(axis=0),
        q=target.q,
        incoherent=incoherent.mean(axis=0),
        displacements=np.mean([replica.displacements for replica in replicas], axis=0),
        dispersion_distance=fine.distance,
        dispersion=dispersion,
        temperature=temperature,
        statistics="classical",
        metadata=metadata,
        coherent_runs=coherent if len(runs) > 1 else None,
        incoherent_runs=incoherent if len(runs) > 1 else None,
    )


def _warnings(diffusing: Sequence[str], missing: Sequence[str]) -> tuple[str, ...]:
    found = []
    if missing:
        found.append(
            f"The supercell has fewer than two waves on {', '.join(missing)}: choose other repeats to see more of it."
        )
    if diffusing:
        found.append(
            f"{', '.join(diffusing)} leaves the sites of the crystal, which melts or lets it diffuse: there is no "
            "Debye–Waller factor to divide out of what this is scattered from. Look at the map with that correction "
            "off, at a powder, or at a lower temperature."
        )
    return tuple(found)
