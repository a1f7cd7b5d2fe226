"""Labels from force constants: the forces of the base potential with the harmonic part of a reference.

A structure with the displacements u from the sites has the forces F_base(u) − (Φ_reference − Φ_base) u, the energy that
belongs to them, and the stress of the base. So a potential that is fitted to them has the phonons of the reference, and
keeps the anharmonicity, the elasticity and the lattice constant of the base. Labels of −Φ_reference u alone erase
these: the Grüneisen parameter of silicon became 0.05.

These are the forces of dynamics with the harmonic part of a reference (`workers.engines.corrected_forces`). In a
crystal of molecules, displacements turn with them, and the reference may give the modes inside molecules only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.label_sets import extxyz
from backend.label_sets.extxyz import Label
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from backend.trainings.references import REFERENCES
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.options.names import HarmonicModes
from scattering.simulate.protocol import choose_supercell
from workers.engines.corrected_forces import Correction
from workers.kit.failures import CannotPredict
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.harmonic_correction import (
    DISPLACEMENT_ANGSTROM,
    HarmonicCorrection,
    place_in_reference,
)
from workers.simulations.steps.relaxation import relax
from workers.training import sampling
from workers.training.sampling import Sample
from workers.training.supply import Order, Supply


@dataclass(frozen=True, eq=False)
class Delta:
    """What labels a structure: a potential, and the correction of its harmonic part on a supercell."""

    correction: Correction
    calculator: Calculator

    @property
    def sites(self) -> Atoms:
        """The supercell at rest in the reference."""
        return self.correction.sites

    @property
    def base_sites(self) -> Atoms:
        """The supercell at rest in the potential, with the same cell."""
        atoms: Atoms = self.sites.copy()
        atoms.positions = self.correction.own_sites
        return atoms

    @property
    def has_molecules(self) -> bool:
        """Whether displacements turn with molecules. Then a strain is not the same in both crystals."""
        return self.correction.into_own is not None

    def label(self, sample: Sample) -> Label:
        """Return the label of a structure; without a stress in a crystal of molecules, which must not be strained."""
        atoms, evaluated = sample.of(self.sites), sample.strained(self.base_sites)
        evaluated.positions += self.correction.displacements_in_potential(sample.displacements)
        evaluated.calc = self.calculator
        energy, forces = self.correction.apply(
            sample.displacements, evaluated.get_potential_energy(), evaluated.get_forces()
        )
        return Label(
            atoms.numbers.astype(np.int64),
            atoms.positions,
            atoms.cell.array,
            energy,
            forces,
            None if self.has_molecules else evaluated.get_stress(voigt=False),
        )


def supply(order: Order) -> Supply:
    """Label structures in the cell of the reference.

    Raises
    ------
    CannotPredict
        The reference is of another crystal.
    """
    began = time.perf_counter()
    recipe = order.assignment.recipe
    crystal = harmonic_crystal_file.load(order.shared / files.REFERENCE)
    unit = place_in_reference(order.atoms, crystal)
    supercell = choose_supercell(unit.cell.array, min_height=REFERENCES["phonons"].min_height_angstrom)
    delta = correct(unit, crystal, order.base, supercell, recipe.harmonic_modes)
    order.update(0.3)
    rng = np.random.default_rng(recipe.seed)
    draw = sampling.thermal_draw(delta.correction.reference, crystal.masses, order.assignment.temperature_k)
    harmonic = sampling.displaced(unit, supercell, limit=recipe.n_structures)
    strained = not delta.has_molecules
    sampled = sampling.sample(delta.sites, recipe.n_structures, rng, thermal=draw, strained=strained)
    samples = [*harmonic, *sampled]
    labels = []
    for number, one in enumerate(samples):
        labels.append(delta.label(one))
        order.update(0.3 + 0.7 * (number + 1) / len(samples))
    return Supply(
        extxyz.write(labels),
        unit,
        is_foreign=False,
        n_trained=len(harmonic),
        seconds=time.perf_counter() - began,
        provenance={"supercell": supercell, "n_displaced": len(harmonic)},
    )


def correct(
    unit: Atoms, crystal: HarmonicCrystal, base: Calculator, supercell: list[int], modes: HarmonicModes = "all"
) -> Delta:
    """Return what labels structures by a potential with the harmonic part of a crystal.

    Parameters
    ----------
    unit
        The structure at rest in the reference.
    crystal
        The reference.
    base
        The potential. Its force constants are those about its own sites, in the cell of the reference.
    supercell
        Repetitions of the structure.
    modes
        Modes that are those of the reference.

    Raises
    ------
    CannotPredict
        Modes inside molecules are asked for, and the crystal has no molecules.
    """
    relaxed = relax(unit, base, relax_cell=False, cell_stays=False).atoms
    found = displace(relaxed, base, labels=list(unit.symbols), supercell=supercell, distance=DISPLACEMENT_ANGSTROM)
    own = HarmonicCorrection(relaxed.positions, found.crystal(unit.cell.array))
    delta = Delta(own.on(unit, supercell, reference=crystal, modes=modes), base)
    if modes == "internal" and not delta.has_molecules:
        raise CannotPredict(Notice("crystal_without_molecules"))
    return delta
