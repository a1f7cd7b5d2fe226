"""Actions on trainings: check a request, queue its job, list, cancel, delete."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from backend.jobs import cancellation, graph
from backend.jobs.dispatch import queue_jobs
from backend.jobs.work import ONGOING, WORK_FOLDER
from backend.kit.db.dependents import Dependents, register_dependents
from backend.kit.db.keeping import InProposals
from backend.kit.db.owners import Scope
from backend.kit.files.lost import reading_stored
from backend.kit.files.storage import arriving_folder, delete_folder
from backend.kit.http.errors import Conflict, FieldProblem, Unprocessable, not_found_at
from backend.kit.http.pagination import Paging
from backend.phonon_files import harmonic_crystal_file
from backend.potentials import service as potentials
from backend.potentials.tables import Potential
from backend.predictions import harmonic_reference
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from backend.trainings import files, mode_fits, recipes, requested, trainers
from backend.trainings.recipes import Recipe
from backend.trainings.requested import Material, Requested
from backend.trainings.schemas import TrainingIn
from backend.trainings.tables import Training
from scattering.core.notices import Notice

NOUN: Final = "training"
PRIORITY: Final = 2
"""After previews and standard forecasts, which somebody waits for."""
RANGE_FACTOR: Final = 3.0
"""Range of an estimate in both directions: other cores, and other jobs on them."""
SECONDS_PER_ATOM_STEP: Final = 6e-4
"""CPU time of a step of the fit over the atoms of its batch: 18 ms for 14 atoms of silicon, on one core of 2024."""
SECONDS_OF_CHECKS: Final = 40.0
"""Restriction of NEP89, and phonons before and after."""
ATOM_STEPS_PER_SECOND: Final = 25_000.0
ATOMS_OF_DYNAMICS: Final = 200
STEPS_PER_PS: Final = 700
MAX_LABELLING_SHARE: Final = 0.9
"""Of the progress of a training."""


@dataclass(frozen=True)
class CheckedTraining:
    """A checked request."""

    material: Material
    requested: Requested
    estimate_s: float


def check_request(scope: Scope, body: TrainingIn) -> CheckedTraining:
    """Check a request, and complete it.

    Raises
    ------
    Unprocessable
        A field is wrong, or this version cannot do what it asks for.
    """
    with not_found_at("structure_id"):
        structure = scope.get(Structure, body.structure_id, "structure")
    base = _base(scope, body, structure)
    if body.active_learning:
        raise Unprocessable.at("active_learning", Notice("active_learning_needs_engine"))
    try:
        recipe = recipes.fill(body.effort, body.options, exact_stress=requested.has_exact_stress(body.reference))
    except ValidationError as error:
        problems = [
            FieldProblem.of_pydantic(detail, ".".join(["options", *map(str, detail["loc"])]))
            for detail in error.errors(include_url=False)
        ]
        raise Unprocessable.of_fields(problems) from error
    material = Material(structure, base, recipe)
    labels = requested.check(scope, body.reference, material)
    data = load_structure(scope.settings, structure.id)
    harmonic_reference.check_modes(recipe.harmonic_modes, data, "options.harmonic_modes")
    mode_fits.check(recipe, data, has_force_constants=labels.gives_force_constants)
    seconds = estimate_seconds(recipe, labels) + mode_fits.seconds(recipe, mode_fits.fitted_atoms(data))
    return CheckedTraining(material, labels, seconds)


def estimate_seconds(recipe: Recipe, labels: Requested) -> float:
    """Return the duration of the labels, the fit to them and the checks on one core, in s."""
    atoms_per_step = recipe.batch_size * labels.atoms_per_label
    dynamics = recipe.dynamics_ps * STEPS_PER_PS * ATOMS_OF_DYNAMICS / ATOM_STEPS_PER_SECOND
    return labels.seconds + SECONDS_OF_CHECKS + recipe.steps * atoms_per_step * SECONDS_PER_ATOM_STEP + dynamics


def estimate_range(seconds: float) -> tuple[float, float]:
    """Return the range of the duration in which most trainings lie, in s."""
    return round(seconds / RANGE_FACTOR), round(seconds * RANGE_FACTOR)


def _base(scope: Scope, body: TrainingIn, structure: Structure) -> Potential:
    if body.base is None:
        raise Unprocessable.at("base", Notice("training_from_scratch"))
    base = potentials.find(scope, body.base)
    if base is None:
        raise Unprocessable.at("base", Notice("unknown_potential", {"name": body.base}))
    if base.family not in trainers.DEFAULT.families:
        raise Unprocessable.at("base", Notice("base_of_other_family", {"potential": base.name, "family": base.family}))
    if missing := [element for element in structure.elements if element not in base.elements]:
        stated = {"potential": base.name, "structure": structure.name, "missing": missing}
        raise Unprocessable.at("base", Notice("elements_not_covered", {**stated, "elements": structure.elements}))
    return base


def create(scope: Scope, body: TrainingIn) -> Training:
    """Write the row of a training and its job. The workers are woken after the commit."""
    checked = check_request(scope, body)
    material, labels = checked.material, checked.requested
    text = requested.labels_text(scope, labels)
    row = scope.add(
        Training(
            structure_id=material.structure.id,
            base_id=material.base.id,
            base=material.base.name,
            label_set_id=None if labels.label_set is None else labels.label_set.id,
            reference={"kind": body.reference.kind, **labels.facts},
            temperature_k=body.temperature_k,
            effort=body.effort,
            options=material.recipe.to_json(),
            estimate_s=checked.estimate_s,
            eta_s=checked.estimate_s,
            waiting_for=graph.WAITING_FOR_WORKER,
        )
    )
    work = arriving_folder(scope.session, scope.settings.training_dir(row.id)) / WORK_FOLDER
    work.mkdir()
    if text is not None:
        (work / files.LABELS).write_text(text)
    if labels.phonons is not None:
        harmonic_crystal_file.save(work / files.REFERENCE, labels.phonons)
    trainer = trainers.DEFAULT
    labelling = None
    if labels.engine is not None:
        share = min(MAX_LABELLING_SHARE, labels.seconds / checked.estimate_s)
        labelling = graph.Labelling(labels.engine, labels.queue, share)
    jobs = graph.jobs_of_training(row, trainer.name, queue=trainer.queue, priority=PRIORITY, labelling=labelling)
    queue_jobs(scope.session, jobs)
    return row


def get(scope: Scope, training_id: uuid.UUID) -> Training:
    """Return a training."""
    return scope.get(Training, training_id, NOUN)


def page(
    scope: Scope, paging: Paging, *, structure_id: uuid.UUID | None = None, potential_id: uuid.UUID | None = None
) -> tuple[list[Training], int]:
    """Return one page of the trainings, newest first, and their number; of one structure or potential, if given."""
    statement = scope.select(Training)
    if structure_id is not None:
        statement = statement.where(Training.structure_id == structure_id)
    if potential_id is not None:
        statement = statement.where(Training.potential_id == potential_id)
    return scope.page(statement, Training, paging)


def cancel(scope: Scope, training_id: uuid.UUID) -> Training:
    """Cancel a training: a queued one at once, a running one when its worker next reports.

    Raises
    ------
    Conflict
        The training has already ended.
    """

    def refusal(status: str) -> Notice:
        return Notice("training_has_ended", {"status": status})

    return cancellation.cancel(scope, Training, training_id, NOUN, refusal=refusal)


def delete(scope: Scope, training_id: uuid.UUID) -> None:
    """Delete a training and its files. Its potential stays; a worker that runs it stops at its next report."""
    _delete(scope, scope.get_own(Training, training_id, NOUN, lock=True))


def _delete(scope: Scope, row: Training) -> None:
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.training_dir(row.id))


def labels_text(scope: Scope, row: Training) -> str:
    """Return the labels of a training, which it keeps while it runs and when it has ended.

    Raises
    ------
    Conflict
        The labels are not made yet.
    """
    path = files.result_folder(scope.settings, row.id) / files.LABELS
    if row.status in ONGOING:
        path = _work_folder(scope, row) / files.LABELS
        if not path.exists():
            raise Conflict(Notice("labels_not_made"))
    with reading_stored(Notice("training_file_lost", {"id": str(row.id)})):
        return path.read_text()


def running_loss(scope: Scope, row: Training) -> list[list[float]] | None:
    """Return the curve of the loss of a training that runs, as far as it is."""
    if row.status != "running":
        return None
    try:
        found: list[list[float]] = json.loads((_work_folder(scope, row) / files.LOSS).read_text())
        return found
    except (OSError, ValueError):
        return None


def _work_folder(scope: Scope, row: Training) -> Path:
    return scope.settings.training_dir(row.id) / WORK_FOLDER


def _of_structure(scope: Scope, structure_id: uuid.UUID) -> SelectOfScalar[Training]:
    return scope.select(Training).where(Training.structure_id == structure_id, Training.owner == scope.owner)


def _exist(scope: Scope, structure_id: uuid.UUID) -> bool:
    return scope.session.exec(_of_structure(scope, structure_id).limit(1)).first() is not None


def _delete_of_structure(scope: Scope, structure_id: uuid.UUID, in_proposals: InProposals | None) -> None:
    for row in scope.session.exec(_of_structure(scope, structure_id).with_for_update()).all():
        _delete(scope, row)


register_dependents(Structure, Dependents(are_listed=_exist, exist=_exist, delete=_delete_of_structure))


def trained(scope: Scope, potential_id: uuid.UUID) -> Training | None:
    """Return the training that made a potential, if it is still there."""
    statement = scope.select(Training).where(col(Training.potential_id) == potential_id)
    return scope.session.exec(statement).first()
