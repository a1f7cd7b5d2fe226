"""Routes of proposals."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, UploadFile

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import OwnerDep, Scope, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.lost import stored_file
from backend.kit.files.storage import as_attachment, receive_upload, staging
from backend.kit.http.computing import LONG
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Conflict, NotFound, RangeNotSatisfiable, TooLarge, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.observing.partials_cache import PartialsCacheDep
from backend.proposals import export, importing, reporting, service, sharing
from backend.proposals.schemas import (
    Kind,
    ProposalIn,
    ProposalOut,
    ProposalPatch,
    ProposalReportIn,
    ReportFormat,
    ReportOut,
    ShareIn,
    ShareOut,
)
from backend.proposals.tables import Proposal, ProposalReport
from scattering.core.notices import Notice

router = APIRouter(prefix="/proposals", tags=["proposals"])

MEDIA_TYPES: dict[ReportFormat, str] = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}
ReportFormatQuery = Annotated[ReportFormat, Query(alias="format")]


def _out(scope: Scope, row: Proposal) -> ProposalOut:
    return service.proposal_bodies(scope, [row])[0]


def report_file(scope: Scope, row: ProposalReport, fmt: ReportFormat) -> FileDownload:
    """Return the file of a report as an attachment; an imported file may contain anything.

    Raises
    ------
    NotFound
        The report does not exist in this format.
    """
    if fmt not in row.formats:
        raise NotFound(Notice("formats_available", {"formats": list(row.formats)}))
    path = scope.settings.report_path(row.proposal_id, row.id, fmt)
    headers = {**as_attachment(f"{row.title}.{fmt}"), "Content-Security-Policy": "sandbox"}
    lost = Notice("report_file_lost", {"title": row.title})
    return stored_file(path, lost, media_type=MEDIA_TYPES[fmt], headers=headers)


@router.post("", status_code=201, summary="Make a proposal", responses=responses())
def create_proposal(body: ProposalIn, scope: ScopeDep, once: OnceDep) -> ProposalOut:
    """Make a workspace for one request for beam time."""
    row = once(fingerprint(body), lambda: service.create(scope, body), lambda made: service.get(scope, made))
    return _out(scope, row)


@router.post("/import", status_code=201, summary="Import a proposal", responses=responses(TooLarge))
def import_proposal(file: UploadFile, scope: ScopeDep, settings: SettingsDep, once: OnceDep) -> ProposalOut:
    """Make a new proposal from an exported one, with new ids. If one item is refused, nothing is imported.

    Every file is checked like an upload, which takes about a second for each.
    """
    with (
        receive_upload(file, settings.max_proposal_bytes) as sent,
        staging(settings) as folder,
    ):
        found = importing.check(settings, sent.path, folder)
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
    archived: Annotated[bool, Query(description="list only archived proposals")] = False,
) -> Page[ProposalOut]:
    """Return one page of the proposals."""
    rows, total = service.page(scope, archived=archived, paging=paging)
    return Page(items=service.proposal_bodies(scope, rows), total=total)


@router.get("/{proposal_id}", summary="Get a proposal", responses=responses(NotFound))
def get_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Return the texts of a proposal and the ids of its items."""
    return _out(scope, service.get(scope, proposal_id))


@router.patch("/{proposal_id}", summary="Change a proposal", responses=responses(NotFound))
def change_proposal(proposal_id: uuid.UUID, body: ProposalPatch, scope: ScopeDep) -> ProposalOut:
    """Missing fields stay as they are."""
    return _out(scope, service.change(scope, proposal_id, body))


@router.delete("/{proposal_id}", status_code=204, summary="Delete a proposal", responses=responses(NotFound))
def delete_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete a proposal with its reports; its items stay, except those that only this proposal kept."""
    service.delete(scope, proposal_id)


@router.post("/{proposal_id}/duplicate", status_code=201, summary="Duplicate a proposal", responses=responses(NotFound))
def duplicate_proposal(proposal_id: uuid.UUID, scope: ScopeDep, once: OnceDep) -> ProposalOut:
    """Copy the texts and the items; reports and the shared link are not copied."""
    row = once(
        fingerprint(str(proposal_id)),
        lambda: service.duplicate(scope, proposal_id),
        lambda made: service.get(scope, made),
    )
    return _out(scope, row)


@router.post("/{proposal_id}/archive", summary="Archive a proposal", responses=responses(NotFound))
def archive_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Remove a proposal from the list; nothing is deleted."""
    return _out(scope, service.archive(scope, proposal_id, archived=True))


@router.post("/{proposal_id}/restore", summary="Restore an archived proposal", responses=responses(NotFound))
def restore_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Show an archived proposal in the list again."""
    return _out(scope, service.archive(scope, proposal_id, archived=False))


@router.get(
    "/{proposal_id}/export",
    summary="Export a proposal",
    response_class=FileDownload,
    responses={
        **responses(NotFound, Conflict, RangeNotSatisfiable),
        200: {"description": "an RO-Crate", "content": {"application/zip": {}}},
    },
    dependencies=LONG,
)
def export_proposal(proposal_id: uuid.UUID, scope: ScopeDep) -> FileDownload:
    """Export all items and the partials of succeeded predictions; `POST /proposals/import` imports the archive."""
    row = service.get(scope, proposal_id)
    path = export.write(scope, row)
    return FileDownload(path, media_type="application/zip", headers=as_attachment(f"{row.name}.zip"), is_temporary=True)


@router.post("/{proposal_id}/share", summary="Share a proposal", responses=responses(NotFound))
def share_proposal(proposal_id: uuid.UUID, scope: ScopeDep, body: ShareIn | None = None) -> ShareOut:
    """Make a link with which anybody can read the proposal and see its forecasts, until it expires or is revoked.

    A link that exists stays the same, and expires as the request states; after its end there is a new one.
    """
    return sharing.share(scope, service.get_own(scope, proposal_id), body or ShareIn())


@router.delete("/{proposal_id}/share", status_code=204, summary="Revoke the link", responses=responses(NotFound))
def revoke_share(proposal_id: uuid.UUID, scope: ScopeDep) -> None:
    """Make the link invalid; sharing again makes a new one."""
    sharing.revoke(scope, service.get_own(scope, proposal_id))


@router.post(
    "/{proposal_id}/reports",
    status_code=201,
    summary="Make a report",
    responses=responses(NotFound, Conflict),
    dependencies=LONG,
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
    """Make a report of the plan, or of the selected settings without a plan; PDF and HTML stay with the proposal."""
    contents = reporting.make_report_files(settings, owner, cache, proposal_id, body)

    def keep() -> ProposalReport:
        row = service.get(scope, proposal_id)
        return service.keep_report(scope, row, body.title or row.name, contents)

    row = once(fingerprint(body), keep, lambda made: service.report(scope, proposal_id, made))
    return ReportOut.model_validate(row)


@router.get(
    "/{proposal_id}/reports/{report_id}",
    summary="Download a report",
    response_class=FileDownload,
    responses={
        **responses(NotFound, RangeNotSatisfiable),
        200: {"description": "the file", "content": {"application/pdf": {}}},
    },
)
def download_report(
    proposal_id: uuid.UUID, report_id: uuid.UUID, scope: ScopeDep, fmt: ReportFormatQuery = "pdf"
) -> FileDownload:
    """Download a report that was made before."""
    return report_file(scope, service.report(scope, proposal_id, report_id), fmt)


@router.delete(
    "/{proposal_id}/reports/{report_id}", status_code=204, summary="Delete a report", responses=responses(NotFound)
)
def delete_report(proposal_id: uuid.UUID, report_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete a report and its files."""
    service.delete_report(scope, proposal_id, report_id)


@router.put(
    "/{proposal_id}/{kind}/{item_id}", summary="Add an item to a proposal", responses=responses(NotFound, Conflict)
)
def add_item(proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Add a structure, a dataset, or a prediction with its structure; an item is added only once."""
    return _out(scope, service.add_item(scope, proposal_id, kind, item_id))


@router.delete(
    "/{proposal_id}/{kind}/{item_id}", summary="Remove an item from a proposal", responses=responses(NotFound)
)
def remove_item(proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID, scope: ScopeDep) -> ProposalOut:
    """Remove an item from the proposal, without deleting it; one that only this proposal kept is deleted."""
    return _out(scope, service.remove_item(scope, proposal_id, kind, item_id))
