"""Harmonic phonons of a single crystal: along a path, in many Brillouin zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core import energy_axis
from scattering.core.notices import Notice
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.partials import CrystalPartials, scattering_vectors
from scattering.crystal.path import SampledPath, brillouin_zone
from scattering.options.path import PathHarmonic
from scattering.simulate import protocol
from workers import stages
from workers.simulations.harmonic import HarmonicWorkflow, Phonons
from workers.simulations.simulation import Simulation
from workers.simulations.species import atom_types


def lengths_axis(
    cell: NDArray[np.float64], path: SampledPath, zones: NDArray[np.int64], step: float
) -> NDArray[np.float64]:
    """Return the |q| of the self part, shape (n_q,), Å⁻¹: from one step to beyond the longest k + G."""
    longest = float(np.linalg.norm(scattering_vectors(cell, path.wave_vectors, zones), axis=-1).max())
    return np.asarray(step * np.arange(1, max(2, int(np.ceil(longest / step))) + 1))


def _follow_path(
    simulation: Simulation[PathHarmonic], phonons: Phonons, update: Callable[[float], None]
) -> tuple[CrystalPartials, tuple[Notice, ...]]:
    atoms, options = simulation.atoms, simulation.options
    symmetry = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atom_types(atoms))
    cell, zones = phonons.forces.crystal.uploaded_cell, np.array(options.zones, dtype=np.int64)
    lines = options.lines(symmetry)
    polar = phonons.forces.force_constants.born is not None
    path = options.sample_path(lines, cell, split_gamma=polar)
    end = max(options.energy_max_mev, energy_axis.MIN_END_RATIO * phonons.stability.highest_mev)
    partials = crystal_harmonic.predict(
        phonons.forces.force_constants,
        phonons.zone,
        cell=cell,
        path=path,
        fine=options.sample_dispersion(lines, cell, split_gamma=polar),
        zones=zones,
        labels=phonons.forces.crystal.species,
        q=lengths_axis(cell, path, zones, protocol.Q_STEP),
        energy=np.asarray(protocol.ENERGY_STEP_MEV * np.arange(round(end / protocol.ENERGY_STEP_MEV) + 1)),
        temperature=simulation.temperature,
        n_orders=options.n_orders,
        progress=update,
        metadata={"method": options.METHOD, "energy_resolution_mev": options.energy_resolution_mev},
    )
    return partials, ()


WORKFLOW: Final = HarmonicWorkflow(stages.SAMPLE_PATH, "path", _follow_path)
