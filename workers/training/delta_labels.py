"""Labels from force constants: the forces of the base potential with the harmonic part of a reference.

A structure with the displacements u from the sites has the forces F_base(u) − (Φ_reference − Φ_base) u, the energy that
belongs to them, and the stress of the base. So a potential that is fitted to them has the phonons of the reference, and
keeps the anharmonicity, the elasticity and the lattice constant of the base. Labels of −Φ_reference u alone erase
these: the Grüneisen parameter of silicon became 0.05.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.label_sets import extxyz
from backend.label_sets.extxyz import Label
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files
from backend.trainings.references import REFERENCES
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.harmonic_forces import HarmonicForces
from scattering.simulate.protocol import choose_supercell
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.harmonic_correction import on_supercell, place_in_reference
from workers.simulations.steps.relaxation import relax
from workers.training import sampling
from workers.training.sampling import Sample
from workers.training.supply import Order, Supply

DISPLACEMENT_ANGSTROM: Final = 0.01
"""Of the finite displacements that give the force constants of the base."""


@dataclass(frozen=True, eq=False)
class Delta:
    """The correction of a potential to the force constants of a reference, on a supercell.

    Attributes
    ----------
    sites, base_sites
        The supercell at rest in the reference and in the potential, with the same cell.
    reference, base
        Their force constants.
    calculator
        The potential.
    """

    sites: Atoms
    base_sites: Atoms
    reference: HarmonicForces
    base: HarmonicForces
    calculator: Calculator

    def label(self, sample: Sample) -> Label:
        """Return the label of a structure."""
        atoms, evaluated = sample.of(self.sites), sample.of(self.base_sites)
        evaluated.calc = self.calculator
        moved = sample.displacements
        correction = self.reference.forces(moved) - self.base.forces(moved)
        return Label(
            atoms.numbers.astype(np.int64),
            atoms.positions,
            atoms.cell.array,
            float(evaluated.get_potential_energy() - 0.5 * np.sum(moved * correction)),
            evaluated.get_forces() + correction,
            evaluated.get_stress(voigt=False),
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
    delta = correct(unit, crystal, order.base, supercell)
    order.update(0.3)
    rng = np.random.default_rng(recipe.seed)
    draw = sampling.thermal_draw(delta.reference, crystal.masses, order.assignment.temperature_k)
    harmonic = sampling.displaced(unit, supercell, limit=recipe.n_structures)
    samples = [*harmonic, *sampling.sample(delta.sites, recipe.n_structures, rng, thermal=draw)]
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


def correct(unit: Atoms, crystal: HarmonicCrystal, base: Calculator, supercell: list[int]) -> Delta:
    """Return the correction of a potential to the force constants of a crystal.

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
    """
    relaxed = relax(unit, base, relax_cell=False, cell_stays=False).atoms
    found = displace(relaxed, base, labels=list(unit.symbols), supercell=supercell, distance=DISPLACEMENT_ANGSTROM)
    own = found.crystal(unit.cell.array)
    bare = Atoms(unit.numbers, relaxed.positions, cell=unit.cell, pbc=True)
    sites, base_sites = unit.repeat(supercell), bare.repeat(supercell)
    return Delta(sites, base_sites, on_supercell(crystal, sites), on_supercell(own, base_sites), base)
