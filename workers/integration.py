"""Run atoms: bring them to a temperature, then let them go at constant energy and record where they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from numpy.typing import NDArray

from scattering import protocol
from workers.outcome import CannotPredict

FRICTION_PER_FS: Final = 0.02
"""Langevin: a vibration of more than 7 meV forgets its energy within 50 fs; a slower one is overdamped, and takes
longer the slower it is (2 ps at 2 meV)."""
DRIFT_MEV: Final = 2.0
"""Energy drift per atom over the production that a time step should not exceed."""
BUFFER: Final = 64 * 2**20
"""Bytes of frames collected before they are written: a frame alone would touch a page of the file for every atom."""


def thermalise(
    atoms: Atoms, options: Mapping[str, Any], temperature: float, *, seed: int, update: Callable[[float], None]
) -> None:
    """Bring atoms at rest to a temperature, in place.

    Parameters
    ----------
    atoms
        At their sites, with a calculator.
    options
        As `scattering.protocol.fill_options` returns them.
    temperature
        Kelvin.
    seed
        Of velocities and thermostat.
    update
        Called with the share that is done.
    """
    rng = np.random.default_rng(seed)
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
        update(step / max(steps, 1))
    Stationary(atoms)
    _check(atoms)


def _check(atoms: Atoms) -> None:
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.get_kinetic_energy()):
        raise CannotPredict("The atoms flew apart: take a shorter time step, or a potential that knows this material.")


class _Recorder:
    """Writes displacements from sites, some frames at a time, so that each atom's are in one piece on disk.

    Single precision resolves 1e-7 of a displacement, far less than what a time step is wrong by.
    """

    def __init__(self, path: Path, sites: NDArray[np.float64], n_frames: int) -> None:
        shape = (*sites.shape, n_frames)
        self.displacements: NDArray[np.float32] = np.lib.format.open_memmap(path, mode="w+", dtype="f4", shape=shape)
        self._sites, self._written, self._filled = sites, 0, 0
        self._buffer = np.empty((*sites.shape, max(1, min(n_frames, BUFFER // (4 * sites.size)))), dtype=np.float32)

    def add(self, positions: NDArray[np.float64]) -> None:
        self._buffer[..., self._filled] = positions - self._sites
        self._filled += 1
        if self._filled == self._buffer.shape[-1]:
            self.flush()

    def flush(self) -> None:
        end = self._written + self._filled
        self.displacements[..., self._written : end] = self._buffer[..., : self._filled]
        self._written, self._filled = end, 0


def produce(
    atoms: Atoms,
    options: Mapping[str, Any],
    *,
    sites: NDArray[np.float64],
    path: Path,
    update: Callable[[float], None],
) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Run at constant energy, writing the positions to disk as they come.

    Parameters
    ----------
    atoms
        With velocities and a calculator; moved in place.
    options
        As `scattering.protocol.fill_options` returns them.
    sites
        Shape (n_atoms, 3), Å: what displacements count from.
    path
        The file.
    update
        Called with the share that is done.

    Returns
    -------
    Displacements, shape (n_atoms, 3, n_frames), Å, unwrapped, mapped from the file; and what was seen on the way.
    """
    every = round(options["sample_fs"] / options["timestep_fs"])
    steps = round(options["production_ps"] * 1e3 / options["timestep_fs"])
    recorder = _Recorder(path, sites, steps // every + 1)
    start, temperatures = atoms.positions.copy(), []
    md = VelocityVerlet(atoms, options["timestep_fs"] * units.fs)
    first = last = atoms.get_total_energy()
    displacement = np.zeros(len(atoms))
    for step, _ in enumerate(md.irun(steps)):
        if step % every:
            continue
        recorder.add(atoms.positions)
        temperatures.append(atoms.get_temperature())
        displacement = np.maximum(displacement, np.linalg.norm(atoms.positions - start, axis=1))
        if not math.isfinite(last := atoms.get_total_energy()):
            _check(atoms)
        update(step / steps)
    recorder.flush()
    _check(atoms)
    return recorder.displacements, {
        "temperature_k": float(np.mean(temperatures)),
        "energy_drift_mev_per_atom": float(1e3 * (last - first) / len(atoms)),
        "largest_displacement_angstrom": float(displacement.max()),
    }


def run_warnings(seen: Mapping[str, float], temperature: float) -> tuple[str, ...]:
    """Say what is wrong with a run, from what was seen on the way."""
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


def together(seen: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What was seen in all replicas: the mean temperature, the largest drift and displacement."""
    return {
        "temperature_k": float(np.mean([one["temperature_k"] for one in seen])),
        "energy_drift_mev_per_atom": max((one["energy_drift_mev_per_atom"] for one in seen), key=abs),
        "largest_displacement_angstrom": max(one["largest_displacement_angstrom"] for one in seen),
    }


def total_seconds(
    of_replicas: Sequence[Mapping[str, float]], options: Mapping[str, Any], *, n_atoms: int
) -> dict[str, float]:
    """Add up what the parts of all replicas took, and say how many atom-steps a second that makes: of beads, each."""
    seconds = {part: sum(one[part] for one in of_replicas) for part in of_replicas[0]}
    steps = len(of_replicas) * (options["equilibration_ps"] + options["production_ps"]) * 1e3 / options["timestep_fs"]
    atom_steps = n_atoms * protocol.n_beads(options) * steps
    seconds["atom_steps_per_second"] = atom_steps / (seconds["equilibration_s"] + seconds["production_s"])
    return seconds
