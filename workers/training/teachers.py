"""The references that label structures: how each is loaded, and the cells that it labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from ase import Atoms
from ase.calculators.calculator import Calculator

from backend.kit.settings import Settings
from backend.potentials.service import potential_file
from backend.potentials.tables import Potential as PotentialRow
from backend.trainings.assignment import TrainingAssignment
from backend.trainings.references import GPAW, MIN_HEIGHT_OF_POTENTIALS_ANGSTROM, REFERENCES
from scattering.core.notices import Notice
from workers import engines, stages
from workers.engines.interface import Potential
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress
from workers.kit.workplace import Workplace
from workers.simulations.provenance import versions
from workers.training import labelling
from workers.training.cells import LabelledCell, choose_cells, primitive_of
from workers.training.dft import gpaw_process
from workers.training.dft.convergence import converge
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
    if assignment.engine == GPAW:
        return _label_by_gpaw(assignment, atoms, workplace, progress)
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
    made_with = {"engine": row.engine, "potential": row.name, "versions": versions()}
    return _label(assignment, resting, cells, teacher, workplace, progress, made_with)


def _label_by_gpaw(assignment: TrainingAssignment, atoms: Atoms, workplace: Workplace, progress: Progress) -> Path:
    """Label small cells by GPAW with settings that are converged for the material."""
    version = gpaw_process.available().get(GPAW, "")
    kept = workplace.folder / KEPT
    exchanged = workplace.folder / f"gpaw-{workplace.attempt}"
    exchanged.mkdir(exist_ok=True)
    with gpaw_process.loaded(exchanged, progress.check) as load:

        def of(settings: gpaw_process.Settings) -> KeptResults:
            return KeptResults(partial(load, settings), kept, fingerprint=f"{version} {settings}")

        progress.stage(stages.CONVERGE, until=0.1)
        found = converge(primitive_of(atoms), of)
        teacher = of(found.settings)
        resting = labelling.relax_in(atoms, teacher, progress)
        height = REFERENCES[GPAW].min_height_angstrom
        cells = choose_cells(resting, min_height_angstrom=height, doubles_primitive=True)
        made_with = {"program": version, "functional": "PBE", **asdict(found)}
        return _label(assignment, resting, cells, teacher, workplace, progress, made_with)


def _label(
    assignment: TrainingAssignment,
    resting: Atoms,
    cells: Sequence[LabelledCell],
    teacher: KeptResults,
    workplace: Workplace,
    progress: Progress,
    made_with: dict[str, Any],
) -> Path:
    folder = workplace.folder / f"labelled-{workplace.attempt}"
    labelling.label(
        resting,
        cells,
        teacher,
        folder,
        temperature_k=assignment.temperature_k,
        n_structures=assignment.recipe.n_structures,
        seed=assignment.recipe.seed,
        provenance=made_with,
        progress=progress,
    )
    return folder


def _loader(row: PotentialRow, settings: Settings, update: Callable[[float], None]) -> Callable[[], Calculator]:
    def load() -> Calculator:
        file = potential_file(settings, row, lambda done, total: update(done / max(total, 1)))
        return engines.calculator(row.engine, Potential(file, family=row.family, format=row.format))

    return load
