"""Label sets over HTTP."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files import parsed_notices
from backend.kit.files.storage import as_attachment, base_name, receive_upload
from backend.kit.http.errors import NotFound, TooLarge, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.label_sets import service
from backend.label_sets.schemas import LabelSetOut

router = APIRouter(prefix="/label-sets", tags=["trainings"])
MEDIA_TYPE = "chemical/x-xyz"


@router.post("", status_code=201, summary="Upload labels", responses=responses(TooLarge))
def create_label_set(
    file: UploadFile,
    scope: ScopeDep,
    settings: SettingsDep,
    once: OnceDep,
    name: Annotated[str | None, Form(max_length=200, description="default: name of the file")] = None,
    level_of_theory: Annotated[
        str, Form(max_length=200, description="such as PBE, 500 eV; default: what the file states")
    ] = "",
) -> LabelSetOut:
    """Store structures with energies (eV), forces (eV/Å) and stresses (eV/Å³, tension positive), in extended XYZ.

    Units, signs, wrong energies and mixed levels of theory are found beside NEP89, if this server has its file. A
    refusal names the offending frame, counted from 1.
    """
    file_name = base_name(file.filename or "", "labels.xyz")
    with receive_upload(file, settings.max_upload_bytes) as received:
        contents = service.read(settings, received)
    title = parsed_notices.printable(name or "", 200) or PurePath(file_name).stem
    level = parsed_notices.printable(level_of_theory, 200)
    row = once(
        fingerprint(received.sha256, title, level),
        lambda: service.add(
            scope, contents, sha256=received.sha256, file_name=file_name, name=title, level_of_theory=level
        ),
        lambda made: service.get(scope, made),
    )
    return LabelSetOut.of(row)


@router.get("", summary="List label sets, newest first", responses=responses())
def list_label_sets(scope: ScopeDep, paging: PagingDep) -> Page[LabelSetOut]:
    """Return one page of the label sets."""
    rows, total = service.page(scope, paging)
    return Page(items=[LabelSetOut.of(row) for row in rows], total=total)


@router.get("/{label_set_id}", summary="Get a label set", responses=responses(NotFound))
def get_label_set(label_set_id: uuid.UUID, scope: ScopeDep) -> LabelSetOut:
    """Return the facts about a label set."""
    return LabelSetOut.of(service.get(scope, label_set_id))


@router.get(
    "/{label_set_id}/file",
    summary="Download a label set",
    response_class=Response,
    responses=responses(NotFound) | {200: {"content": {MEDIA_TYPE: {}}}},
)
def download_label_set(label_set_id: uuid.UUID, scope: ScopeDep, settings: SettingsDep) -> Response:
    """Return the labels as extended XYZ, with energy, forces and stress by their usual keys."""
    row = service.get(scope, label_set_id)
    text = service.labels_text(settings, row)
    return Response(text, media_type=MEDIA_TYPE, headers=as_attachment(f"{row.name}.xyz"))


@router.delete("/{label_set_id}", status_code=204, summary="Delete a label set", responses=responses(NotFound))
def delete_label_set(label_set_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete a label set. Trainings that use it keep their own copy of the labels."""
    service.delete(scope, label_set_id)
