"""The harmonic workflow: relax, finite displacements, phonons, partials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from scattering.core import energy_axis
from scattering.core.notices import Notice
from scattering.simulate import harmonic, protocol
from workers import stages
from workers.progress import Progress
from workers.simulations.outcome import Outcome
from workers.simulations.steps.force_constants import displace, sample_zone, stability_warnings
from workers.simulations.steps.relaxation import relax
from workers.simulations.steps.special_points import special_phonons
from workers.simulations.steps.species import species_labels
from workers.stopwatch import Stopwatch

LARGE_REMAINDER = 0.1
"""Share of the scattering that lies beyond the last order from which on the user is told."""


def run(
    atoms: Atoms, calculator: Calculator, *, options: Mapping[str, Any], temperature: float, progress: Progress
) -> Outcome:
    """Make harmonic partials.

    Parameters
    ----------
    atoms
        The uploaded cell.
    calculator
        The potential.
    options
        As `scattering.simulate.protocol.fill_options` returns them.
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

    progress.stage(stages.DISPLACE_ATOMS, until=0.4)
    found = displace(
        relaxed.atoms,
        calculator,
        labels=species_labels(atoms, resolve_sites=options["resolve_sites"]),
        supercell=options["supercell"],
        distance=options["displacement_angstrom"],
        update=progress.update,
    )
    watch.lap("force_constants")

    progress.stage(stages.SAMPLE_ZONE, until=0.7)
    zone, stability = sample_zone(found.force_constants)
    watch.lap("zone")

    progress.stage(stages.POWDER_AVERAGE, until=0.97)
    q = protocol.Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / protocol.Q_STEP) + 1)
    energy = energy_axis.bins(
        end=options["energy_max_mev"],
        highest=stability.highest_mev,
        n_species=len(set(found.labels)),
        n_orders=options["n_orders"],
        n_q=len(q),
    )
    predicted = harmonic.predict(
        zone,
        labels=found.labels,
        q=q,
        energy=energy,
        temperature=temperature,
        n_orders=options["n_orders"],
        seed=options["seed"],
        progress=progress.update,
        metadata={"method": "harmonic", "energy_resolution_mev": float(energy[1])},
    )
    watch.lap("powder")
    return Outcome(
        predicted.partials,
        (*relaxed.warnings, *stability_warnings(stability), *_remainder_warnings(predicted)),
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


def _remainder_warnings(predicted: harmonic.Prediction) -> tuple[Notice, ...]:
    """Return the warning that much of the scattering is of orders that were not asked for, and from which |q| on."""
    partials, from_q = predicted.partials, {}
    for species, beyond in zip(partials.species, predicted.beyond, strict=True):
        # It grows with q
        if beyond[-1] > LARGE_REMAINDER:
            from_q[species] = float(partials.q[beyond > LARGE_REMAINDER][0])
    if not from_q:
        return ()
    params = {
        "n_orders": partials.n_orders,
        "max_n_orders": protocol.MAX_ORDERS,
        "fraction": LARGE_REMAINDER,
        "from_q_inv_angstrom": from_q,
    }
    return (Notice("higher_orders_missing", params),)
