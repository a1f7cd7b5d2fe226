"""Potentials by HTTP."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import as_attachment, read_upload
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Conflict, NotFound, TooLarge, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.potentials import service
from backend.potentials.availability import engines_of_workers
from backend.potentials.schemas import PotentialOut
from scattering.core.notices import Notice

router = APIRouter()
"""The application includes it under both prefixes; `ALIAS` is the name of the first version."""
PREFIX, ALIAS = "/potentials", "/models"


@router.get("", summary="List potentials, newest first", responses=responses())
def list_potentials(scope: ScopeDep, settings: SettingsDep, paging: PagingDep) -> Page[PotentialOut]:
    """Return pretrained, uploaded and trained potentials, and files of the operator; `unavailable` says what lacks."""
    rows, total = service.page(scope, paging)
    running = engines_of_workers(scope.session)
    return Page(items=[PotentialOut.of(row, settings, running) for row in rows], total=total)


@router.post("", status_code=201, summary="Upload a potential", responses=responses(TooLarge))
def create_potential(
    file: UploadFile,
    scope: ScopeDep,
    settings: SettingsDep,
    once: OnceDep,
    name: Annotated[str | None, Form(max_length=200, description="default: name of the file")] = None,
    licence: Annotated[str, Form(max_length=200)] = "",
    citation: Annotated[str, Form(max_length=1000, description="appears in the provenance of predictions")] = "",
) -> PotentialOut:
    """Add a potential of a supported family, such as a nep.txt with NEP4 or NEP5.

    The file is checked line by line, then an engine computes forces with it. Checkpoints that run code when they are
    loaded, such as those of PyTorch, are refused: only the operator adds them.
    """
    content = read_upload(file, settings.max_upload_bytes)
    facts = service.inspect(content)
    title = name if name and name.strip() else PurePath(file.filename or facts["family"]).stem
    row = once(
        fingerprint(content, title, licence, citation),
        lambda: service.add(scope, facts, content=content, name=title, licence=licence, citation=citation),
        lambda made: service.get(scope, made),
    )
    return PotentialOut.of(row, settings, engines_of_workers(scope.session))


@router.get("/{potential_id}", summary="One potential", responses=responses(NotFound))
def get_potential(potential_id: uuid.UUID, scope: ScopeDep, settings: SettingsDep) -> PotentialOut:
    """Return a potential."""
    return PotentialOut.of(service.get(scope, potential_id), settings, engines_of_workers(scope.session))


@router.get(
    "/{potential_id}/file",
    summary="Download a potential",
    response_class=FileDownload,
    responses=responses(NotFound, Conflict) | {200: {"content": {"application/octet-stream": {}}}},
)
def download_potential(potential_id: uuid.UUID, scope: ScopeDep, settings: SettingsDep) -> FileDownload:
    """Return the file of a potential that this server has.

    The headers `Beamcast-Source` and `Beamcast-Sha256` say what it was made from: of a trained potential its base, and
    the checksum of its labels.
    """
    row = service.get(scope, potential_id)
    path = service.find_file(settings, row) if row.size_bytes else None
    if path is None:
        raise Conflict(Notice("potential_file_not_here", {"name": row.name}))
    headers = {
        **as_attachment(f"{row.name}{path.suffix}"),
        "Beamcast-Source": row.source.encode("ascii", "replace").decode(),
        "Beamcast-Sha256": row.sha256,
    }
    return FileDownload(path, media_type="application/octet-stream", headers=headers)


@router.delete(
    "/{potential_id}", status_code=204, summary="Delete a potential", responses=responses(NotFound, Conflict)
)
def delete_potential(potential_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete an uploaded or trained potential that no prediction uses. Pretrained potentials cannot be deleted."""
    service.delete(scope, potential_id)
