"""Labels of a job: checked beside the potential that is trained, put on its scale, and divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols
from ase.stress import full_3x3_to_voigt_6_stress

from backend.kit.files.unreadable import Unreadable
from backend.label_sets import checks, extxyz
from backend.label_sets.extxyz import Label
from backend.label_sets.parse import evaluate
from backend.trainings.recipes import Recipe
from workers.kit.failures import CannotPredict


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled structures, with energies on the scale of the potential.

    Attributes
    ----------
    train, held_out
        Structures of the fit, and those that only measure its errors.
    with_stress
        Whether stresses are fitted.
    offsets_ev
        Element → energy that was subtracted for each atom.
    """

    train: list[Atoms]
    held_out: list[Atoms]
    with_stress: bool
    offsets_ev: dict[str, float]


def prepare(
    text: str, calculator: Calculator, recipe: Recipe, *, is_foreign: bool = True, n_trained: int = 0
) -> Labels:
    """Read the labels of a training, check them, and divide them.

    Parameters
    ----------
    text
        Labels in extended XYZ.
    calculator
        The potential to start from.
    is_foreign
        Whether units, signs and levels of theory must be checked.
    n_trained
        Number of labels, the first ones, that are never held out.

    Raises
    ------
    CannotPredict
        The labels are of other units or signs, have a wrong energy, or mix levels of theory.
    """
    try:
        labels = extxyz.read(text)
        compared = evaluate(labels, calculator)
        offsets = checks.compare(labels, compared) if is_foreign else checks.fit_offsets(labels, compared.energies)
    except Unreadable as error:
        raise CannotPredict(error.notice) from error
    have_stress = all(label.stress is not None for label in labels)
    atoms = [_to_atoms(label, offsets.per_species) for label in labels]
    kept = {n_trained + one for one in held_out_frames(len(labels) - n_trained, recipe)}
    return Labels(
        train=[one for number, one in enumerate(atoms) if number not in kept],
        held_out=[one for number, one in enumerate(atoms) if number in kept],
        with_stress=have_stress and recipe.fit_stress is not False,
        offsets_ev={chemical_symbols[number]: value for number, value in offsets.per_species.items()},
    )


def held_out_frames(n_frames: int, recipe: Recipe) -> list[int]:
    """Return the frames that are held out, at least one: spread over the file, whose order may mean something."""
    n_kept = max(1, round(recipe.held_out_fraction * n_frames))
    edges = np.linspace(0, n_frames, n_kept + 1).astype(int)
    rng = np.random.default_rng(recipe.seed)
    return [int(rng.integers(first, max(last, first + 1))) for first, last in pairwise(edges.tolist())]


def _to_atoms(label: Label, offsets: Any) -> Atoms:
    atoms = Atoms(label.numbers, label.positions, cell=label.cell, pbc=True)
    energy = label.energy - sum(offsets[int(number)] for number in label.numbers)
    stress = {} if label.stress is None else {"stress": full_3x3_to_voigt_6_stress(label.stress)}
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=label.forces, **stress)
    return atoms


def has_stress(labels: Sequence[Atoms]) -> bool:
    """Tell whether all labels have a stress."""
    return all("stress" in atoms.calc.results for atoms in labels)
