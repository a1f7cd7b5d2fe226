"""Routes of displaced supercells. Nothing is stored."""

from __future__ import annotations

import uuid
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from backend.displacements.schemas import DisplacementsIn
from backend.kit.db.owners import ReadingScopeDep
from backend.kit.files.storage import as_attachment
from backend.kit.http.computing import LONG
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep

router = APIRouter()
ZIP: Final = "application/zip"
_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "the file", "content": {ZIP: {}}}}


@router.post(
    "/predictions/{prediction_id}/displacements",
    tags=["predictions"],
    summary="Write displaced supercells for a DFT code",
    response_class=Response,
    responses={**responses(NotFound, Conflict), **_FILE},
    dependencies=LONG,
)
def displace_prediction(
    prediction_id: uuid.UUID, body: DisplacementsIn, scope: ReadingScopeDep, cache: PartialsCacheDep
) -> Response:
    """Return inputs for the forces of displaced supercells of the relaxed cell of a harmonic prediction, as a zip.

    Its README says what to run, and which files to upload as a source afterwards.
    """
    from backend.displacements import service

    made = service.of_prediction(scope, cache, prediction_id, body)
    return Response(made.content, media_type=ZIP, headers=as_attachment(made.name))


@router.post(
    "/structures/{structure_id}/displacements",
    tags=["structures"],
    summary="Write displaced supercells of a structure for a DFT code",
    response_class=Response,
    responses={**responses(NotFound), **_FILE},
    dependencies=LONG,
)
def displace_structure(structure_id: uuid.UUID, body: DisplacementsIn, scope: ReadingScopeDep) -> Response:
    """Return the same for the cell as it was uploaded; its atoms should be relaxed by the same code before."""
    from backend.displacements import service

    made = service.of_structure(scope, structure_id, body)
    return Response(made.content, media_type=ZIP, headers=as_attachment(made.name))
