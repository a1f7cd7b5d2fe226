"""Labels of a crystal for tests: copper by ASE's EMT, at a second stiffness, as extended XYZ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from backend.label_sets import extxyz
from backend.label_sets.checks import Compared
from backend.label_sets.extxyz import Label

STIFFNESS = 1.2
"""How much stiffer the labels are than EMT."""
OFFSET_EV = -3.5
"""Energy of a copper atom in the labels beyond EMT."""


def copper(n_frames: int = 12) -> tuple[list[Label], Compared]:
    """Return rattled and strained cells of copper with labels, and EMT's own results for them."""
    rng = np.random.default_rng(7)
    labels, energies, forces, stresses = [], [], [], []
    for number in range(n_frames):
        atoms = bulk("Cu", cubic=True)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.01 * rng.normal(size=(3, 3))), scale_atoms=True)
        atoms.rattle(0.02 + 0.01 * (number % 5), rng=rng)
        atoms.calc = EMT()
        energies.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stresses.append(atoms.get_stress(voigt=False))
        labels.append(_label(atoms))
    return labels, Compared(np.array(energies), forces, stresses)


def _label(atoms: Atoms) -> Label:
    return Label(
        atoms.numbers.astype(np.int64),
        atoms.positions.copy(),
        atoms.cell.array.copy(),
        float(STIFFNESS * atoms.get_potential_energy() + OFFSET_EV * len(atoms)),
        STIFFNESS * atoms.get_forces(),
        STIFFNESS * atoms.get_stress(voigt=False),
    )


def changed(labels: Sequence[Label], change: Callable[[Label], Label], *frames: int) -> list[Label]:
    """Return labels of which some frames, counted from 1, or all, are changed."""
    return [change(one) if not frames or n in frames else one for n, one in enumerate(labels, start=1)]


def scaled(*, energy: float = 1.0, forces: float = 1.0, stress: float = 1.0) -> Callable[[Label], Label]:
    """Return a change of units or signs."""

    def change(label: Label) -> Label:
        assert label.stress is not None
        return replace(label, energy=label.energy * energy, forces=label.forces * forces, stress=label.stress * stress)

    return change


def shifted(ev_per_atom: float) -> Callable[[Label], Label]:
    """Return a change of the zero of energy."""
    return lambda label: replace(label, energy=label.energy + ev_per_atom * label.n_atoms)


def text_of(labels: Sequence[Label]) -> bytes:
    """Return labels as a file."""
    return extxyz.write(labels).encode()
