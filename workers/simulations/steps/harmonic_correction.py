"""Dynamics with the harmonic part of a reference: both sets of force constants on the supercell of the runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from backend.structures.geometry import StructureData, bonds
from backend.structures.molecules import Molecules, find_molecules
from scattering.core import molecular_motion
from scattering.core.crystal_sites import AtomsDiffer, place_in_crystal
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import species_masses
from scattering.core.notices import Notice
from scattering.options.dynamics import Dynamics
from scattering.options.names import HarmonicModes
from scattering.simulate.harmonic_forces import HarmonicForces, harmonic_forces
from scattering.simulate.phonons import MAX_IMAGINARY_MEV
from workers.engines.corrected_forces import CorrectedForces, Correction
from workers.kit.failures import CannotPredict
from workers.simulations.simulation import Simulation
from workers.simulations.steps.force_constants import displace

DISPLACEMENT_ANGSTROM: Final = 0.002
"""Of the finite displacements that give the force constants of the potential. With 0.01 Å, fourth-order terms of NEP89
moved the softest modes of benzene by 0.5 meV, because they are small differences of large force constants."""
MIN_COMPARED_MEV: Final = 1.0
"""Modes of the reference below this energy have no ratio."""


@dataclass(frozen=True, eq=False)
class HarmonicCorrection:
    """The force constants of the potential, about its own sites.

    Attributes
    ----------
    positions
        Shape (n_atoms, 3), Å: sites of the potential in the repeated cell of the reference.
    own
        Force constants of the potential.
    """

    positions: NDArray[np.float64]
    own: HarmonicCrystal

    @classmethod
    def of(cls, loaded: Mapping[str, Any] | None) -> HarmonicCorrection | None:
        """Make it of the mapping that `results.load` returns."""
        if loaded is None:
            return None
        own = {**loaded["own"], **{name: tuple(loaded["own"][name]) for name in ("species", "sites")}}
        return cls(loaded["positions"], HarmonicCrystal(**own))

    def sites(self, atoms: Atoms) -> Atoms:
        """Return the repeated cell of the reference with the sites of the potential."""
        return _with_positions(atoms, atoms.cell.array, self.positions)

    def wrap(
        self,
        calculator: Calculator,
        *,
        reference: HarmonicCrystal,
        atoms: Atoms,
        repeats: Sequence[int],
        modes: HarmonicModes = "all",
    ) -> Calculator:
        """Return the calculator of corrected forces.

        Parameters
        ----------
        calculator
            Calculator of the potential.
        reference, atoms, repeats, modes
            As of `on`.
        """
        return CorrectedForces(calculator, self.on(atoms, repeats, reference=reference, modes=modes))

    def on(
        self, atoms: Atoms, repeats: Sequence[int], *, reference: HarmonicCrystal, modes: HarmonicModes = "all"
    ) -> Correction:
        """Return the correction on a supercell.

        Parameters
        ----------
        atoms
            The repeated cell at rest in the reference.
        repeats
            Repetitions of this cell in the supercell.
        reference
            Force constants of the reference.
        modes
            Modes that are those of the reference.
        """
        sites, own_sites = atoms.repeat(repeats), self.sites(atoms).repeat(repeats)
        into_own = corrected = None
        if (molecules := find_molecules_of(sites)) is not None:
            masses, whole = sites.get_masses(), molecules.image @ sites.cell.array
            here, there = sites.positions + whole, own_sites.positions + whole
            into_own = molecular_motion.into_axes(molecules.members, here, there, masses)
            if modes == "internal":
                corrected = molecular_motion.internal(molecules.members, here, masses)
        return Correction(
            sites,
            own_sites.positions,
            reference=on_supercell(reference, sites),
            own=on_supercell(self.own, own_sites),
            into_own=into_own,
            corrected=corrected,
        )


def place_in_reference(atoms: Atoms, crystal: HarmonicCrystal) -> Atoms:
    """Return the uploaded cell as it is in a reference.

    Raises
    ------
    CannotPredict
        The reference is another crystal.
    """
    try:
        places = place_in_crystal(crystal, atoms.cell.array, atoms.positions, list(atoms.symbols))
    except AtomsDiffer as error:
        raise CannotPredict(Notice("reference_of_other_crystal")) from error
    return _with_positions(atoms, crystal.uploaded_cell, places)


def force_constants_of_potential(
    simulation: Simulation[Dynamics], relaxed: Atoms, calculator: Calculator, update: Callable[[float], None]
) -> HarmonicCorrection:
    """Calculate the force constants of the potential about its sites, in the supercell of the runs.

    Parameters
    ----------
    simulation
        Input of the simulation.
    relaxed
        The repeated cell, with the cell of the reference and the sites of the potential.
    calculator
        Calculator of the potential.
    update
        Called with the finished fraction.
    """
    displaced = displace(
        relaxed,
        calculator,
        labels=list(relaxed.symbols),
        supercell=simulation.options.supercell,
        distance=DISPLACEMENT_ANGSTROM,
        update=update,
    )
    return HarmonicCorrection(relaxed.positions, displaced.crystal(relaxed.cell.array))


def compare(simulation: Simulation[Dynamics], atoms: Atoms, correction: HarmonicCorrection) -> dict[str, float]:
    """Return how far the potential's mode energies are from those of the reference, on the waves of the supercell.

    `rms_relative_difference` is the root mean square of the differences over that of the energies of the reference.

    Parameters
    ----------
    simulation
        Input of the simulation.
    atoms
        The repeated cell at rest in the reference.
    correction
        Force constants of the potential.

    Raises
    ------
    CannotPredict
        The reference has imaginary modes: its atoms would leave their sites.
    """
    reference, repeats = simulation.required_reference, simulation.options.supercell
    of_reference = _energies(reference, atoms.repeat(repeats))
    of_potential = _energies(correction.own, correction.sites(atoms).repeat(repeats))
    lowest = float(of_reference[0])
    if lowest < MAX_IMAGINARY_MEV:
        raise CannotPredict(Notice("reference_has_imaginary_modes", {"lowest_energy_mev": lowest}))
    compared = of_reference > MIN_COMPARED_MEV
    # Imaginary modes of the potential count as negative energies
    difference = np.linalg.norm(of_potential - of_reference) / np.linalg.norm(of_reference)
    ratio = np.median(of_potential[compared] / of_reference[compared])
    return {"rms_relative_difference": float(difference), "median_ratio": float(ratio)}


def on_supercell(crystal: HarmonicCrystal, sites: Atoms) -> HarmonicForces:
    """Put force constants on a supercell at rest.

    Raises
    ------
    CannotPredict
        The supercell is no repetition of the crystal.
    """
    try:
        return harmonic_forces(crystal, cell=sites.cell.array, positions=sites.positions, symbols=list(sites.symbols))
    except AtomsDiffer as error:
        raise CannotPredict(Notice("reference_of_other_crystal")) from error


def find_molecules_of(atoms: Atoms) -> Molecules | None:
    """Return the molecules of a crystal; None if it has none."""
    structure = StructureData(atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc)
    return find_molecules(len(atoms), bonds(structure))


def _energies(crystal: HarmonicCrystal, sites: Atoms) -> NDArray[np.float64]:
    """Return the energies of all modes of a supercell with the masses of nature, ascending, meV."""
    forces = on_supercell(crystal, sites)
    energies = forces.energies_mev(species_masses(crystal.symbols, {}))
    counts = np.rint(forces.weights * len(forces.order)).astype(int)
    return np.sort(np.repeat(energies, counts, axis=0).ravel())


def _with_positions(atoms: Atoms, cell: NDArray[np.float64], positions: NDArray[np.float64]) -> Atoms:
    moved: Atoms = atoms.copy()
    moved.set_cell(cell)
    moved.set_positions(positions)
    return moved
