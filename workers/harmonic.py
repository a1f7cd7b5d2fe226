"""The harmonic workflow: relax, finite displacements, phonons, partials."""

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

from scattering import energy_axis, harmonic, phonons, protocol
from scattering.sites import site_labels
from workers.outcome import CannotPredict, Outcome
from workers.progress import Progress
from workers.relaxation import relax
from workers.stopwatch import Stopwatch

LARGE_REMAINDER = 0.1
"""Share of the scattering that lies beyond the last order from which on the user is told."""


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
        primitive_matrix=guess_primitive_matrix(unit, symprec=phonons.SYMMETRY_TOLERANCE),
        symprec=phonons.SYMMETRY_TOLERANCE,
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


def _labels(atoms: Atoms, phonopy: Phonopy, *, resolve_sites: bool) -> list[str]:
    """Species of the primitive cell's atoms: chemical symbols, or the sites of the uploaded cell."""
    primitive, supercell = phonopy.primitive, phonopy.supercell
    if not resolve_sites:
        return list(primitive.symbols)
    named = site_labels(cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers)
    uploaded = [supercell.u2u_map[supercell.s2u_map[atom]] for atom in primitive.p2s_map]
    return [named[atom] for atom in uploaded]


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
    labels = _labels(atoms, phonopy, resolve_sites=options["resolve_sites"])
    q = protocol.Q_STEP * np.arange(1, round(options["q_max_inv_angstrom"] / protocol.Q_STEP) + 1)
    energy = energy_axis.bins(
        end=options["energy_max_mev"],
        highest=stability.highest_mev,
        n_species=len(set(labels)),
        n_orders=options["n_orders"],
        n_q=len(q),
    )
    predicted = harmonic.predict(
        zone,
        labels=labels,
        q=q,
        energy=energy,
        temperature=temperature,
        n_orders=options["n_orders"],
        seed=options["seed"],
        progress=progress.update,
        metadata={"method": "harmonic", "energy_resolution_mev": float(energy[1])},
    )
    watch.lap("powder")
    reach, edge = _edge(phonopy, constants)
    return Outcome(
        predicted.partials,
        (*relaxed.warnings, *_stability_warnings(stability), *_remainder_warnings(predicted)),
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


def _remainder_warnings(predicted: harmonic.Prediction) -> tuple[str, ...]:
    """Say from where on much of the scattering is of more phonons than were asked for."""
    partials, limits = predicted.partials, []
    for species, beyond in zip(partials.species, predicted.beyond, strict=True):
        # It grows with q
        if beyond[-1] > LARGE_REMAINDER:
            limits.append(f"{species} beyond {partials.q[beyond > LARGE_REMAINDER][0]:.0f} Å⁻¹")
    if not limits:
        return ()
    n_orders = partials.n_orders
    counted = "one phonon" if n_orders == 1 else f"up to {n_orders} phonons"
    remedy = "" if n_orders == protocol.MAX_ORDERS else " Choose more orders for it."
    return (
        f"The prediction counts {counted}. For {', '.join(limits)}, more than {100 * LARGE_REMAINDER:.0f} % of what "
        f"is scattered involves more: a broad background, which is missing there.{remedy}",
    )
