"""Harmonic phonons: force constants, phonons over the Brillouin zone, then the steps of a sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from euphonic import ForceConstants

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import species_masses
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.core.polarity import is_polar
from scattering.crystal.partials import CrystalPartials
from scattering.crystal.path import GAMMA
from scattering.modes.special_points import highest_at_gamma
from scattering.options.harmonic import Harmonic
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.phonons import Stability, Zone
from workers import stages
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import KeptForces, Simulation
from workers.simulations.species import species_labels
from workers.simulations.steps.force_constants import displace, sample_zone, stability_warnings
from workers.simulations.steps.relaxation import relax
from workers.simulations.steps.special_points import special_phonons

HarmonicT = TypeVar("HarmonicT", bound=Harmonic)


@dataclass(frozen=True, eq=False)
class Forces:
    """Force constants of a relaxed crystal.

    Attributes
    ----------
    force_constants
        Force constants of the primitive cell, in the axes of the uploaded cell, with the masses of the simulation.
    crystal
        The same, as they are stored, with the species and the site of each atom.
    warnings, findings
        Warnings and findings about the relaxation and the force constants.
    """

    force_constants: ForceConstants
    crystal: HarmonicCrystal
    warnings: tuple[Notice, ...]
    findings: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Phonons:
    """Force constants, phonons over the Brillouin zone, and their stability."""

    forces: Forces
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
        """Make harmonic partials, from new force constants or from those of another prediction.

        Raises
        ------
        CannotPredict
            The structure is not stable in this potential, or has no real phonon.
        """
        watch = Stopwatch()
        if simulation.kept is None:
            forces = _calculate_forces(simulation, watch, progress)
        else:
            forces = _kept_forces(simulation, simulation.kept)

        progress.stage(stages.SAMPLE_ZONE, until=0.7)
        zone, stability = sample_zone(forces.force_constants)
        watch.lap("zone")

        progress.stage(self.stage, until=0.97)
        partials, warnings = self.scatter(simulation, Phonons(forces, zone, stability), progress.update)
        watch.lap(self.part)
        crystal = forces.crystal
        special = special_phonons(forces.force_constants, simulation.atoms)
        return Outcome(
            replace(partials, harmonic_crystal=crystal),
            (
                *forces.warnings,
                *stability_warnings(stability),
                *_missing_modes(simulation, crystal, special),
                *warnings,
            ),
            watch.seconds,
            {
                **forces.findings,
                "zone_divisions": list(zone.divisions),
                "lowest_energy_mev": stability.lowest_mev,
                "highest_energy_mev": stability.highest_mev,
                "imaginary_fraction": stability.imaginary_fraction,
                "special_phonons_mev": special,
                **_split_modes(crystal, forces.force_constants),
            },
        )


def _split_modes(crystal: HarmonicCrystal, fc: ForceConstants) -> dict[str, Any]:
    """Return the energies of LO modes at Γ, for a crystal with Born charges."""
    if crystal.dipoles is None:
        return {}
    return {"gamma_lo_mev": highest_at_gamma(fc, crystal.repeats)}


def _missing_modes(
    simulation: Simulation[HarmonicT], crystal: HarmonicCrystal, special: Mapping[str, Sequence[float]]
) -> tuple[Notice, ...]:
    """Return a warning if the LO modes of a polar crystal are missing, with the highest energy at Γ without them."""
    if crystal.dipoles is not None or not is_polar(crystal.symbols):
        return ()
    at_gamma = special.get(GAMMA)
    params = {"of_potential": simulation.potential is not None, "highest_gamma_mev": at_gamma[-1] if at_gamma else None}
    return (Notice("no_nac", params),)


def _calculate_forces(simulation: Simulation[HarmonicT], watch: Stopwatch, progress: Progress) -> Forces:
    """Relax the crystal, and calculate its force constants."""
    options, calculator = simulation.options, simulation.calculator()
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
    sites = species_labels(simulation.atoms, resolve_sites=True)
    crystal = displaced.crystal(relaxed.atoms.cell.array, sites=sites)
    return Forces(
        displaced.force_constants,
        crystal,
        relaxed.warnings,
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_displacements": displaced.n_displacements,
            "force_constant_reach_angstrom": displaced.reach,
            "force_constant_at_edge": displaced.at_edge,
        },
    )


def _kept_forces(simulation: Simulation[HarmonicT], kept: KeptForces) -> Forces:
    """Return force constants of another prediction or of a source, with the masses of this prediction."""
    crystal = kept.crystal
    if not kept.has_masses:
        crystal = replace(crystal, masses=species_masses(crystal.sites, simulation.isotopes))
    if not simulation.options.uses_born_charges:
        crystal = replace(crystal, dipoles=None)
    crystal = replace(crystal, species=crystal.sites if simulation.options.resolve_sites else crystal.symbols)
    return Forces(to_force_constants(crystal), crystal, kept.warnings, kept.findings)
