"""Sources over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

from fastapi import APIRouter, Form, Query

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.keeping import InProposalsQuery
from backend.kit.db.owners import ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import Received, receive_upload, staging
from backend.kit.http.errors import Conflict, NotFound, TooLarge, UnsupportedMediaType, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.kit.settings import Settings
from backend.sources import service
from backend.sources.formats import FORMATS
from backend.sources.schemas import SourceForm, SourceFormatOut, SourceOut, SourcePreviewOut

router = APIRouter(prefix="/sources", tags=["sources"])
Upload = Annotated[SourceForm, Form(media_type="multipart/form-data")]


@router.post(
    "/preview", summary="Preview files of phonons, or a trajectory", responses=responses(TooLarge, UnsupportedMediaType)
)
def preview_source(form: Upload, settings: SettingsDep) -> SourcePreviewOut:
    """Return the contents of an upload, with doubts about them, and the fields that are needed. Nothing is stored."""
    with _received(form, settings) as files:
        upload = service.read(settings, files, form, keep=False)
    return SourcePreviewOut.of(upload.contents)


@router.post(
    "", status_code=201, summary="Upload phonons or a trajectory", responses=responses(TooLarge, UnsupportedMediaType)
)
def create_source(form: Upload, scope: ScopeDep, settings: SettingsDep, once: OnceDep) -> SourceOut:
    """Store phonons or a trajectory that another program has calculated, with the structure that their files describe.

    An upload is refused with `needs_field` if the files do not state everything; `POST /sources/preview` returns such
    fields before.
    """
    with _received(form, settings) as files, staging(settings) as folder:
        upload = service.read(settings, files, form, keep=True)
        staged = service.stage(folder / "source", upload)
        sums = [part for name, file in zip(upload.file_names, files, strict=True) for part in (name, file.sha256)]
        row = once(
            fingerprint(*sums, form.model_dump_json(exclude={"files"})),
            lambda: service.add(scope, staged, form),
            lambda source_id: service.get(scope, source_id),
        )
    return SourceOut.of_row(row)


@contextmanager
def _received(form: SourceForm, settings: Settings) -> Iterator[list[Received]]:
    with ExitStack() as stack:
        # The body of the request as a whole is limited to as much
        yield [stack.enter_context(receive_upload(file, settings.max_source_bytes, loc="files")) for file in form.files]


@router.get("/formats", summary="List the formats of phonons and trajectories", responses=responses())
def list_formats() -> list[SourceFormatOut]:
    """Return the formats that are read; the field `format` of an upload takes their names."""
    return [SourceFormatOut.model_validate(one, from_attributes=True) for one in FORMATS.values()]


@router.get("", summary="List sources, newest first", responses=responses())
def list_sources(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only sources of this structure")] = None,
) -> Page[SourceOut]:
    """Return one page of the uploaded phonons and trajectories."""
    rows, total = service.page(scope, paging, structure_id)
    return Page(items=[SourceOut.of_row(row) for row in rows], total=total)


@router.get("/{source_id}", summary="Get a source", responses=responses(NotFound))
def get_source(source_id: uuid.UUID, scope: ScopeDep) -> SourceOut:
    """Return the facts about uploaded phonons, or a trajectory."""
    return SourceOut.of_row(service.get(scope, source_id))


@router.delete("/{source_id}", status_code=204, summary="Delete a source", responses=responses(NotFound, Conflict))
def delete_source(
    source_id: uuid.UUID,
    scope: ScopeDep,
    with_predictions: Annotated[bool, Query(description="delete its predictions too")] = False,
    in_proposals: InProposalsQuery = None,
) -> None:
    """Delete a source and its files. The structure that was made of it stays.

    If proposals use a prediction of it, the request says what becomes of it there (`in_proposals`).
    """
    service.delete(scope, source_id, with_predictions=with_predictions, in_proposals=in_proposals)
