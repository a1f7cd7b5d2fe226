"""Force constants by finite displacements, and the phonons that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from euphonic import ForceConstants, QpointPhononModes
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.simulate import phonons, protocol
from scattering.simulate.force_constants import to_harmonic_crystal
from workers.kit.failures import CannotPredict
from workers.kit.trial import Trial
from workers.simulations.steps.supercell_symmetry import QuickPhonopy


@dataclass(frozen=True, eq=False)
class Displaced:
    """Force constants of a crystal, with facts about their calculation.

    Attributes
    ----------
    force_constants
        Force constants of the primitive cell, in the axes of the uploaded cell.
    labels
        The species of each atom of the primitive cell.
    uploaded_atoms
        Index of the atom of the uploaded cell that each of them is, or that it is an image of.
    n_displacements
        Number of evaluated supercells with a displaced atom.
    reach
        Å. Half the smallest height of the supercell.
    at_edge
        The largest force constant beyond 80 % of the reach, relative to the largest of a pair.
    """

    force_constants: ForceConstants
    labels: list[str]
    uploaded_atoms: list[int]
    n_displacements: int
    reach: float
    at_edge: float

    def crystal(self, uploaded_cell: NDArray[np.float64], *, sites: Sequence[str] | None = None) -> HarmonicCrystal:
        """Return the force constants as arrays.

        Parameters
        ----------
        uploaded_cell
            Shape (3, 3), Å: the relaxed cell that was uploaded.
        sites
            Crystallographic site of each atom of the uploaded cell; None: its species.
        """
        return to_harmonic_crystal(
            self.force_constants,
            uploaded_cell=uploaded_cell,
            species=self.labels,
            sites=self.labels if sites is None else [sites[atom] for atom in self.uploaded_atoms],
        )


def displace(
    atoms: Atoms,
    calculator: Calculator,
    *,
    labels: Sequence[str],
    supercell: Sequence[int],
    distance: float,
    update: Callable[[float], None] = lambda _: None,
) -> Displaced:
    """Calculate force constants.

    Parameters
    ----------
    atoms
        The uploaded cell, relaxed.
    calculator
        The potential.
    labels
        The species of each atom of the cell.
    supercell
        Repetitions of the cell.
    distance
        Length of the displacements, Å.
    update
        Called with the finished fraction.
    """
    unit = PhonopyAtoms(
        numbers=atoms.numbers,
        masses=atoms.get_masses(),
        cell=atoms.cell.array,
        scaled_positions=atoms.get_scaled_positions(),
    )
    # Atoms with different isotopes in the file are not the same, though their forces are
    marked = PhonopyAtoms(
        symbols=[f"{symbol}{tag or ''}" for symbol, tag in zip(atoms.symbols, atoms.get_tags(), strict=True)],
        cell=unit.cell,
        scaled_positions=unit.scaled_positions,
    )
    phonopy = QuickPhonopy(
        unit,
        supercell_matrix=np.diag(supercell),
        primitive_matrix=guess_primitive_matrix(
            marked, symprec=phonons.SYMMETRY_TOLERANCE, distinguish_symbol_index=True
        ),
        symprec=phonons.SYMMETRY_TOLERANCE,
        log_level=0,
    )
    phonopy.generate_displacements(distance=distance)
    constants = _constants(phonopy, calculator, update)
    primitive, cells = phonopy.primitive, phonopy.supercell
    number = {atom: index for index, atom in enumerate(primitive.p2s_map)}
    uploaded = [int(cells.u2u_map[cells.s2u_map[atom]]) for atom in primitive.p2s_map]
    reach, at_edge = _edge(phonopy, constants)
    return Displaced(
        phonons.force_constants(
            cell=primitive.cell,
            # Positions of the atoms of the force constants: phonopy may use their images in other cells
            positions=cells.positions[primitive.p2s_map],
            symbols=list(primitive.symbols),
            masses=primitive.masses,
            supercell_matrix=np.rint(cells.cell @ np.linalg.inv(primitive.cell)).astype(int),
            supercell_positions=cells.positions,
            unit_atom=np.array([number[atom] for atom in primitive.s2p_map]),
            constants=constants,
        ),
        [labels[atom] for atom in uploaded],
        uploaded,
        len(phonopy.supercells_with_displacements or []),
        reach,
        at_edge,
    )


def sample_zone(found: ForceConstants) -> tuple[phonons.Zone, phonons.Stability]:
    """Calculate phonons over the Brillouin zone, and their stability.

    Raises
    ------
    CannotPredict
        No phonon is real.
    """
    zone = phonons.sample_zone(found)
    return zone, check_stability(zone.modes)


def check_stability(modes: QpointPhononModes) -> phonons.Stability:
    """Return the stability of modes.

    Raises
    ------
    CannotPredict
        No phonon is real.
    """
    stability = phonons.stability(modes)
    if stability.highest_mev < 2 * protocol.ENERGY_STEP_MEV:
        raise CannotPredict(Notice("no_real_phonons"))
    return stability


def stability_warnings(stability: phonons.Stability) -> tuple[Notice, ...]:
    """Return a warning if there are imaginary modes."""
    if stability.imaginary_fraction == 0:
        return ()
    params = {"fraction": stability.imaginary_fraction, "lowest_energy_mev": stability.lowest_mev}
    return (Notice("imaginary_modes", params),)


def _constants(phonopy: Phonopy, calculator: Calculator, update: Callable[[float], None]) -> NDArray[np.float64]:
    """Return force constants between primitive cell and supercell, shape (n_atoms, n_super, 3, 3), eV/Å²."""
    displaced = phonopy.supercells_with_displacements or []
    forces = []
    trial = Trial(len(displaced), n_atoms=len(phonopy.supercell))
    # What is left of them at rest is no answer to a displacement; phonopy takes one-sided differences
    at_rest = _forces(phonopy.supercell, calculator)
    for number, cell in enumerate(displaced):
        forces.append(_forces(cell, calculator) - at_rest)
        trial.count()
        update((number + 1) / len(displaced))
    phonopy.forces = np.array(forces)
    phonopy.produce_force_constants()
    phonopy.symmetrize_force_constants()
    constants = np.asarray(phonopy.force_constants)
    return constants[phonopy.primitive.p2s_map] if len(constants) == len(phonopy.supercell) else constants


def _forces(cell: PhonopyAtoms, calculator: Calculator) -> NDArray[np.float64]:
    atoms = Atoms(numbers=cell.numbers, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)
    atoms.calc = calculator
    return np.asarray(atoms.get_forces())


def _edge(phonopy: Phonopy, constants: NDArray[np.float64]) -> tuple[float, float]:
    cell, positions = phonopy.supercell.cell, phonopy.supercell.positions
    reach = float(protocol.cell_heights(cell).min() / 2)
    norms = np.linalg.norm(constants, axis=(2, 3))
    atoms = Atoms(cell=cell, positions=positions, numbers=phonopy.supercell.numbers, pbc=True)
    far, near = 0.0, 0.0
    for row, first in zip(norms, phonopy.primitive.p2s_map, strict=True):
        distance = atoms.get_distances(first, np.arange(len(atoms)), mic=True)
        far = max(far, float(row[(distance > 0.8 * reach)].max(initial=0.0)))
        near = max(near, float(row[distance > 0.1].max(initial=0.0)))
    return reach, far / near if near else 0.0
