"""Reports of a proposal."""

from __future__ import annotations

import uuid

from backend.datasets.tables import Dataset
from backend.kit.db import database
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, Unprocessable
from backend.kit.settings import Settings
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.plans.schemas import PlanIn
from backend.predictions.tables import Prediction
from backend.proposals import service
from backend.proposals.schemas import ProposalReportIn, ReportFormat
from backend.proposals.tables import Proposal
from backend.reports.schemas import ReportIn, ReportViewIn
from scattering.core.notices import Notice

MAX_OTHERS = 3
MAX_DATASETS = 6
MAX_VIEWS = 24
MAX_NOTES_CHARACTERS = 20_000


def make_report_files(
    settings: Settings, owner: str, cache: PartialsCache, proposal_id: uuid.UUID, body: ProposalReportIn
) -> dict[ReportFormat, bytes]:
    """Return the files of a report. This takes seconds in its own transaction, so no writer waits.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        The proposal does not exist, or has no prediction for a report.
    """
    from backend.reports import service as reports

    with database.transaction(settings, reading=True) as session:
        scope = Scope(session, owner)
        asked = _request(scope, service.get(scope, proposal_id), body)
        made = reports.reports(scope, cache, asked, (reports.PDF, reports.HTML))
        return {"pdf": made[reports.PDF], "html": made[reports.HTML]}


def _request(scope: Scope, row: Proposal, body: ProposalReportIn) -> ReportIn:
    """Return the request for a report of one prediction with the plan, or the selected settings, of the proposal."""
    inside = service.items(scope.session, [row.id])[row.id]
    predictions: list[Prediction] = service.members(scope, Prediction, inside["predictions"])
    plan = None if row.plan is None else PlanIn.model_validate(row.plan)
    of = _prediction(predictions, plan, body.prediction_id)
    if plan is not None and plan.prediction_id != of.id:
        plan = None
    measured: list[Dataset] = service.members(scope, Dataset, inside["datasets"])
    return ReportIn(
        prediction_id=of.id,
        others=[one.id for one in predictions if _is_comparable(one, of)][:MAX_OTHERS],
        views=[] if plan is not None else [ReportViewIn(**setting) for setting in row.settings[:MAX_VIEWS]],
        dataset_ids=[one.id for one in measured if one.kind == "1d"][:MAX_DATASETS],
        plan=plan,
        title=body.title or row.name,
        proposer=body.proposer,
        notes=row.notes[:MAX_NOTES_CHARACTERS],
    )


def _is_reportable(prediction: Prediction) -> bool:
    return prediction.status == "succeeded" and observation(prediction.sampling).comparable


def _is_comparable(prediction: Prediction, of: Prediction) -> bool:
    return _is_reportable(prediction) and prediction.id != of.id and prediction.structure_id == of.structure_id


def _prediction(predictions: list[Prediction], plan: PlanIn | None, asked: uuid.UUID | None) -> Prediction:
    """Return the requested prediction, else that of the plan, else the last added one."""
    ready = {one.id: one for one in predictions if _is_reportable(one)}
    if asked is not None and asked not in ready:
        raise Unprocessable.at("prediction_id", Notice("prediction_not_reportable", {"id": str(asked)}))
    if not ready:
        raise Conflict(Notice("nothing_to_report"))
    if asked is None and plan is not None and plan.prediction_id in ready:
        asked = plan.prediction_id
    return ready[asked] if asked is not None else list(ready.values())[-1]
