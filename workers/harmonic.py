"""The harmonic workflow: relax, finite displacements, phonons, one-phonon partials."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.cells import guess_primitive_matrix

from scattering import harmonic, phonons, protocol
from scattering.partials import Partials
from workers.outcome import CannotPredict, Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.stopwatch import Stopwatch

SYMMETRY_TOLERANCE = 1e-3
"""Å. Structures are relaxed to about that."""
ENERGY_HEADROOM = 1.1
"""The energy axis goes that far beyond the highest phonon, for the resolution's tail."""


def _phonopy(atoms: Atoms, options: Mapping[str, Any]) -> Phonopy:
    unit = PhonopyAtoms(
        numbers=atoms.numbers,
        masses=atoms.get_masses(),
        cell=atoms.cell.array,
        scaled_positions=atoms.get_scaled_positions(),
    )
    phonopy = Phonopy(
        unit,
        supercell_matrix=np.diag(options["supercell"]),
        primitive_matrix=guess_primitive_matrix(unit, symprec=SYMMETRY_TOLERANCE),
        symprec=SYMMETRY_TOLERANCE,
        log_level=0,
    )
    phonopy.generate_displacements(distance=options["displacement_angstrom"])
    return phonopy


def _force_constants(phonopy: Phonopy, calculator: Calculator, progress: Progress) -> NDArray[np.float64]:
    """Force constants between the primitive cell's atoms and the supercell's: (n_atoms, n_super, 3, 3) in eV/Å²."""
    displaced = phonopy.supercells_with_displacements or []
    forces = []
    for number, cell in enumerate(displaced):
        atoms = Atoms(numbers=cell.numbers, cell=cell.cell, scaled_positions=cell.scaled_positions, pbc=True)
        atoms.calc = calculator
        forces.append(atoms.get_forces())
        progress.update((number + 1) / len(displaced))
    phonopy.forces = np.array(forces)
    phonopy.produce_force_constants()
    phonopy.symmetrize_force_constants()
    constants = np.asarray(phonopy.force_constants)
    return constants[phonopy.primitive.p2s_map] if len(constants) == len(phonopy.supercell) else constants


def _edge(phonopy: Phonopy, constants: NDArray[np.float64]) -> tuple[float, float]:
    """Reach of the force constants in Å, and the largest beyond 80 % of it relative to the largest of a pair."""
    cell, positions = phonopy.supercell.cell, phonopy.supercell.positions
    reach = float(protocol.heights(cell).min() / 2)
    norms = np.linalg.norm(constants, axis=(2, 3))
    atoms = Atoms(cell=cell, positions=positions, numbers=phonopy.supercell.numbers, pbc=True)
    far, near = 0.0, 0.0
    for row, first in zip(norms, phonopy.primitive.p2s_map, strict=True):
        distance = atoms.get_distances(first, np.arange(len(atoms)), mic=True)
        far = max(far, float(row[(distance > 0.8 * reach)].max(initial=0.0)))
        near = max(near, float(row[distance > 0.1].max(initial=0.0)))
    return reach, far / near if near else 0.0


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
        As `scattering.protocol.fill_options` returns them.
    temperature
        Kelvin.

    Raises
    ------
    CannotPredict
        The potential does not hold the structure, or leaves it no real phonon.
    """
    watch = Stopwatch()
    progress.stage("relaxing the atoms", until=0.15)
    relaxed = relax(atoms, calculator, relax_cell=options["relax_cell"], update=progress.update)
    watch.lap("relax")

    progress.stage("displacing atoms", until=0.4)
    phonopy = _phonopy(relaxed.atoms, options)
    constants = _force_constants(phonopy, calculator, progress)
    watch.lap("force_constants")

    progress.stage("phonons over the Brillouin zone", until=0.7)
    primitive, cells = phonopy.primitive, phonopy.supercell
    number = {supercell_atom: index for index, supercell_atom in enumerate(primitive.p2s_map)}
    fc = phonons.force_constants(
        cell=primitive.cell,
        positions=primitive.positions,
        symbols=list(primitive.symbols),
        masses=primitive.masses,
        supercell_matrix=np.rint(cells.cell @ np.linalg.inv(primitive.cell)).astype(int),
        supercell_positions=cells.positions,
        unit_atom=np.array([number[atom] for atom in primitive.s2p_map]),
        constants=constants,
    )
    with warnings.catch_warnings():
        # The engine brings an OpenMP of its own; Euphonic then runs on one core and says so
        warnings.filterwarnings("ignore", message="\\s*More than one OpenMP", category=UserWarning)
        zone = phonons.sample_zone(fc)
    stability = phonons.stability(zone)
    if stability.highest_mev < 2 * protocol.ENERGY_STEP_MEV:
        raise CannotPredict("The potential gives this structure no real phonon: it is unstable throughout.")
    watch.lap("zone")

    progress.stage("averaging over a powder", until=0.97)
    partials = harmonic.one_phonon_partials(
        zone,
        q=protocol.Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / protocol.Q_STEP) + 1),
        energy=np.arange(0.0, stability.highest_mev * ENERGY_HEADROOM, protocol.ENERGY_STEP_MEV),
        temperature=temperature,
        seed=options["seed"],
        progress=progress.update,
        metadata={"method": "harmonic", "energy_resolution_mev": protocol.ENERGY_STEP_MEV},
    )
    watch.lap("powder")
    reach, edge = _edge(phonopy, constants)
    return Outcome(
        partials,
        (*relaxed.warnings, *_stability_warnings(stability), *_one_phonon_warnings(partials)),
        watch.seconds,
        {
            "largest_shift_angstrom": relaxed.largest_shift,
            "pressure_gpa": relaxed.pressure_gpa,
            "n_displacements": len(phonopy.supercells_with_displacements or []),
            "force_constant_reach_angstrom": reach,
            "force_constant_at_edge": edge,
            "zone_divisions": list(zone.divisions),
            "lowest_energy_mev": stability.lowest_mev,
            "highest_energy_mev": stability.highest_mev,
            "imaginary_fraction": stability.imaginary_fraction,
        },
    )


def _stability_warnings(stability: phonons.Stability) -> tuple[str, ...]:
    if stability.imaginary_fraction == 0:
        return ()
    return (
        f"{100 * stability.imaginary_fraction:.2g} % of the phonon modes are imaginary (down to "
        f"{abs(stability.lowest_mev):.1f}i meV) and missing here: the potential finds this structure unstable at 0 K, "
        "or the supercell is too small. Molecular dynamics has no such gap.",
    )


def _one_phonon_warnings(partials: Partials) -> tuple[str, ...]:
    """Say from where on one-phonon scattering is the smaller part of all."""
    limits = []
    for symbol, share, elastic in zip(
        partials.species, partials.concentration, partials.incoherent_elastic, strict=True
    ):
        beyond = partials.q[elastic / share < 0.5]
        if len(beyond) and beyond[0] < 0.75 * partials.q[-1]:
            limits.append(f"{symbol} beyond {beyond[0]:.0f} Å⁻¹")
    if not limits:
        return ()
    return (
        f"The harmonic prediction holds one-phonon scattering only. For {', '.join(limits)}, more than half of what is "
        "scattered involves several phonons: there its intensities are far too low and overtones are missing. "
        "Molecular dynamics has them.",
    )
