"""What a way to labels is given, and what it returns. The ways are in `workers.training.ways`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.trainings.assignment import TrainingAssignment


@dataclass(frozen=True, eq=False)
class Order:
    """A request for labels.

    Attributes
    ----------
    assignment
        The request of the training.
    atoms
        The structure of the file.
    base
        The potential that will be trained.
    shared
        Folder with the files of the request.
    update
        Called with the finished fraction. It raises to stop.
    """

    assignment: TrainingAssignment
    atoms: Atoms
    base: Calculator
    shared: Path
    update: Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Supply:
    """Labels and how they were made.

    Attributes
    ----------
    text
        Labels in extended XYZ.
    atoms
        The structure in the cell and at the positions of the reference.
    is_foreign
        Whether units, signs and levels of theory must be checked.
    n_trained
        Number of labels, the first ones, that are never held out.
    seconds
        Of all attempts.
    provenance
        Facts about the labels.
    points
        Phonons of the reference at special points, meV, if they are known without its force constants.
    """

    text: str
    atoms: Atoms
    is_foreign: bool
    n_trained: int
    seconds: float
    provenance: dict[str, Any]
    points: dict[str, list[float]] | None = None
