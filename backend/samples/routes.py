"""Samples over HTTP."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.errors import NotFound, responses
from backend.samples.schemas import AdviceIn, AdviceOut

router = APIRouter(tags=["samples"])


@router.post(
    "/structures/{structure_id}/sample-advice",
    summary="Work out a sample, and what to know before it is made",
    responses=responses(NotFound),
)
def advise(structure_id: uuid.UUID, body: AdviceIn, scope: ReadingScopeDep) -> AdviceOut:
    """Thickness, mass, transmission, multiple scattering, activation, and sentences. Nothing is kept."""
    from backend.samples import service

    return service.advise(scope, structure_id, body)
