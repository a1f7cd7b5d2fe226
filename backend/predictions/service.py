"""What can be done with predictions, but for running them (`runs`) and looking at them (`spectra`)."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from backend import wording
from backend.jobs import graph
from backend.jobs.dispatch import update_reasons_to_wait, wake_for_queued_jobs
from backend.kit.db.database import clock
from backend.kit.db.dependents import deleted_with
from backend.kit.db.owners import Scope
from backend.kit.files.storage import delete_folder
from backend.kit.http.errors import Conflict, NotFound, Unprocessable, unprocessable
from backend.kit.http.notices import NoticeOut
from backend.kit.http.pagination import Paging
from backend.potentials.tables import Potential
from backend.predictions.options import fill_options
from backend.predictions.schemas import FINISHED, EstimateOut, PredictionIn
from backend.predictions.tables import Prediction
from backend.structures.geometry import StructureData
from backend.structures.service import load_structure
from backend.structures.tables import Structure
from scattering import instruments
from scattering.core.errors import ScatteringError, UnknownInstrument
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.options.registry import find_kind

NOUN = "prediction"
PRIORITIES: Final = {"preview": 0, "standard": 1, "production": 2}
"""Of jobs, by quality; the smaller goes first."""
LONG_S = 12 * 3600.0
RECENT = 20
"""Predictions whose measured speed the estimate rests on."""
TELLING_S = 20.0
"""Of molecular dynamics, before what was measured is trusted more than the default."""


@dataclass(frozen=True)
class Plan:
    """A prediction that could be made."""

    structure: Structure
    data: StructureData
    potential: Potential
    instruments: list[str]
    options: Options
    estimate_s: float


def plan(scope: Scope, body: PredictionIn) -> Plan:
    """Check that the prediction can be made, and fill in the options left out.

    Raises
    ------
    Unprocessable
        It cannot be; the problem names the field.
    """
    structure = _structure(scope, body.structure_id)
    potential = _potential(scope, body)
    missing = [element for element in structure.elements if element not in potential.elements]
    if missing:
        stated = {"potential": potential.name, "structure": structure.name, "missing": missing}
        notice = Notice("elements_not_covered", {**stated, "elements": structure.elements})
        raise Unprocessable.at(body.potential_field, notice)
    names = _instruments(body.instruments)
    data = load_structure(scope.settings, structure.id)
    try:
        options = fill_options(
            find_kind(body.method, body.sampling),
            body.options,
            data,
            quality=body.quality,
            temperature_k=body.temperature_k,
            instruments=names,
            family=potential.family,
            preferred_engine=potential.engine,
        )
    except ScatteringError as error:
        raise unprocessable(error) from error
    estimate_s = options.estimate_seconds(
        n_atoms_cell=len(data.numbers), atom_steps_per_second=_speed(scope, body.method, options)
    )
    return Plan(structure, data, potential, names, options, estimate_s)


def create(scope: Scope, body: PredictionIn) -> Prediction:
    """Ask for a prediction: the row is written, and the workers hear of it once it is committed."""
    planned = plan(scope, body)
    row = scope.add(
        Prediction(
            structure_id=planned.structure.id,
            potential_id=planned.potential.id,
            potential=planned.potential.name,
            method=body.method,
            sampling=body.sampling,
            quality=body.quality,
            temperature_k=body.temperature_k,
            instruments=planned.instruments,
            options=planned.options.to_json(),
            estimate_s=planned.estimate_s,
            eta_s=planned.estimate_s,
            waiting_for=graph.WAITING_FOR_WORKER,
        )
    )
    scope.session.add_all(
        graph.jobs_of(row, planned.options, loader=planned.potential.engine, priority=PRIORITIES[body.quality])
    )
    now = clock(scope.session)
    wake_for_queued_jobs(scope.session, now)
    update_reasons_to_wait(scope.session, now)
    return row


def estimate(scope: Scope, body: PredictionIn) -> EstimateOut:
    """What the prediction would take and resolve; nothing is created."""
    planned = plan(scope, body)
    warnings = []
    if planned.estimate_s > LONG_S:
        warnings.append(Notice("long_simulation", {"duration_s": planned.estimate_s}))
    return EstimateOut(
        options=planned.options.to_json(),
        estimate_s=planned.estimate_s,
        n_atoms_simulated=planned.options.n_atoms(len(planned.data.numbers)),
        q_resolution_inv_angstrom=planned.options.q_resolution(planned.data.cell),
        energy_resolution_mev=planned.options.energy_resolution_mev,
        warnings=wording.messages(warnings),
        notices=NoticeOut.of_all(warnings),
    )


def get(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """One prediction."""
    return scope.get(Prediction, prediction_id, NOUN)


def page(scope: Scope, structure_id: uuid.UUID | None, paging: Paging) -> tuple[list[Prediction], int]:
    """Predictions, newest first, of one structure or of all."""
    statement = scope.select(Prediction)
    if structure_id is not None:
        statement = statement.where(Prediction.structure_id == structure_id)
    return scope.page(statement, Prediction, paging)


def cancel(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """Stop a prediction: a queued one at once, a running one when its worker next reports.

    Raises
    ------
    Conflict
        It has ended by itself.
    """
    row = scope.get_own(Prediction, prediction_id, NOUN, lock=True)
    if row.status in ("succeeded", "failed"):
        raise Conflict(Notice("prediction_has_ended", {"status": row.status}))
    row.cancel_requested = True
    graph.advance(scope.session, row, clock(scope.session))
    return row


def delete(scope: Scope, prediction_id: uuid.UUID) -> None:
    """Remove a prediction with its files. A worker that runs it notices at its next report and stops."""
    _delete(scope, scope.get_own(Prediction, prediction_id, NOUN, lock=True))


@deleted_with(Structure)
def delete_of_structure(scope: Scope, structure_id: uuid.UUID) -> None:
    """Remove the predictions of a structure with their files."""
    statement = scope.select(Prediction).where(Prediction.structure_id == structure_id, Prediction.owner == scope.owner)
    for row in scope.session.exec(statement.with_for_update()).all():
        _delete(scope, row)
    scope.session.flush()


def _delete(scope: Scope, row: Prediction) -> None:
    scope.session.delete(row)
    delete_folder(scope.session, scope.settings.prediction_dir(row.id))


def succeeded(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """A prediction whose partials can be looked at.

    Raises
    ------
    Conflict
        It has none (yet); the problem says how it stands.
    """
    row = get(scope, prediction_id)
    if row.status == "succeeded":
        return row
    if row.status == "failed":
        raise Conflict(Notice("prediction_failed", {"error": row.error and row.error.to_json()}))
    if row.status in FINISHED:
        raise Conflict(Notice("prediction_cancelled"))
    doing = row.waiting_for or row.stage
    params = {"status": row.status, "stage": doing and doing.to_json(), "progress": row.progress}
    raise Conflict(Notice("prediction_not_finished", params))


def _structure(scope: Scope, structure_id: uuid.UUID) -> Structure:
    try:
        return scope.get(Structure, structure_id, "structure")
    except NotFound as error:
        raise Unprocessable.at("structure_id", error.notice) from error


def _potential(scope: Scope, body: PredictionIn) -> Potential:
    """Return the potential of an id, or the newest one of a name."""
    name_or_id = body.chosen_potential
    wanted: ColumnElement[bool]
    try:
        wanted = col(Potential.id) == uuid.UUID(name_or_id)
    except ValueError:
        wanted = func.lower(Potential.name) == name_or_id.lower()
    statement = scope.select(Potential).where(wanted).order_by(col(Potential.created_at).desc())
    row = scope.session.exec(statement).first()
    if row is None:
        raise Unprocessable.at(body.potential_field, Notice("unknown_potential", {"name": name_or_id}))
    return row


def _instruments(names: list[str]) -> list[str]:
    """The instruments' own spelling, each once."""
    found: dict[str, None] = {}
    for index, name in enumerate(names):
        try:
            found[instruments.get(name).name] = None
        except UnknownInstrument as error:
            raise Unprocessable.at(f"instruments.{index}", error.notice) from error
    return list(found)


def _speed(scope: Scope, method: str, options: Options) -> float:
    """Atom-steps a second: what was done lately with the same engine, or a default until something was."""
    statement = (
        select(Prediction.provenance, Prediction.sampling, Prediction.options)
        .where(Prediction.status == "succeeded", Prediction.method == method)
        .order_by(col(Prediction.finished_at).desc())
        .limit(RECENT)
    )
    # In seconds and atom-steps, so that a tiny run, which is mostly overhead, counts for little
    seconds = atom_steps = 0.0
    for provenance, sampling, stored in scope.session.exec(statement):
        timings, done = provenance.get("timings", {}), find_kind(method, sampling).options.parse(stored)
        if (done.engine, done.dispersion) == (options.engine, options.dispersion):
            took = timings.get("equilibration_s", 0.0) + timings.get("production_s", 0.0)
            seconds += took
            atom_steps += took * timings.get("atom_steps_per_second", 0.0)
    if seconds > TELLING_S:
        return atom_steps / seconds
    return options.usual_speed(len(os.sched_getaffinity(0)))
