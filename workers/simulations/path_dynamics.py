"""The molecular dynamics of a single crystal: independent runs, correlated at k + G; harmonic dispersion beside them.

The same three steps as in `workers.simulations.powder_dynamics`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import PLANCK_MEV_FS
from scattering.core.notices import Notice
from scattering.crystal import correlation as crystal_correlation
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal import protocol as crystal_protocol
from scattering.crystal.partials import CrystalPartials, scattering_vectors
from scattering.crystal.path import BrillouinZone, SampledPath, Segment, brillouin_zone
from scattering.simulate import powder, protocol
from scattering.simulate.mobility import diffuses, mean_mobility
from scattering.simulate.path_integral import bead_warnings
from workers import stages
from workers.engines.interface import Workplace
from workers.progress import Progress
from workers.simulations.outcome import Outcome
from workers.simulations.path_analysis import CrystalSpectra, Target, correlate
from workers.simulations.simulation import Simulation
from workers.simulations.steps import preparation
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.integration import run_warnings, together, total_seconds
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import Replica, run_replica
from workers.stopwatch import Stopwatch

Spectra = CrystalSpectra


def prepare(simulation: Simulation, *, workplace: Workplace, progress: Progress) -> Prepared:
    """Bring the crystal to rest, and work out its harmonic dispersion along the path."""
    calculator = simulation.calculator()
    prepared = preparation.prepare(simulation, calculator, workplace=workplace, progress=progress, until=0.5)
    watch = Stopwatch()
    progress.stage(stages.DISPLACE_ATOMS, until=1.0)
    found = displace(
        prepared.atoms(simulation),
        calculator,
        labels=simulation.labels,
        supercell=simulation.options["force_constant_supercell"],
        distance=crystal_protocol.DISPLACEMENT,
        update=progress.update,
    )
    _, _, fine = _path(simulation, prepared)
    with warnings.catch_warnings():
        # The engine brings an OpenMP of its own; Euphonic then runs on one core and says so
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        dispersion = crystal_harmonic.dispersion(found.force_constants, prepared.cell, fine.wave_vectors)
    watch.lap("force_constants")
    return replace(prepared, dispersion=dispersion, seconds={**prepared.seconds, **watch.seconds})


def _symmetry(simulation: Simulation) -> BrillouinZone:
    atoms = simulation.atoms
    return brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)


def _path(simulation: Simulation, prepared: Prepared) -> tuple[tuple[Segment, ...], SampledPath, SampledPath]:
    """The path's segments, the waves of the supercell on it, and a fine sampling of it."""
    lines = crystal_protocol.path_of(simulation.options, _symmetry(simulation))
    return (lines, *crystal_protocol.sampled_path(simulation.options, lines, prepared.cell))


def _target(simulation: Simulation, prepared: Prepared) -> Target:
    supercell, labels = prepared.supercell(simulation), np.array(simulation.labels * simulation.n_cells)
    _, path, _ = _path(simulation, prepared)
    zones = np.array(simulation.options["zones"], dtype=np.int64)
    reached = np.linalg.norm(scattering_vectors(prepared.cell, path.wave_vectors, zones), axis=-1).max()
    return Target(
        symmetry=_symmetry(simulation),
        cell=prepared.cell,
        sites=supercell.positions,
        groups=tuple(np.flatnonzero(labels == one) for one in sorted(set(simulation.labels))),
        wave_vectors=path.wave_vectors,
        zones=zones,
        q=powder.shells(float(reached)),
        highest_energy=min(
            protocol.dynamics(supercell.numbers).highest_mev,
            0.9 * protocol.nyquist_energy(simulation.options["sample_fs"]),
        ),
    )


def replica(
    simulation: Simulation, prepared: Prepared, number: int, *, workplace: Workplace, progress: Progress
) -> Replica:
    """Run one replica and turn it into spectra along the path, as `steps.replica.run_replica` says."""
    target = _target(simulation, prepared)

    def of_stretch(stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]) -> Spectra:
        return correlate(stretch, target, options=simulation.options, seed=seed, update=update)

    def tensors(moved: NDArray[np.float32]) -> NDArray[np.float64]:
        rotations = target.symmetry.rotations_cartesian
        return np.array([crystal_correlation.mean_square_displacements(moved, one, rotations) for one in target.groups])

    return run_replica(
        simulation,
        prepared,
        number,
        groups=dict(zip(sorted(set(simulation.labels)), target.groups, strict=True)),
        correlate=of_stretch,
        tensors=tensors,
        workplace=workplace,
        progress=progress,
    )


def combine(simulation: Simulation, prepared: Prepared, replicas: Sequence[Replica]) -> Outcome:
    """Average the replicas, and keep each of them for the statistical error."""
    options, target = simulation.options, _target(simulation, prepared)
    lines, path, fine = _path(simulation, prepared)
    n_atoms, species = len(target.sites), tuple(sorted(set(simulation.labels)))
    seconds = total_seconds([one.seconds for one in replicas], options, n_atoms=n_atoms)
    seen = together([one.seen for one in replicas])
    spacing = (prepared.supercell(simulation).get_volume() / n_atoms) ** (1 / 3)
    moves = [mean_mobility([one.mobilities[label] for one in replicas]) for label in species]
    diffusing = [label for label, moved in zip(species, moves, strict=True) if diffuses(moved, spacing)]
    assert prepared.dispersion is not None
    partials = _partials(
        replicas, target, path, fine, prepared.dispersion, species, simulation.temperature,
        {
            "method": "trpmd" if protocol.n_beads(options) > 1 else "md",
            "n_atoms": n_atoms,
            "energy_resolution_mev": PLANCK_MEV_FS / (options["correlation_ps"] * 1e3),
            "diffusing": diffusing,
        },
    )  # fmt: skip
    missing = crystal_protocol.missing_segments(lines, options["supercell"])
    return Outcome(
        partials,
        (
            *prepared.warnings,
            *run_warnings(seen, simulation.temperature),
            *bead_warnings(protocol.n_beads(options), float(prepared.dispersion.max()), simulation.temperature),
            *_warnings(diffusing, missing),
        ),
        {**prepared.seconds, **seconds},
        {
            **prepared.findings,
            "n_atoms": n_atoms,
            "n_wave_vectors": len(path.wave_vectors),
            "lowest_energy_mev": float(prepared.dispersion.min()),
            "highest_energy_mev": float(prepared.dispersion.max()),
            **seen,
        },
    )


def _partials(
    replicas: Sequence[Replica],
    target: Target,
    path: SampledPath,
    fine: SampledPath,
    dispersion: NDArray[np.float64],
    species: tuple[str, ...],
    temperature: float,
    metadata: dict[str, Any],
) -> CrystalPartials:
    runs = [spectra for one in replicas for spectra in one.spectra]
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
        displacements=np.mean([one.tensors for one in replicas if one.tensors is not None], axis=0),
        dispersion_distance=fine.distance,
        dispersion=dispersion,
        temperature=temperature,
        statistics="kubo" if metadata["method"] == "trpmd" else "classical",
        metadata=metadata,
        coherent_runs=coherent if len(runs) > 1 else None,
        incoherent_runs=incoherent if len(runs) > 1 else None,
    )


def _warnings(diffusing: Sequence[str], missing: Sequence[str]) -> tuple[Notice, ...]:
    found = []
    if missing:
        found.append(Notice("segments_with_few_waves", {"segments": list(missing)}))
    if diffusing:
        found.append(Notice("no_debye_waller_factor", {"species": list(diffusing)}))
    return tuple(found)
