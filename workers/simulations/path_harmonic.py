"""The harmonic workflow of a single crystal: relax, finite displacements, phonons along a path in many zones."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core import energy_axis
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal import protocol as crystal_protocol
from scattering.crystal.partials import scattering_vectors
from scattering.crystal.path import SampledPath, brillouin_zone
from scattering.simulate import protocol
from workers import stages
from workers.progress import Progress
from workers.simulations.outcome import Outcome
from workers.simulations.steps.force_constants import displace, sample_zone, stability_warnings
from workers.simulations.steps.relaxation import relax
from workers.simulations.steps.special_points import special_phonons
from workers.simulations.steps.species import species_labels
from workers.stopwatch import Stopwatch


def lengths_axis(
    cell: NDArray[np.float64], path: SampledPath, zones: NDArray[np.int64], step: float
) -> NDArray[np.float64]:
    """|q| from one step to beyond the longest k + G, shape (n_q,), Å⁻¹: where the self part is needed."""
    longest = float(np.linalg.norm(scattering_vectors(cell, path.wave_vectors, zones), axis=-1).max())
    return np.asarray(step * np.arange(1, max(2, int(np.ceil(longest / step))) + 1))


def run(
    atoms: Atoms, calculator: Calculator, *, options: Mapping[str, Any], temperature: float, progress: Progress
) -> Outcome:
    """Make harmonic partials of a single crystal.

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

    Raises
    ------
    CannotPredict
        The potential does not hold the structure, or leaves it no real phonon.
    """
    watch = Stopwatch()
    progress.stage(stages.RELAX, until=0.15)
    relaxed = relax(atoms, calculator, relax_cell=options["relax_cell"], update=progress.update)
    watch.lap("relax")

    progress.stage(stages.DISPLACE_ATOMS, until=0.5)
    found = displace(
        relaxed.atoms,
        calculator,
        labels=species_labels(atoms, resolve_sites=options["resolve_sites"]),
        supercell=options["supercell"],
        distance=options["displacement_angstrom"],
        update=progress.update,
    )
    watch.lap("force_constants")

    progress.stage(stages.SAMPLE_ZONE, until=0.8)
    zone, stability = sample_zone(found.force_constants)
    watch.lap("zone")

    progress.stage(stages.SAMPLE_PATH, until=0.97)
    symmetry = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    cell, zones = relaxed.atoms.cell.array, np.array(options["zones"], dtype=np.int64)
    path, fine = crystal_protocol.sampled_path(options, crystal_protocol.path_of(options, symmetry), cell)
    end = max(options["energy_max_mev"], energy_axis.HEADROOM * stability.highest_mev)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        partials = crystal_harmonic.predict(
            found.force_constants,
            zone,
            cell=cell,
            path=path,
            fine=fine,
            zones=zones,
            labels=found.labels,
            q=lengths_axis(cell, path, zones, protocol.Q_STEP),
            energy=protocol.ENERGY_STEP_MEV * np.arange(round(end / protocol.ENERGY_STEP_MEV) + 1),
            temperature=temperature,
            n_orders=options["n_orders"],
            progress=progress.update,
            metadata={"method": "harmonic", "energy_resolution_mev": protocol.ENERGY_STEP_MEV},
        )
    watch.lap("path")
    return Outcome(
        partials,
        (*relaxed.warnings, *stability_warnings(stability)),
        watch.seconds,
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_displacements": found.n_displacements,
            "force_constant_reach_angstrom": found.reach,
            "force_constant_at_edge": found.at_edge,
            "zone_divisions": list(zone.divisions),
            "lowest_energy_mev": stability.lowest_mev,
            "highest_energy_mev": stability.highest_mev,
            "imaginary_fraction": stability.imaginary_fraction,
            "special_phonons_mev": special_phonons(found.force_constants, atoms),
        },
    )
