"""Proposals over HTTP."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, UploadFile
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import OwnerDep, Scope, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import as_attachment, receive_upload
from backend.kit.http.errors import Conflict, NotFound, TooLarge, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.observing.partials_cache import PartialsCacheDep
from backend.proposals import export, importing, reporting, service
from backend.proposals.schemas import (
    Kind,
    ProposalIn,
    ProposalOut,
    ProposalPatch,
    ProposalReportIn,
    ReportFormat,
    ReportOut,
    ShareOut,
)
from backend.proposals.tables import Proposal, ProposalReport
from scattering.core.notices import Notice

router = APIRouter(prefix="/proposals", tags=["proposals"])

MEDIA_TYPES: dict[ReportFormat, str] = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}
ReportFormatQuery = Annotated[ReportFormat, Query(alias="format")]


def _out(scope: Scope, row: Proposal) -> ProposalOut:
    return service.described(scope, [row])[0]


def report_file(scope: Scope, row: ProposalReport, fmt: ReportFormat) -> FileResponse:
    """A report's file, to be saved: an imported one may hold anything.

    Raises
    ------
    NotFound
        It was not made in this format.
    """
    if fmt not in row.formats:
        raise NotFound(Notice("formats_available", {"formats": list(row.formats)}))
    path = scope.settings.report_path(row.proposal_id, row.id, fmt)
    headers = {**as_attachment(f"{row.title}.{fmt}"), "Content-Security-Policy": "sandbox"}
    return FileResponse(path, media_type=MEDIA_TYPES[fmt], headers=headers)


@router.post("", status_code=201, summary="Make a proposal", responses=responses())
def create_proposal(body: ProposalIn, scope: ScopeDep, once: OnceDep) -> ProposalOut:
    """A workspace for what belongs to one request for beam time."""
    row = once(fingerprint(body), lambda: service.create(scope, body), lambda made: service.get(scope, made))
    return _out(scope, row)


@router.post("/import", status_code=201, summary="Import a proposal", responses=responses(TooLarge))
def import_proposal(file: UploadFile, scope: ScopeDep, settings: SettingsDep, once: OnceDep) -> ProposalOut:
    """An exported proposal becomes a new one, all that is in it under new ids. All of it or, if refused, nothing.

    Every file is checked as an upload is, which takes about a second each.
    """
    with (
        receive_upload(file, settings.max_proposal_bytes) as sent,
        tempfile.TemporaryDirectory(prefix="beamcast-") as folder,
    ):
        found = importing.check(settings, sent.path, Path(folder))
        row = once(
            fingerprint(sent.sha256),
            lambda: importing.add(scope, found),
            lambda made: service.get(scope, made),
        )
        return _out(scope, row)


@router.get("", summary="List proposals, newest first", responses=responses())
def list_proposals(
    scope: ScopeDep,
    paging: PagingDep,
    archived: Annotated[bool, Query(description="those that are archived, and only those")] = False,
) -> Page[ProposalOut]:
    """One page of the proposals."""
    rows, total = service.page(scope, archived=archived, paging=paging)
    return Page(items=service.described(scope, rows), total=total)


@router.get("/{proposal_id}", summary="One proposal", responses=responses(NotFound))
def get_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """What is said in it, and the ids of what is in it."""
    return _out(scope, service.get(scope, proposal_id))


@router.patch("/{proposal_id}", summary="Change a proposal", responses=responses(NotFound))
def change_proposal(proposal_id: uuid.UUID, body: ProposalPatch, scope: ScopeDep) -> ProposalOut:
    """What is left out stays."""
    return _out(scope, service.change(scope, proposal_id, body))


@router.delete("/{proposal_id}", status_code=204, summary="Delete a proposal", responses=responses(NotFound))
def delete_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> None:
    """Its reports go with it; structures, predictions and datasets stay."""
    service.delete(scope, proposal_id)


@router.post("/{proposal_id}/duplicate", status_code=201, summary="Duplicate a proposal", responses=responses(NotFound))
def duplicate_proposal(proposal_id: uuid.UUID, scope: ScopeDep, once: OnceDep) -> ProposalOut:
    """The same texts and the same things in it; reports and the shared link are not copied."""
    row = once(
        fingerprint(str(proposal_id)),
        lambda: service.duplicate(scope, proposal_id),
        lambda made: service.get(scope, made),
    )
    return _out(scope, row)


@router.post("/{proposal_id}/archive", summary="Archive a proposal", responses=responses(NotFound))
def archive_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Out of the list; nothing is lost."""
    return _out(scope, service.archive(scope, proposal_id, archived=True))


@router.post("/{proposal_id}/restore", summary="Put an archived proposal back", responses=responses(NotFound))
def restore_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Into the list again."""
    return _out(scope, service.archive(scope, proposal_id, archived=False))


@router.get(
    "/{proposal_id}/export",
    summary="Export a proposal",
    response_class=FileResponse,
    responses={
        **responses(NotFound, Conflict),
        200: {"description": "an RO-Crate", "content": {"application/zip": {}}},
    },
)
def export_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> FileResponse:
    """Everything in it, predictions that have succeeded with their partials; `POST /proposals/import` takes it in."""
    row = service.get(scope, proposal_id)
    path = export.write(scope, row)
    return FileResponse(
        path,
        media_type="application/zip",
        headers=as_attachment(f"{row.name}.zip"),
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


@router.post("/{proposal_id}/share", summary="Share a proposal", responses=responses(NotFound))
def share_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ShareOut:
    """Whoever has the link may read the proposal and look at its forecasts, until it is revoked; nothing else."""
    token = service.share(scope, proposal_id)
    return ShareOut(token=token, path=service.SHARED + token)


@router.delete("/{proposal_id}/share", status_code=204, summary="Revoke the link", responses=responses(NotFound))
def revoke_share(proposal_id: uuid.UUID, scope: ScopeDep) -> None:
    """The link opens nothing any more; sharing again makes another one."""
    service.revoke(scope, proposal_id)


@router.post(
    "/{proposal_id}/reports", status_code=201, summary="Make a report", responses=responses(NotFound, Conflict)
)
def make_report(
    proposal_id: uuid.UUID,
    body: ProposalReportIn,
    scope: ScopeDep,
    settings: SettingsDep,
    owner: OwnerDep,
    cache: PartialsCacheDep,
    once: OnceDep,
) -> ReportOut:
    """Of the plan, or of the chosen settings where there is none; PDF and HTML, kept with the proposal."""
    contents = reporting.make(settings, owner, cache, proposal_id, body)

    def keep() -> ProposalReport:
        row = service.get(scope, proposal_id)
        return service.keep_report(scope, row, body.title or row.name, contents)

    row = once(fingerprint(body), keep, lambda made: service.report(scope, proposal_id, made))
    return ReportOut.model_validate(row)


@router.get(
    "/{proposal_id}/reports/{report_id}",
    summary="Download a report",
    response_class=FileResponse,
    responses={**responses(NotFound), 200: {"description": "the file", "content": {"application/pdf": {}}}},
)
def download_report(
    proposal_id: uuid.UUID, report_id: uuid.UUID, scope: ScopeDep, fmt: ReportFormatQuery = "pdf"
) -> FileResponse:
    """As it was made."""
    return report_file(scope, service.report(scope, proposal_id, report_id), fmt)


@router.delete(
    "/{proposal_id}/reports/{report_id}", status_code=204, summary="Delete a report", responses=responses(NotFound)
)
def delete_report(proposal_id: uuid.UUID, report_id: uuid.UUID, scope: ScopeDep) -> None:
    """With its files."""
    service.delete_report(scope, proposal_id, report_id)


@router.put("/{proposal_id}/{kind}/{item_id}", summary="Take something in", responses=responses(NotFound, Conflict))
def put_item(proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """A structure, a prediction (its structure comes with it) or a dataset. Twice is once."""
    return _out(scope, service.put(scope, proposal_id, kind, item_id))


@router.delete("/{proposal_id}/{kind}/{item_id}", summary="Take something out", responses=responses(NotFound))
def take_out_item(proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Out of the proposal: it is not deleted."""
    return _out(scope, service.take_out(scope, proposal_id, kind, item_id))
