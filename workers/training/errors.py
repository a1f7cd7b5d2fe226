"""Errors of a potential on labels, and the pairs of numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from workers.training.labels import has_stress

MAX_PAIRS: Final = 3000
"""Pairs of one quantity in a figure of parity."""


@dataclass(frozen=True, eq=False)
class Errors:
    """Root mean square errors: meV per atom without their mean, eV/Å, GPa (None without stresses)."""

    energy_mev_per_atom: float
    force_ev_per_angstrom: float
    stress_gpa: float | None

    def to_json(self) -> dict[str, float | None]:
        """Return the errors as JSON."""
        return {name: None if value is None else float(f"{value:.4g}") for name, value in vars(self).items()}


@dataclass(frozen=True, eq=False)
class Parity:
    """Reference and potential for the same labels, each of shape (n,): eV per atom, eV/Å, GPa."""

    energies: tuple[NDArray[np.float64], NDArray[np.float64]]
    forces: tuple[NDArray[np.float64], NDArray[np.float64]]
    stresses: tuple[NDArray[np.float64], NDArray[np.float64]] | None

    def to_json(self) -> dict[str, Any]:
        """Return at most `MAX_PAIRS` pairs of each quantity, evenly chosen."""
        found = {"energies": self.energies, "forces": self.forces, "stresses": self.stresses}
        return {name: None if pair is None else [_some(one) for one in pair] for name, pair in found.items()}


def _some(values: NDArray[np.float64]) -> list[float]:
    chosen = np.linspace(0, len(values) - 1, min(len(values), MAX_PAIRS)).astype(int)
    return [round(float(value), 6) for value in values[chosen]]


def measure(labels: Sequence[Atoms], calculator: Calculator) -> tuple[Errors, Parity]:
    """Compare a potential with labels on its scale of energy."""
    with_stress = has_stress(labels)
    energies, forces, stresses = list[list[float]](), [], []
    for label in labels:
        atoms = label.copy()
        atoms.calc = calculator
        energies.append([one.get_potential_energy() / len(label) for one in (label, atoms)])
        forces.append([one.get_forces().ravel() for one in (label, atoms)])
        if with_stress:
            stresses.append([one.get_stress() / units.GPa for one in (label, atoms)])
    reference, ours = np.array(energies).T
    of_forces = tuple(np.concatenate([pair[side] for pair in forces]) for side in (0, 1))
    of_stresses = tuple(np.concatenate([pair[side] for pair in stresses]) for side in (0, 1)) if with_stress else None
    difference = ours - reference
    errors = Errors(
        # The zero of energy is no property of a potential
        1e3 * float(np.std(difference) if len(difference) > 1 else abs(difference[0])),
        _rms(of_forces[1] - of_forces[0]),
        None if of_stresses is None else _rms(of_stresses[1] - of_stresses[0]),
    )
    return errors, Parity(
        (reference, ours),
        (of_forces[0], of_forces[1]),
        None if of_stresses is None else (of_stresses[0], of_stresses[1]),
    )


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))
