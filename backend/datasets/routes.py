"""Measured data over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Header, Query
from fastapi.responses import Response

from backend.datasets import deletion, service
from backend.datasets.downloads import WRITERS
from backend.datasets.schemas import (
    DatasetOut,
    DatasetPatch,
    MapDataOut,
    PreviewForm,
    PreviewOut,
    SpectrumDataOut,
)
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.keeping import InProposalsQuery
from backend.kit.db.owners import OwnerDep, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.lost import stored_file
from backend.kit.files.storage import as_attachment, receive_upload, staging
from backend.kit.http.computing import LONG
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Conflict, NotAcceptable, NotFound, RangeNotSatisfiable, TooLarge, responses
from backend.kit.http.media_types import CSV, HDF5, JSON, SUFFIXES
from backend.kit.http.negotiation import choose
from backend.kit.http.pagination import Page, PagingDep

router = APIRouter(prefix="/datasets", tags=["datasets"])
Upload = Annotated[PreviewForm, Form(media_type="multipart/form-data")]


@router.post(
    "/preview",
    summary="Preview a file of measured data",
    responses={**responses(TooLarge), 200: {"model": PreviewOut, "description": "contents of the file"}},
)
def preview_dataset(form: Upload, settings: SettingsDep) -> Response:
    """Return the contents of a file, with problems and points to draw of the selected spectrum. Nothing is stored."""
    with receive_upload(form.file, settings.max_dataset_bytes) as file:
        reading = service.read_upload(settings, file, form)
    return Response(service.as_preview(reading, form), media_type=JSON)


@router.post("", status_code=201, summary="Upload measured data", responses=responses(TooLarge))
def create_dataset(form: Upload, scope: ScopeDep, settings: SettingsDep, once: OnceDep) -> DatasetOut:
    """Store one spectrum or map of a file as a dataset, in meV.

    An upload is refused if neither file nor request states the unit (`x_unit`), or `fixed_energy_mev` or `instrument`
    to convert wavelengths or angles. `POST /datasets/preview` returns such problems before.
    """
    with receive_upload(form.file, settings.max_dataset_bytes) as file, staging(settings) as folder:
        reading = service.read_upload(settings, file, form)
        staged = service.stage(folder / "dataset", reading, file)
        row = once(
            fingerprint(file.sha256, form.file.filename, form.model_dump_json(exclude={"file"})),
            lambda: service.add(scope, staged, form),
            lambda dataset_id: service.get(scope, dataset_id),
        )
    return DatasetOut.of(row)


@router.get("", summary="List measured data, newest first", responses=responses())
def list_datasets(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only datasets of this structure")] = None,
) -> Page[DatasetOut]:
    """Return one page of the datasets, of one structure or of all."""
    rows, total = service.page(scope, structure_id, paging)
    return Page(items=[DatasetOut.of(row) for row in rows], total=total)


@router.get("/{dataset_id}", summary="Get a dataset", responses=responses(NotFound))
def get_dataset(dataset_id: uuid.UUID, scope: ScopeDep) -> DatasetOut:
    """Return the facts about a dataset, without its numbers."""
    return DatasetOut.of(service.get(scope, dataset_id))


@router.patch("/{dataset_id}", summary="Change a dataset", responses=responses(NotFound, Conflict))
def change_dataset(
    dataset_id: uuid.UUID, body: DatasetPatch, scope: ScopeDep, settings: SettingsDep, owner: OwnerDep
) -> DatasetOut:
    """Change name, unit, instrument and so on. Missing fields stay as they are; null removes a fact.

    If a change affects the numbers, they are calculated again from the uploaded file.
    """
    reworked = service.rework(settings, owner, dataset_id, body)
    return DatasetOut.of(service.change(scope, dataset_id, body, reworked))


@router.get(
    "/{dataset_id}/data",
    summary="Download the numbers",
    response_class=Response,
    responses={
        **responses(NotFound, Conflict, NotAcceptable),
        200: {
            "description": "as the `Accept` header asks",
            "model": SpectrumDataOut | MapDataOut,
            "content": {CSV: {"schema": {"type": "string"}}, HDF5: {}},
        },
    },
    dependencies=LONG,
)
def download_data(
    dataset_id: uuid.UUID, scope: ScopeDep, accept: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Response:
    """Return clean data in meV: JSON, CSV (`Accept: text/csv`) or NeXus HDF5 (`Accept: application/x-hdf5`)."""
    media_type = choose(accept, list(WRITERS))
    row = service.get(scope, dataset_id)
    content = WRITERS[media_type](service.measured(scope, row), service.about(row))
    headers = {} if media_type == JSON else as_attachment(f"{row.name}.{SUFFIXES[media_type]}")
    return Response(content, media_type=media_type, headers=headers)


@router.get(
    "/{dataset_id}/file",
    summary="Download the uploaded file",
    response_class=FileDownload,
    responses={
        **responses(NotFound, RangeNotSatisfiable),
        200: {"description": "the file", "content": {"application/octet-stream": {}}},
    },
)
def download_original(dataset_id: uuid.UUID, scope: ScopeDep) -> FileDownload:
    """Return the uploaded file, unchanged."""
    row = service.get(scope, dataset_id)
    return stored_file(
        service.original(scope, row),
        service.lost_dataset(row.id),
        media_type="application/octet-stream",
        headers=as_attachment(row.filename),
    )


@router.delete("/{dataset_id}", status_code=204, summary="Delete a dataset", responses=responses(NotFound, Conflict))
def delete_dataset(dataset_id: uuid.UUID, scope: ScopeDep, in_proposals: InProposalsQuery = None) -> None:
    """Delete a dataset and its files.

    If proposals use it, the request says what becomes of it there (`in_proposals`).
    """
    deletion.delete(scope, dataset_id, in_proposals)
