"""Route of the jobs of a prediction."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.jobs import graph
from backend.jobs.schemas import JobOut
from backend.jobs.work import PREDICTION, work_tables
from backend.kit.db.owners import ScopeDep
from backend.kit.http.errors import NotFound, responses

router = APIRouter(prefix="/predictions", tags=["predictions"])


@router.get("/{prediction_id}/jobs", summary="List the jobs of a prediction", responses=responses(NotFound))
def list_jobs(prediction_id: uuid.UUID, scope: ScopeDep) -> list[JobOut]:
    """Return the jobs of a prediction in their order, with worker, stage and progress."""
    prediction = scope.get(work_tables()[PREDICTION].table, prediction_id, PREDICTION)
    return [JobOut.of(job) for job in graph.jobs(scope.session, prediction)]
