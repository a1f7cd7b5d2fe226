"""The references that label structures: how each is loaded, and the cells that it labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.kit.settings import Settings
from backend.potentials.service import potential_file
from backend.potentials.tables import Potential as PotentialRow
from backend.trainings.assignment import TrainingAssignment
from backend.trainings.references import MIN_HEIGHT_OF_POTENTIALS_ANGSTROM
from scattering.core.notices import Notice
from workers import engines, stages
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress
from workers.kit.workplace import Workplace
from workers.simulations.provenance import versions
from workers.training import labelling
from workers.training.cells import choose_cells
from workers.training.kept_results import KeptResults

KEPT: Final = "results"
"""Folder of the results of all attempts, in that of the job."""


def label_structures(
    assignment: TrainingAssignment, atoms: Atoms, *, settings: Settings, workplace: Workplace, progress: Progress
) -> Path:
    """Label the structures of a training by its reference, and return the folder with the labels.

    Raises
    ------
    CannotPredict
        The reference was deleted, or cannot label the structure.
    """
    row = assignment.teacher
    if row is None:
        raise CannotPredict(Notice("reference_deleted"))
    progress.stage(stages.FETCH_POTENTIAL, until=0.02)
    teacher = KeptResults(
        _loader(row, settings, progress.update),
        workplace.folder / KEPT,
        fingerprint=f"{row.engine} {row.family} {row.format} {row.sha256}",
    )
    resting = labelling.relax_in(atoms, teacher, progress)
    cells = choose_cells(resting, min_height_angstrom=MIN_HEIGHT_OF_POTENTIALS_ANGSTROM, doubles_primitive=False)
    folder = workplace.folder / f"labelled-{workplace.attempt}"
    labelling.label(
        resting,
        cells,
        teacher,
        folder,
        temperature_k=assignment.temperature_k,
        n_structures=assignment.recipe.n_structures,
        seed=assignment.recipe.seed,
        provenance={"engine": row.engine, "potential": row.name, "versions": versions()},
        progress=progress,
    )
    return folder


def _loader(row: PotentialRow, settings: Settings, update: Callable[[float], None]) -> Callable[[], Calculator]:
    def load() -> Calculator:
        file = potential_file(settings, row, lambda done, total: update(done / max(total, 1)))
        return engines.calculator(row.engine, Potential(file, family=row.family, format=row.format))

    return load
