"""Harmonic phonons: relaxation, finite displacements, phonons over the Brillouin zone, then the steps of a sampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials
from scattering.options.harmonic import Harmonic
from scattering.simulate.force_constants import to_harmonic_crystal
from scattering.simulate.phonons import Stability, Zone
from workers import stages
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation
from workers.simulations.species import species_labels
from workers.simulations.steps.force_constants import Displaced, displace, sample_zone, stability_warnings
from workers.simulations.steps.relaxation import Relaxed, relax
from workers.simulations.steps.special_points import special_phonons

HarmonicT = TypeVar("HarmonicT", bound=Harmonic)


@dataclass(frozen=True, eq=False)
class Phonons:
    """A relaxed crystal with force constants, phonons over the Brillouin zone, and their stability."""

    relaxed: Relaxed
    displaced: Displaced
    zone: Zone
    stability: Stability


Scatter = Callable[
    [Simulation[HarmonicT], Phonons, Callable[[float], None]], tuple[Partials | CrystalPartials, tuple[Notice, ...]]
]
"""Function of a simulation, phonons and a progress function that returns partials and warnings."""


@dataclass(frozen=True)
class HarmonicWorkflow(Generic[HarmonicT]):
    """The workflow of one sampling.

    Attributes
    ----------
    stage
        Stage of the calculation of partials.
    part
        Name of this stage in the timings.
    scatter
        Function that calculates the partials.
    """

    stage: Notice
    part: str
    scatter: Scatter[HarmonicT]

    def run(self, simulation: Simulation[HarmonicT], *, progress: Progress) -> Outcome:
        """Make harmonic partials.

        Raises
        ------
        CannotPredict
            The structure is not stable in this potential, or has no real phonon.
        """
        watch, options, calculator = Stopwatch(), simulation.options, simulation.calculator()
        progress.stage(stages.RELAX, until=0.15)
        relaxed = relax(simulation.atoms, calculator, relax_cell=options.relax_cell, update=progress.update)
        watch.lap("relax")

        progress.stage(stages.DISPLACE_ATOMS, until=0.4)
        displaced = displace(
            relaxed.atoms,
            calculator,
            labels=simulation.labels,
            supercell=options.supercell,
            distance=options.displacement_angstrom,
            update=progress.update,
        )
        watch.lap("force_constants")

        progress.stage(stages.SAMPLE_ZONE, until=0.7)
        zone, stability = sample_zone(displaced.force_constants)
        watch.lap("zone")

        progress.stage(self.stage, until=0.97)
        phonons = Phonons(relaxed, displaced, zone, stability)
        partials, warnings = self.scatter(simulation, phonons, progress.update)
        watch.lap(self.part)
        return Outcome(
            replace(partials, harmonic_crystal=_harmonic_crystal(simulation, phonons)),
            (*relaxed.warnings, *stability_warnings(stability), *warnings),
            watch.seconds,
            {
                "largest_shift_angstrom": relaxed.largest_shift,
                "pressure_gpa": relaxed.pressure_gpa,
                "n_displacements": displaced.n_displacements,
                "force_constant_reach_angstrom": displaced.reach,
                "force_constant_at_edge": displaced.at_edge,
                "zone_divisions": list(zone.divisions),
                "lowest_energy_mev": stability.lowest_mev,
                "highest_energy_mev": stability.highest_mev,
                "imaginary_fraction": stability.imaginary_fraction,
                "special_phonons_mev": special_phonons(displaced.force_constants, simulation.atoms),
            },
        )


def _harmonic_crystal(simulation: Simulation[HarmonicT], phonons: Phonons) -> HarmonicCrystal:
    """Return the force constants with the names of the atoms, for views of the phonons later on."""
    sites = species_labels(simulation.atoms, resolve_sites=True)
    return to_harmonic_crystal(
        phonons.displaced.force_constants,
        uploaded_cell=phonons.relaxed.atoms.cell.array,
        species=phonons.displaced.labels,
        sites=[sites[atom] for atom in phonons.displaced.uploaded_atoms],
    )
