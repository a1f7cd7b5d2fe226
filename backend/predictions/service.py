"""Actions on predictions: request, estimate, list, cancel and delete."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from backend import wording
from backend.jobs import cancellation, graph
from backend.jobs.ahead import find_ahead
from backend.jobs.dispatch import queue_jobs
from backend.jobs.tables import Job
from backend.jobs.work import FINISHED
from backend.kit.db.columns import utc_now
from backend.kit.db.database import clock
from backend.kit.db.dependents import Dependents, register_dependents
from backend.kit.db.keeping import InProposals, Keeper, find_keepers, finds_keepers_of, is_to_stay
from backend.kit.db.owners import Scope
from backend.kit.files.storage import arriving_folder, delete_folder
from backend.kit.http.errors import Conflict
from backend.kit.http.notices import NoticeOut
from backend.kit.http.pagination import Paging
from backend.phonon_files import stored
from backend.predictions import given, harmonic_reference, requested
from backend.predictions.assignment import FORCE_CONSTANTS_OF
from backend.predictions.schemas import EstimateOut, PredictionIn, QueueOut
from backend.predictions.search import match_prediction
from backend.predictions.tables import SOURCE, Prediction
from backend.sources import service as sources
from backend.sources.tables import Source
from backend.structures.service import delete_if_unused as delete_structure_if_unused
from backend.structures.tables import Structure
from scattering.core.isotopes import Isotopes
from scattering.core.notices import Notice
from scattering.options.base import Options
from scattering.sample.melting import find_melted

NOUN = "prediction"
PRIORITIES: Final[Mapping[str, int]] = {"preview": 0, "standard": 1, "production": 2}
"""Priority of jobs, by quality; jobs with smaller numbers start first."""
OF_FORCE_CONSTANTS: Final = frozenset(
    {"relaxation_not_converged", "large_relaxation_shift", "cell_under_pressure", "imported_prediction"}
)
"""Warnings about a relaxed crystal and its force constants, which hold with other isotopes too."""
LONG_SIMULATION_S = 12 * 3600.0
"""An estimate above this gives a warning."""


def create(scope: Scope, body: PredictionIn) -> Prediction:
    """Write the row of a prediction and its jobs. The workers are woken after the commit."""
    planned = requested.check(scope, body)
    row = scope.add(_new_row(planned, body))
    queue_jobs(scope.session, _jobs_of(row, planned))
    if planned.source is not None:
        work = new_work_folder(scope, row)
        if planned.source.trajectory is not None:
            sources.copy_trajectory(scope.settings, planned.source, work)
        else:
            phonons = sources.load_phonons(scope.settings, planned.source)
            given.write_phonons(work, phonons, planned.structure.isotopes, planned.isotopes)
    if planned.reference is not None:
        stored.save(new_work_folder(scope, row), harmonic_reference.read_crystal(scope, planned.reference))
    return row


def new_work_folder(scope: Scope, row: Prediction) -> Path:
    """Return the new folder of the jobs of a prediction that is not yet committed."""
    folder = arriving_folder(scope.session, scope.settings.prediction_dir(row.id))
    work = folder / scope.settings.work_dir(row.id).name
    work.mkdir()
    return work


def create_like(
    scope: Scope, source: Prediction, isotopes: Isotopes, options: Options, n_atoms_cell: int
) -> Prediction:
    """Write the row and the job of a prediction with other isotopes, from the force constants of a harmonic one.

    The caller puts the force constants into the folder of the jobs.
    """
    seconds = options.estimate_seconds(n_atoms_cell=n_atoms_cell, atom_steps_per_second=math.inf)
    same = (
        "structure_id",
        "potential_id",
        "potential",
        "source_id",
        "method",
        "sampling",
        "quality",
        "temperature_k",
    )
    kept = {SOURCE: source.provenance[SOURCE]} if SOURCE in source.provenance else {}
    row = scope.add(
        Prediction(
            **{name: getattr(source, name) for name in same},
            instruments=list(source.instruments),
            isotopes=dict(isotopes),
            options=options.to_json(),
            estimate_s=seconds,
            eta_s=seconds,
            waiting_for=graph.WAITING_FOR_WORKER,
            warnings=[notice for notice in source.warnings if notice.code in OF_FORCE_CONSTANTS],
            provenance={
                FORCE_CONSTANTS_OF: str(source.id),
                "findings": source.provenance.get("findings", {}),
                **kept,
            },
        )
    )
    queue_jobs(scope.session, [graph.job_without_engine(row, priority=PRIORITIES["preview"])])
    return row


def _new_row(planned: requested.CheckedRequest, body: PredictionIn) -> Prediction:
    """Return the row of a prediction, not yet in the database."""
    potential, source = planned.potential, planned.source
    return Prediction(
        structure_id=planned.structure.id,
        potential_id=None if potential is None else potential.id,
        potential=None if potential is None else potential.name,
        source_id=None if source is None else source.id,
        method=body.method,
        sampling=body.sampling,
        quality=body.quality,
        temperature_k=planned.temperature_k,
        instruments=planned.instruments,
        isotopes=planned.isotopes,
        options=planned.options.to_json(),
        estimate_s=planned.duration.seconds,
        eta_s=planned.duration.seconds,
        waiting_for=graph.WAITING_FOR_WORKER,
        provenance=_origin(planned),
    )


def _origin(planned: requested.CheckedRequest) -> dict[str, Any]:
    """Return the provenance of a prediction that has not begun."""
    if planned.source is not None:
        return {SOURCE: given.provenance_of(planned.source)}
    if planned.reference is None:
        return {}
    return harmonic_reference.provenance_of(planned.reference, planned.reference_modes)


def _jobs_of(row: Prediction, planned: requested.CheckedRequest) -> list[Job]:
    if planned.potential is None:
        return [graph.job_without_engine(row, priority=PRIORITIES["preview"])]
    return graph.jobs_of(row, planned.options, loader=planned.potential.engine, priority=PRIORITIES[row.quality])


def estimate(scope: Scope, body: PredictionIn) -> EstimateOut:
    """Estimate the time and the resolution of a prediction. Nothing is created."""
    planned = requested.check(scope, body)
    warnings = []
    duration = planned.duration
    if duration.seconds > LONG_SIMULATION_S:
        warnings.append(Notice("long_simulation", {"duration_s": duration.seconds}))
    warnings += find_melted(planned.structure.formula, planned.temperature_k)
    # The wait for the job with most of the work: a preparation is short
    heaviest = max(_jobs_of(_new_row(planned, body), planned), key=lambda job: job.weight)
    ahead = find_ahead(scope.session, heaviest, clock(scope.session))
    return EstimateOut(
        options=planned.options.to_json(),
        estimate_s=duration.seconds,
        estimate_range_s=(duration.low, duration.high),
        estimate_basis=NoticeOut.of(duration.basis),
        queue=QueueOut(jobs_ahead=ahead.n_jobs, wait_s=ahead.wait_s),
        n_atoms_simulated=planned.options.n_atoms(len(planned.data.numbers)),
        q_resolution_inv_angstrom=planned.options.q_resolution(planned.data.cell),
        energy_resolution_mev=planned.options.energy_resolution_mev,
        warnings=wording.messages(warnings),
        notices=NoticeOut.of_all(warnings),
    )


def get(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """Return a prediction."""
    return scope.get(Prediction, prediction_id, NOUN)


def page(
    scope: Scope, structure_id: uuid.UUID | None, paging: Paging, search: str = ""
) -> tuple[list[Prediction], int]:
    """Return one page of the predictions in the lists, newest first, and their number.

    Parameters
    ----------
    structure_id
        Only predictions of this structure; None for all.
    search
        Words that each prediction must match; empty for all.
    """
    statement = scope.select(Prediction).where(col(Prediction.hidden_at).is_(None))
    if search:
        statement = statement.join(Structure, col(Prediction.structure_id) == col(Structure.id))
        statement = statement.where(match_prediction(search))
    if structure_id is not None:
        statement = statement.where(Prediction.structure_id == structure_id)
    return scope.page(statement, Prediction, paging)


def cancel(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """Cancel a prediction: a queued one at once, a running one when its worker next reports.

    Raises
    ------
    Conflict
        The prediction has already ended.
    """

    def refusal(status: str) -> Notice:
        return Notice("prediction_has_ended", {"status": status})

    return cancellation.cancel(scope, Prediction, prediction_id, NOUN, refusal=refusal)


def delete(scope: Scope, prediction_id: uuid.UUID, in_proposals: InProposals | None = None) -> None:
    """Delete a prediction and its files. A worker that runs it stops at its next report.

    Raises
    ------
    Conflict
        Proposals use it, and `in_proposals` does not say what becomes of it there.
    """
    row = scope.get_own(Prediction, prediction_id, NOUN, lock=True)
    _delete_or_hide(scope, row, in_proposals)
    delete_structure_if_unused(scope, row.structure_id)


def delete_if_unused(scope: Scope, prediction_id: uuid.UUID) -> None:
    """Delete a hidden prediction that no proposal uses, and then its structure if that is hidden and unused."""
    row = scope.get(Prediction, prediction_id, NOUN, lock=True)
    if row.hidden_at is not None and not find_keepers(scope, Prediction, row.id):
        _delete(scope, row)
        delete_structure_if_unused(scope, row.structure_id)


def _of_structure(scope: Scope, structure_id: uuid.UUID) -> SelectOfScalar[Prediction]:
    return scope.select(Prediction).where(Prediction.structure_id == structure_id, Prediction.owner == scope.owner)


def _exist(scope: Scope, structure_id: uuid.UUID) -> bool:
    return scope.session.exec(_of_structure(scope, structure_id).limit(1)).first() is not None


def _are_listed(scope: Scope, structure_id: uuid.UUID) -> bool:
    listed = _of_structure(scope, structure_id).where(col(Prediction.hidden_at).is_(None))
    return scope.session.exec(listed.limit(1)).first() is not None


def _delete_of_structure(scope: Scope, structure_id: uuid.UUID, in_proposals: InProposals | None) -> None:
    for row in scope.session.exec(_of_structure(scope, structure_id).with_for_update()).all():
        _delete_or_hide(scope, row, in_proposals)
    scope.session.flush()


register_dependents(Structure, Dependents(are_listed=_are_listed, exist=_exist, delete=_delete_of_structure))


def _of_source(scope: Scope, source_id: uuid.UUID) -> SelectOfScalar[Prediction]:
    return scope.select(Prediction).where(Prediction.source_id == source_id, Prediction.owner == scope.owner)


def _exist_of_source(scope: Scope, source_id: uuid.UUID) -> bool:
    return scope.session.exec(_of_source(scope, source_id).limit(1)).first() is not None


def _are_listed_of_source(scope: Scope, source_id: uuid.UUID) -> bool:
    listed = _of_source(scope, source_id).where(col(Prediction.hidden_at).is_(None))
    return scope.session.exec(listed.limit(1)).first() is not None


def _delete_of_source(scope: Scope, source_id: uuid.UUID, in_proposals: InProposals | None) -> None:
    """Delete the predictions of a source. Those that proposals keep have its phonons in their own files."""
    for row in scope.session.exec(_of_source(scope, source_id).with_for_update()).all():
        row.source_id = None
        _delete_or_hide(scope, row, in_proposals)
    scope.session.flush()


register_dependents(
    Source, Dependents(are_listed=_are_listed_of_source, exist=_exist_of_source, delete=_delete_of_source)
)


@finds_keepers_of(Structure)
def find_keepers_of_structure(scope: Scope, structure_id: uuid.UUID) -> list[Keeper]:
    """Return the proposals that use a prediction of a structure: a prediction needs its structure."""
    rows = scope.session.exec(_of_structure(scope, structure_id)).all()
    return [keeper for row in rows for keeper in find_keepers(scope, Prediction, row.id)]


def _delete_or_hide(scope: Scope, row: Prediction, in_proposals: InProposals | None) -> None:
    if is_to_stay(scope, row, NOUN, in_proposals):
        row.hidden_at = row.hidden_at or utc_now()
        scope.add(row)
    else:
        _delete(scope, row)


def _delete(scope: Scope, row: Prediction) -> None:
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.prediction_dir(row.id))


def get_succeeded(scope: Scope, prediction_id: uuid.UUID) -> Prediction:
    """Return a prediction that has partials.

    Raises
    ------
    Conflict
        The prediction has no partials, or none yet; the problem states its status.
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
