"""The molecular-dynamics workflow: relax, supercell, thermalise, produce, correlate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.io.trajectory import TrajectoryWriter
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet

from scattering import correlation, protocol
from workers.analysis import correlate
from workers.outcome import CannotPredict, Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.stopwatch import Stopwatch

FRICTION_PER_FS = 0.02
"""Langevin: forgets the start within 50 fs, so that an equilibration of a picosecond is one."""
DRIFT_MEV = 2.0
"""Energy drift per atom over the production that a time step should not exceed."""


def _thermalise(atoms: Atoms, options: Mapping[str, Any], temperature: float, progress: Progress) -> None:
    rng = np.random.default_rng(options["seed"])
    # Half of it goes into the potential energy at once
    thermalize_momenta(atoms, temperature_K=2 * temperature, exact_temperature=True, rng=rng)
    Stationary(atoms)
    md = Langevin(
        atoms,
        options["timestep_fs"] * units.fs,
        temperature_K=temperature,
        friction=FRICTION_PER_FS / units.fs,
        fixcm=False,
        rng=rng,
    )
    steps = round(options["equilibration_ps"] * 1e3 / options["timestep_fs"])
    for step, _ in enumerate(md.irun(steps)):
        progress.update(step / max(steps, 1))
    Stationary(atoms)
    _check(atoms)


def _check(atoms: Atoms) -> None:
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.get_kinetic_energy()):
        raise CannotPredict("The atoms flew apart: take a shorter time step, or a potential that knows this material.")


def _produce(atoms: Atoms, path: Path, options: Mapping[str, Any], progress: Progress) -> dict[str, float]:
    """Run at constant energy, writing the positions as they come, and return what was seen on the way."""
    every = round(options["sample_fs"] / options["timestep_fs"])
    steps = round(options["production_ps"] * 1e3 / options["timestep_fs"])
    frame = Atoms(numbers=atoms.numbers, cell=atoms.cell, pbc=True)
    start, temperatures = atoms.positions.copy(), []
    md = VelocityVerlet(atoms, options["timestep_fs"] * units.fs)
    first = last = atoms.get_total_energy()
    displacement = np.zeros(len(atoms))
    with TrajectoryWriter(str(path), mode="w", properties=[]) as trajectory:
        for step, _ in enumerate(md.irun(steps)):
            if step % every:
                continue
            frame.positions = atoms.positions
            trajectory.write(frame)
            temperatures.append(atoms.get_temperature())
            displacement = np.maximum(displacement, np.linalg.norm(atoms.positions - start, axis=1))
            if not math.isfinite(last := atoms.get_total_energy()):
                _check(atoms)
            progress.update(step / steps)
    _check(atoms)
    return {
        "temperature_k": float(np.mean(temperatures)),
        "energy_drift_mev_per_atom": float(1e3 * (last - first) / len(atoms)),
        "largest_displacement_angstrom": float(displacement.max()),
    }


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
    supercell.calc = calculator
    evaluations = options["equilibration_ps"] / (options["equilibration_ps"] + options["production_ps"])
    progress.stage("thermalising", until=0.02 + 0.73 * evaluations)
    _thermalise(supercell, options, temperature, progress)
    watch.lap("equilibration")

    progress.stage("running molecular dynamics", until=0.75)
    path = folder / "trajectory.traj"
    seen = _produce(supercell, path, options, progress)
    watch.lap("production")
    md_s = watch.seconds["equilibration_s"] + watch.seconds["production_s"]
    steps = (options["equilibration_ps"] + options["production_ps"]) * 1e3 / options["timestep_fs"]
    watch.seconds["atom_steps_per_second"] = len(supercell) * steps / md_s

    progress.stage("correlating positions", until=0.98)
    correlations = correlate(path, supercell, options, progress.update)
    symbols = np.array(supercell.get_chemical_symbols())
    partials = correlation.classical_partials(
        coherent=correlations.coherent,
        incoherent=correlations.incoherent,
        coherent_q_points=correlations.coherent_q_points,
        incoherent_q_points=correlations.incoherent_q_points,
        time_step=options["sample_fs"],
        q=protocol.Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / protocol.Q_STEP) + 1),
        energy_step=protocol.ENERGY_STEP_MEV,
        highest_energy=min(
            protocol.dynamics(atoms.numbers).highest_mev, 0.9 * protocol.nyquist_energy(options["sample_fs"])
        ),
        concentration={symbol: float((symbols == symbol).mean()) for symbol in sorted({*atoms.get_chemical_symbols()})},
        # The ensemble is that of the run; a finite system at constant energy strays a little from what was asked for
        temperature=temperature,
        metadata={"method": "md", "n_atoms": len(supercell), "n_windows": correlations.n_windows},
    )
    watch.lap("analysis")
    return Outcome(
        partials,
        (*relaxed.warnings, *_warnings(seen, temperature)),
        watch.seconds,
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_atoms": len(supercell),
            **seen,
        },
    )


def _warnings(seen: Mapping[str, float], temperature: float) -> tuple[str, ...]:
    found = []
    if abs(seen["energy_drift_mev_per_atom"]) > DRIFT_MEV:
        found.append(
            f"The energy drifted by {seen['energy_drift_mev_per_atom']:.1f} meV an atom: choose a shorter time step."
        )
    if abs(seen["temperature_k"] / temperature - 1) > 0.1:
        found.append(
            f"The run settled at {seen['temperature_k']:.0f} K instead of {temperature:.0f} K: "
            "choose a longer equilibration or a larger supercell."
        )
    return tuple(found)
