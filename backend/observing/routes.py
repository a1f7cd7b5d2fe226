"""Partials and spectra of predictions over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import Response

from backend.kit.db.owners import ReadingScopeDep, ScopeDep
from backend.kit.files.lost import check_whole
from backend.kit.files.storage import as_attachment
from backend.kit.http.computing import SHORT
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Conflict, NotAcceptable, NotFound, RangeNotSatisfiable, responses
from backend.kit.http.media_types import CSV, HDF5, JSON, SUFFIXES
from backend.kit.http.negotiation import choose
from backend.observing import spectra
from backend.observing.partials_cache import PartialsCacheDep
from backend.observing.samplings import observation
from backend.observing.schemas import PathSpectrumOut, SpectrumOut, ViewIn
from backend.predictions import service as predictions
from backend.predictions.partials_files import lost_partials

router = APIRouter(prefix="/predictions", tags=["predictions"])
view_router = APIRouter(tags=["predictions"])


@view_router.get("/view-schema", summary="Get the JSON Schema of a view", responses=responses())
def describe_view() -> dict[str, Any]:
    """Return bounds, defaults, choices and descriptions of all fields of a view, for forms and programs."""
    return ViewIn.model_json_schema()


@router.get(
    "/{prediction_id}/partials",
    summary="Download the partial structure factors",
    response_class=FileDownload,
    responses={
        **responses(NotFound, Conflict, RangeNotSatisfiable),
        200: {"description": "HDF5 with named axes and units", "content": {HDF5: {}}},
    },
)
def download_partials(prediction_id: uuid.UUID, scope: ScopeDep) -> FileDownload:
    """Return the partial dynamic structure factors of a prediction, without any instrument."""
    row = predictions.get_succeeded(scope, prediction_id)
    path = scope.settings.partials_path(row.id)
    check_whole(path, lost_partials(row.id))
    return FileDownload(path, media_type=HDF5, headers=as_attachment(f"beamcast-{row.id}-partials.h5"))


@router.post(
    "/{prediction_id}/spectrum",
    summary="Get a spectrum",
    responses={
        **responses(NotFound, Conflict, NotAcceptable),
        200: {
            "description": "as the `Accept` header asks",
            "model": SpectrumOut | PathSpectrumOut,
            "content": {CSV: {"schema": {"type": "string"}}, HDF5: {}},
        },
    },
    dependencies=SHORT,
)
def observe_spectrum(
    prediction_id: uuid.UUID,
    body: ViewIn,
    scope: ReadingScopeDep,
    cache: PartialsCacheDep,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Return a spectrum as an instrument would measure it: JSON, CSV (`text/csv`) or HDF5 (`application/x-hdf5`).

    The header `Accept` selects the format. Nothing is simulated. A prediction along a path gives a cut and a map.
    """
    view = body.to_view()
    media_type = choose(accept, list(SUFFIXES))
    row = predictions.get_succeeded(scope, prediction_id)
    about: dict[str, Any] = {
        "prediction": str(row.id),
        "method": row.method,
        "temperature_k": row.temperature_k,
        "view": body.model_dump(mode="json"),
    }
    spectrum = spectra.observe(scope.settings, cache, row, view)
    content = observation(row.sampling).writers[media_type](spectrum, about)
    name = f"beamcast-{body.instrument or 'sample'}-{row.id}.{SUFFIXES[media_type]}"
    headers = {} if media_type == JSON else {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
