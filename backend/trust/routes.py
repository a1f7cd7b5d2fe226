"""Route of the reliability of predictions."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.kit.db.owners import ScopeDep
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.predictions import service as predictions
from backend.trust import bodies, service
from backend.trust.schemas import TrustOut

router = APIRouter(prefix="/predictions", tags=["predictions"])


@router.get(
    "/{prediction_id}/trust",
    summary="Assess the reliability of a prediction",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def get_trust(prediction_id: uuid.UUID, scope: ScopeDep, cache: PartialsCacheDep) -> TrustOut:
    """Return the accuracy of the energies and the evidence for it. Nothing is simulated."""
    row = predictions.get_succeeded(scope, prediction_id)
    return bodies.trust_body(service.assess_fully(scope, cache, row))
