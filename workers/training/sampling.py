"""Structures to label: finite displacements, rattles, strains and thermal displacements of a crystal at rest.

All functions are pure: the same seed gives the same structures, so that an interrupted job labels the rest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from phonopy.structure.atoms import PhonopyAtoms

from scattering.simulate.harmonic_forces import HarmonicForces
from scattering.simulate.phonons import SYMMETRY_TOLERANCE
from scattering.simulate.thermal_displacements import thermal_displacements
from workers.engines.corrected_forces import nearest_distances
from workers.simulations.steps.supercell_symmetry import QuickPhonopy

RATTLES_ANGSTROM: Final = (0.01, 0.02, 0.04, 0.08)
"""Standard deviations of the components of random displacements."""
MAX_STRAIN: Final = 0.015
"""Largest component of a random strain."""
DISPLACEMENT_ANGSTROM: Final = 0.03
"""Of a single displaced atom: large enough that its forces are above the errors of the fit."""
MAX_DISPLACEMENT: Final = 0.3
"""Largest displacement, over the distance of the nearest neighbour; larger thermal displacements are scaled down."""

Displacements = NDArray[np.float64]
Draw = Callable[[int, np.random.Generator], Displacements]
"""Draws thermal displacements, shape (n_samples, n_atoms, 3), Å."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A structure to label.

    Attributes
    ----------
    strain
        Shape (3, 3), symmetric: the cell and the sites are multiplied by 1 + strain.
    displacements
        Shape (n_atoms, 3), Å: of the atoms from the strained sites.
    """

    strain: NDArray[np.float64]
    displacements: Displacements

    def of(self, sites: Atoms) -> Atoms:
        """Return the structure of a crystal at rest."""
        atoms = self.strained(sites)
        atoms.positions += self.displacements
        return atoms

    def strained(self, sites: Atoms) -> Atoms:
        """Return the crystal with the strain and without the displacements."""
        atoms: Atoms = sites.copy()
        atoms.set_cell(sites.cell.array @ (np.eye(3) + self.strain), scale_atoms=True)
        return atoms


def thermal_draw(forces: HarmonicForces, masses: NDArray[np.float64], temperature_k: float) -> Draw:
    """Return what draws the thermal displacements of a harmonic crystal.

    Parameters
    ----------
    forces
        Force constants on the supercell.
    masses
        Shape (n_atoms,), u, of the primitive cell.
    temperature_k
        Kelvin.
    """
    return lambda n_samples, rng: thermal_displacements(
        forces, masses, temperature_k=temperature_k, n_samples=n_samples, rng=rng
    )


def displaced(unit: Atoms, supercell: Sequence[int], *, limit: int) -> list[Sample]:
    """Return the displacements of single atoms that give the force constants of a crystal, in both directions.

    Parameters
    ----------
    unit
        The crystal at rest.
    supercell
        Repetitions, in the order of atoms of `unit.repeat`.
    limit
        Largest number of structures. Of more, some are left out, spread evenly.
    """
    phonopy = QuickPhonopy(
        PhonopyAtoms(
            numbers=unit.numbers,
            masses=unit.get_masses(),
            cell=unit.cell.array,
            scaled_positions=unit.get_scaled_positions(),
        ),
        supercell_matrix=np.diag(supercell),
        primitive_matrix="P",
        symprec=SYMMETRY_TOLERANCE,
        log_level=0,
    )
    phonopy.generate_displacements(distance=DISPLACEMENT_ANGSTROM, is_plusminus=True)
    # phonopy groups the images of each atom; `repeat` groups the atoms of each image
    n_images = int(np.prod(supercell))
    rows = []
    for number, *vector in phonopy.displacements:
        one = np.zeros((len(unit) * n_images, 3))
        # The image of the atom in the first cell: all are alike
        one[int(number) // n_images] = vector
        rows.append(Sample(np.zeros((3, 3)), one))
    # Pairs stay together
    n_pairs = len(rows) // 2
    kept = np.unique(np.linspace(0, n_pairs - 1, min(n_pairs, max(1, limit // 2))).astype(int))
    return [row for pair in kept for row in rows[2 * pair : 2 * pair + 2]]


def sample(
    sites: Atoms, n_samples: int, rng: np.random.Generator, *, thermal: Draw | None, strained: bool = True
) -> list[Sample]:
    """Return random structures: rattled and strained ones, and every other one thermal, if displacements are known.

    Parameters
    ----------
    sites
        The supercell at rest.
    n_samples
        Number of structures.
    thermal
        Draws thermal displacements.
    strained
        Whether structures are strained.
    """
    n_thermal = 0 if thermal is None else n_samples // 2
    limit = MAX_DISPLACEMENT * float(nearest_distances(sites).min())
    moved = [] if thermal is None or not n_thermal else list(thermal(n_thermal, rng))
    samples = []
    for number in range(n_samples):
        if moved and number % 2:
            displacements = moved.pop()
            # Every other one at the volume of the crystal
            strain = random_strain(rng) if number % 4 == 3 else np.zeros((3, 3))
        else:
            amplitude = RATTLES_ANGSTROM[number // 2 % len(RATTLES_ANGSTROM)]
            displacements, strain = rng.normal(scale=amplitude, size=(len(sites), 3)), random_strain(rng)
        strain = strain if strained else np.zeros((3, 3))
        displacements = displacements - displacements.mean(axis=0)
        longest = float(np.linalg.norm(displacements, axis=1).max())
        samples.append(Sample(strain, displacements * min(1.0, limit / longest if longest else 1.0)))
    return samples


def random_strain(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a symmetric strain with components of at most `MAX_STRAIN`, half of it a change of the volume.

    Phonons at several volumes give the Grüneisen parameters, which independent components hardly show.
    """
    strain = rng.uniform(-MAX_STRAIN, MAX_STRAIN, (3, 3)) / 2
    return np.asarray((strain + strain.T) / 2 + rng.uniform(-MAX_STRAIN, MAX_STRAIN) / 2 * np.eye(3))
