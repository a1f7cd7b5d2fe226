"""The molecular-dynamics workflow of a single crystal: a run, its correlations at k + G, and harmonic dispersion."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.io.trajectory import TrajectoryReader
from numpy.typing import NDArray

from scattering import crystal_correlation, crystal_harmonic, crystal_protocol, intermediate, protocol
from scattering.constants import PLANCK_MEV_FS
from scattering.crystal_partials import CrystalPartials
from scattering.crystal_path import BrillouinZone, SampledPath, brillouin_zone
from workers import molecular_dynamics
from workers.crystal_harmonic import lengths_axis, species_labels
from workers.force_constants import displace
from workers.outcome import Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.stopwatch import Stopwatch

SELF_STEP: Final = 0.4
"""Å⁻¹. Between the |q| of the self part, of which S/q² is interpolated."""
BLOCK_BYTES: Final = 128e6
"""Of correlations that are worked on at once."""
FRAMES_AT_ONCE: Final = 256


def displacements(path: Path, sites: NDArray[np.float64], folder: Path) -> NDArray[np.float32]:
    """Read a trajectory as displacements from sites: shape (n_atoms, 3, n_frames), Å, mapped from a file."""
    with TrajectoryReader(str(path)) as frames:
        n_frames = len(frames)
        mapped = np.memmap(folder / "displacements", np.float32, "w+", shape=(*sites.shape, n_frames))
        for begin in range(0, n_frames, FRAMES_AT_ONCE):
            rows = range(begin, min(begin + FRAMES_AT_ONCE, n_frames))
            mapped[:, :, begin : rows.stop] = np.stack([frames[row].positions - sites for row in rows], axis=-1)
    return mapped


def _blocks(count: NDArray[np.int64], bytes_each: float) -> Iterator[slice]:
    """Cut wave vectors into blocks whose correlations fit `BLOCK_BYTES`."""
    begin, held = 0, 0.0
    for k, waves in enumerate(count):
        if held and held + waves * bytes_each > BLOCK_BYTES:
            yield slice(begin, k)
            begin, held = k, 0.0
        held += waves * bytes_each
    yield slice(begin, len(count))


def coherent_spectra(
    moved: NDArray[np.float32],
    sites: NDArray[np.float64],
    groups: Sequence[NDArray[np.int64]],
    *,
    symmetry: BrillouinZone,
    cell: NDArray[np.float64],
    path: SampledPath,
    zones: NDArray[np.int64],
    options: Mapping[str, Any],
    highest_energy: float,
    update: Callable[[float], None],
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Coherent spectra at k + G, averaged over equivalent waves: energies, and (n_pairs, n_zones, n_k, n_energy)."""
    n_lags = round(options["correlation_ps"] * 1e3 / options["sample_fs"]) + 1
    n_pairs = len(groups) * (len(groups) + 1) // 2
    parts, energy = list[NDArray[np.float32]](), np.empty(0)
    waves = np.array(
        [len(symmetry.arms(k, options["supercell"], crystal_protocol.MAX_ARMS)) for k in path.wave_vectors]
    )
    for block in _blocks(waves, 8 * n_pairs * n_lags * len(zones)):

        def within(share: float, block: slice = block) -> None:
            update((block.start + share * (block.stop - block.start)) / len(waves))

        vectors, count = crystal_correlation.equivalent_vectors(
            symmetry,
            cell,
            path.wave_vectors[block],
            zones,
            supercell=options["supercell"],
            most=crystal_protocol.MAX_ARMS,
        )
        correlation = intermediate.collective_functions(
            moved,
            sites,
            groups,
            vectors,
            n_lags,
            update=within,
        )
        energy, spectrum = crystal_correlation.decaying_spectrum(
            crystal_correlation.average_equivalent(correlation, count, len(zones)),
            time_step=options["sample_fs"],
            energy_step=protocol.ENERGY_STEP_MEV,
            highest_energy=highest_energy,
        )
        parts.append(spectrum)
    return energy, np.concatenate(parts, axis=2)


def self_spectra(
    moved: NDArray[np.float32],
    groups: Sequence[NDArray[np.int64]],
    *,
    q: NDArray[np.float64],
    options: Mapping[str, Any],
    highest_energy: float,
    update: Callable[[float], None],
) -> NDArray[np.float32]:
    """Self part on |q|, per atom of the sample: shape (n_species, n_q, n_energy).

    Averaged over the directions x, y and z, which is exact for what is quadratic in q.
    """
    n_lags = round(options["correlation_ps"] * 1e3 / options["sample_fs"]) + 1
    points = (q[:, None, None] * np.eye(3)).reshape(-1, 3)
    correlation = intermediate.self_functions(moved, groups, points, n_lags, update=update)
    _, spectrum = crystal_correlation.decaying_spectrum(
        correlation.reshape(len(groups), len(q), 3, n_lags).mean(axis=2),
        time_step=options["sample_fs"],
        energy_step=protocol.ENERGY_STEP_MEV,
        highest_energy=highest_energy,
    )
    shares = np.array([len(group) for group in groups]) / len(moved)
    return np.asarray(spectrum * shares[:, None, None].astype(np.float32))


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
        As `scattering.crystal_protocol.fill_options` returns them.
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

    progress.stage("displacing atoms", until=0.04)
    labels = species_labels(atoms, options)
    cell, zones = relaxed.atoms.cell.array, np.array(options["zones"], dtype=np.int64)
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
    sites = supercell.positions.copy()
    supercell.calc = calculator
    evaluations = options["equilibration_ps"] / (options["equilibration_ps"] + options["production_ps"])
    progress.stage("thermalising", until=0.04 + 0.76 * evaluations)
    molecular_dynamics._thermalise(supercell, options, temperature, progress)
    watch.lap("equilibration")

    progress.stage("running molecular dynamics", until=0.8)
    trajectory = folder / "trajectory.traj"
    seen = molecular_dynamics._produce(supercell, trajectory, options, progress)
    watch.lap("production")
    md_s = watch.seconds["equilibration_s"] + watch.seconds["production_s"]
    steps = (options["equilibration_ps"] + options["production_ps"]) * 1e3 / options["timestep_fs"]
    watch.seconds["atom_steps_per_second"] = len(supercell) * steps / md_s

    progress.stage("correlating positions", until=0.98)
    moved = displacements(trajectory, sites, folder)
    of_atom = np.array(labels * (len(supercell) // len(labels)))
    species = tuple(sorted(set(labels)))
    groups = [np.flatnonzero(of_atom == one) for one in species]
    highest_energy = min(
        protocol.dynamics(atoms.numbers).highest_mev, 0.9 * protocol.nyquist_energy(options["sample_fs"])
    )
    energy, coherent = coherent_spectra(
        moved,
        sites,
        groups,
        symmetry=symmetry,
        cell=cell,
        path=path,
        zones=zones,
        options=options,
        highest_energy=highest_energy,
        update=lambda share: progress.update(share / 2),
    )
    q = lengths_axis(cell, path, zones, SELF_STEP)
    incoherent = self_spectra(
        moved,
        groups,
        q=q,
        options=options,
        highest_energy=highest_energy,
        update=lambda share: progress.update((1 + share) / 2),
    )
    partials = CrystalPartials(
        cell=cell,
        wave_vectors=path.wave_vectors,
        distance=path.distance,
        labels=path.labels,
        ticks=path.ticks,
        zones=zones,
        energy=energy,
        species=species,
        concentration=np.array([len(group) / len(supercell) for group in groups]),
        coherent=coherent,
        q=q,
        incoherent=incoherent,
        displacements=np.array(
            [
                crystal_correlation.mean_square_displacements(moved, group, symmetry.rotations_cartesian)
                for group in groups
            ]
        ),
        dispersion_distance=fine.distance,
        dispersion=dispersion,
        temperature=temperature,
        statistics="classical",
        metadata={
            "method": "md",
            "n_atoms": len(supercell),
            "energy_resolution_mev": PLANCK_MEV_FS / (options["correlation_ps"] * 1e3),
        },
    )
    watch.lap("analysis")
    missing = crystal_protocol.missing_segments(lines, options["supercell"])
    return Outcome(
        partials,
        (*relaxed.warnings, *molecular_dynamics._warnings(seen, temperature), *_missing_warnings(missing)),
        watch.seconds,
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


def _missing_warnings(missing: Sequence[str]) -> tuple[str, ...]:
    if not missing:
        return ()
    return (f"The supercell has fewer than two waves on {', '.join(missing)}: choose other repeats to see more of it.",)
