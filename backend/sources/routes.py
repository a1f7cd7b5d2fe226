"""Sources over HTTP."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from backend.kit.db.database import transaction
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.keeping import InProposalsQuery
from backend.kit.db.owners import OwnerDep, Scope, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import base_name, receive_upload, staging
from backend.kit.http.errors import (
    Conflict,
    NotFound,
    TooLarge,
    Unprocessable,
    UnsupportedMediaType,
    responses,
)
from backend.kit.http.pagination import Page, PagingDep
from backend.kit.settings import Settings
from backend.sources import service
from backend.sources.formats import FORMATS, MAX_FILES
from backend.sources.reading import LARGE_BYTES
from backend.sources.schemas import SourceForm, SourceFormatOut, SourceOut, SourcePreviewOut, SourceStatus
from backend.sources.service import Files
from backend.uploads.service import finished
from scattering.core.notices import Notice

router = APIRouter(prefix="/sources", tags=["sources"])
Upload = Annotated[SourceForm, Form(media_type="multipart/form-data")]


@router.post(
    "/preview",
    summary="Preview files of phonons, or a trajectory",
    responses=responses(NotFound, Conflict, TooLarge, UnsupportedMediaType),
)
def preview_source(form: Upload, settings: SettingsDep, owner: OwnerDep) -> SourcePreviewOut:
    """Return the contents of an upload, with doubts about them, and the fields that are needed. Nothing is stored.

    The number of frames of a large trajectory is estimated from its head (`is_estimated`).
    """
    with _received(form, settings, owner) as files:
        return SourcePreviewOut.of(service.preview(settings, files, form))


@router.post(
    "",
    status_code=201,
    summary="Upload phonons or a trajectory",
    responses=responses(NotFound, Conflict, TooLarge, UnsupportedMediaType)
    | {202: {"model": SourceOut, "description": "A job reads a trajectory of more than 32 MiB."}},
)
def create_source(
    form: Upload, response: Response, owner: OwnerDep, scope: ScopeDep, settings: SettingsDep, once: OnceDep
) -> SourceOut:
    """Store phonons or a trajectory that another program has calculated, with the structure that their files describe.

    An upload is refused with `needs_field` if the files do not state everything; `POST /sources/preview` returns such
    fields before. A job reads a trajectory of more than 32 MiB: the answer is 202, and `GET /sources/{id}` returns the
    `status` and the `progress`.
    """
    with _received(form, settings, owner) as files, staging(settings) as folder:
        request = fingerprint(*_facts(files), form.model_dump_json(exclude={"files"}))
        contents = service.preview(settings, files, form) if files.are_large else None
        if contents is not None and contents["kind"] == "trajectory":
            of_job = service.stage_reading(folder / "reading", files, contents)
            row = once(
                request,
                lambda: service.add_reading(scope, of_job, files, form),
                lambda source_id: service.get_any(scope, source_id),
            )
        else:
            staged = service.stage(folder / "source", files, form, settings)
            row = once(
                request,
                lambda: service.add_small(scope, staged, files, form),
                lambda source_id: service.get_any(scope, source_id),
            )
    answer = SourceOut.of_any(row)
    response.status_code = 201 if answer.status == "ready" else 202
    return answer


def _facts(files: Files) -> Iterator[str]:
    for name, digest in zip(files.names, files.sums, strict=True):
        yield name
        yield digest or ""


@contextmanager
def _received(form: SourceForm, settings: Settings, owner: str) -> Iterator[Files]:
    """Yield the files of a request.

    Raises
    ------
    Unprocessable
        There are none, or too many.
    NotFound, Conflict
        An upload does not exist, or bytes of it are missing.
    """
    if not 1 <= len(form.files) + len(form.uploads) <= MAX_FILES:
        raise Unprocessable.at("files", Notice("number_of_files", {"maximum": MAX_FILES}))
    with transaction(settings, reading=True) as session:
        uploads = [finished(Scope(session, owner), one) for one in form.uploads]
    with ExitStack() as stack:
        # The body of the request as a whole is limited to as much
        received = [
            stack.enter_context(receive_upload(file, settings.max_source_bytes, loc="files")) for file in form.files
        ]
        names = [base_name(file.filename or "", "file") for file in form.files] + [row.name for row, _ in uploads]
        sums = [one.sha256 for one in received] + [_sum_of_small(path) for _, path in uploads]
        paths = [one.path for one in received] + [path for _, path in uploads]
        yield Files(paths, service.distinct(names), sums, form.uploads)


def _sum_of_small(path: Path) -> str | None:
    """Return the checksum of a file that no job reads."""
    if path.stat().st_size > LARGE_BYTES:
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@router.get("/formats", summary="List the formats of phonons and trajectories", responses=responses())
def list_formats() -> list[SourceFormatOut]:
    """Return the formats that are read; the field `format` of an upload takes their names."""
    return [SourceFormatOut.model_validate(one, from_attributes=True) for one in FORMATS.values()]


@router.get("", summary="List sources, newest first", responses=responses())
def list_sources(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only sources of this structure")] = None,
    status: Annotated[
        list[SourceStatus] | None, Query(description="only sources with one of these states", max_length=5)
    ] = None,
) -> Page[SourceOut]:
    """Return one page of the uploaded phonons and trajectories.

    Trajectories that a job is reading, or could not read, have another `status` than `ready`, and no structure.
    """
    rows, total = service.page(scope, paging, structure_id, status or ())
    return Page(items=[SourceOut.of_any(row) for row in rows], total=total)


@router.get("/{source_id}", summary="Get a source", responses=responses(NotFound))
def get_source(source_id: uuid.UUID, scope: ScopeDep) -> SourceOut:
    """Return the facts about uploaded phonons, or a trajectory; while a job reads it, its `status` and `progress`."""
    return SourceOut.of_any(service.get_any(scope, source_id))


@router.delete("/{source_id}", status_code=204, summary="Delete a source", responses=responses(NotFound, Conflict))
def delete_source(
    source_id: uuid.UUID,
    scope: ScopeDep,
    with_predictions: Annotated[bool, Query(description="delete its predictions too")] = False,
    in_proposals: InProposalsQuery = None,
) -> None:
    """Delete a source and its files. The structure that was made of it stays. A job that reads it stops.

    If proposals use a prediction of it, the request says what becomes of it there (`in_proposals`).
    """
    service.delete(scope, source_id, with_predictions=with_predictions, in_proposals=in_proposals)
