"""Route of advice about samples."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import NotFound, responses
from backend.samples.schemas import AdviceIn, AdviceOut

router = APIRouter(tags=["samples"])


@router.post(
    "/structures/{structure_id}/sample-advice",
    summary="Get the size of a sample, and advice",
    responses=responses(NotFound),
    dependencies=SHORT,
)
def advise(structure_id: uuid.UUID, body: AdviceIn, scope: ReadingScopeDep) -> AdviceOut:
    """Return thickness, mass, transmission, multiple scattering, activation, advice and warnings. Nothing is stored."""
    from backend.samples import service

    return service.advise(scope, structure_id, body)
