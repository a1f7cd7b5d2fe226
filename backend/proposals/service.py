"""Create, change and delete proposals, and keep their reports."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlmodel import Session, col, func, select

from backend.kit.db.columns import Owned, utc_now
from backend.kit.db.database import on_commit, on_rollback
from backend.kit.db.owners import Scope
from backend.kit.files.storage import delete_folder, replace_file
from backend.kit.http.errors import Conflict, NotFound, Unprocessable, not_found_at
from backend.kit.http.pagination import Paging
from backend.plans.schemas import PlanIn, SettingIn
from backend.predictions.tables import Prediction
from backend.proposals import sharing
from backend.proposals.keeping import let_go
from backend.proposals.linked import LINKED
from backend.proposals.schemas import MAX_ITEMS, Kind, ProposalIn, ProposalOut, ProposalPatch, ReportFormat, ReportOut
from backend.proposals.tables import Proposal, ProposalReport
from scattering import instruments
from scattering.core.errors import InvalidFields, UnknownInstrument
from scattering.core.notices import Notice

NOUN = "proposal"
COPY_SUFFIX = " (copy)"
MAX_NAME_CHARACTERS = 200


def create(scope: Scope, body: ProposalIn) -> Proposal:
    """Make a proposal.

    Raises
    ------
    Unprocessable
        An instrument or a prediction in it does not exist.
    """
    row = scope.add(Proposal(name=body.name, notes=body.notes))
    _fill(scope, row, body, {"sample", "settings", "plan"})
    return scope.add(row)


def get(scope: Scope, proposal_id: uuid.UUID) -> Proposal:
    """Return the proposal with this id."""
    return scope.get(Proposal, proposal_id, NOUN)


def get_own(scope: Scope, proposal_id: uuid.UUID) -> Proposal:
    """Return the proposal with this id for a change; it is locked until the transaction ends."""
    return scope.get_own(Proposal, proposal_id, NOUN, lock=True)


def page(scope: Scope, *, archived: bool, paging: Paging) -> tuple[list[Proposal], int]:
    """Return one page of the archived or of the other proposals, newest first."""
    at = col(Proposal.archived_at)
    statement = scope.select(Proposal).where(at.is_not(None) if archived else at.is_(None))
    return scope.page(statement, Proposal, paging)


def change(scope: Scope, proposal_id: uuid.UUID, patch: ProposalPatch) -> Proposal:
    """Change texts, sample, settings or plan of a proposal."""
    row = get_own(scope, proposal_id)
    for name in patch.model_fields_set & {"name", "notes"}:
        setattr(row, name, getattr(patch, name))
    _fill(scope, row, patch, patch.model_fields_set)
    return _mark_changed(scope, row)


def delete(scope: Scope, proposal_id: uuid.UUID) -> None:
    """Delete a proposal with its reports; structures, predictions and datasets stay, unless it alone kept them."""
    row = get_own(scope, proposal_id)
    inside = items(scope.session, [proposal_id])[proposal_id]
    scope.session.delete(row)
    scope.session.flush()
    let_go(scope, inside)
    delete_folder(scope.session, scope.settings.proposal_dir(proposal_id))


def duplicate(scope: Scope, proposal_id: uuid.UUID) -> Proposal:
    """Copy a proposal with its texts and items; reports and the shared link are not copied."""
    of = get(scope, proposal_id)
    row = scope.add(
        Proposal(
            name=of.name[: MAX_NAME_CHARACTERS - len(COPY_SUFFIX)] + COPY_SUFFIX,
            notes=of.notes,
            sample=of.sample,
            settings=list(of.settings),
            plan=of.plan,
        )
    )
    for kind, ids in items(scope.session, [of.id])[of.id].items():
        for item_id in ids:
            _link(scope, row, kind, item_id)
    return row


def archive(scope: Scope, proposal_id: uuid.UUID, *, archived: bool) -> Proposal:
    """Remove a proposal from the list, or restore it."""
    row = get_own(scope, proposal_id)
    row.archived_at = (row.archived_at or utc_now()) if archived else None
    return scope.add(row)


def add_item(scope: Scope, proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID) -> Proposal:
    """Add an item to a proposal, unless it is there already; the structure of a prediction is added with it.

    Raises
    ------
    NotFound
        The proposal or the item does not exist.
    Conflict
        The proposal has too many items of this kind.
    """
    row = get_own(scope, proposal_id)
    item = scope.get(LINKED[kind].table, item_id, LINKED[kind].noun)
    _link(scope, row, kind, item_id)
    if isinstance(item, Prediction):
        _link(scope, row, "structures", item.structure_id)
    return _mark_changed(scope, row)


def remove_item(scope: Scope, proposal_id: uuid.UUID, kind: Kind, item_id: uuid.UUID) -> Proposal:
    """Remove an item from a proposal, if it is there, without deleting it, unless the proposal alone kept it."""
    row = get_own(scope, proposal_id)
    link = scope.session.get(LINKED[kind].link, (proposal_id, item_id))
    if link is not None:
        scope.session.delete(link)
        scope.session.flush()
        let_go(scope, {kind: [item_id]})
    return _mark_changed(scope, row)


def items(session: Session, proposal_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[Kind, list[uuid.UUID]]]:
    """Return the ids of the items of proposals, in the order in which they were added."""
    wanted = list(proposal_ids)
    found: dict[uuid.UUID, dict[Kind, list[uuid.UUID]]] = {one: {kind: [] for kind in LINKED} for one in wanted}
    for kind, linked in LINKED.items():
        link = linked.link
        statement = select(link.proposal_id, link.item_id).where(col(link.proposal_id).in_(wanted))
        for proposal_id, item_id in session.exec(statement.order_by(col(link.added_at), col(link.item_id))):
            found[proposal_id][kind].append(item_id)
    return found


def members(scope: Scope, table: type[Owned], ids: Sequence[uuid.UUID]) -> list[Any]:
    """Return the rows with these ids, in that order, without deleted ones."""
    rows = {row.id: row for row in scope.session.exec(scope.select(table).where(col(table.id).in_(ids)))}
    return [rows[one] for one in ids if one in rows]


def proposal_bodies(scope: Scope, rows: Sequence[Proposal]) -> list[ProposalOut]:
    """Return the bodies of proposals."""
    ids = [row.id for row in rows]
    inside, made = items(scope.session, ids), reports(scope.session, ids)
    links = sharing.links(scope.session, rows)
    return [
        ProposalOut(
            **row.model_dump(include=set(ProposalOut.model_fields) & set(Proposal.model_fields)),
            structure_ids=inside[row.id]["structures"],
            prediction_ids=inside[row.id]["predictions"],
            dataset_ids=inside[row.id]["datasets"],
            reports=[ReportOut.model_validate(report) for report in made[row.id]],
            share_path=None if link is None or link.expired else link.path,
            share=link,
        )
        for row, link in zip(rows, links, strict=True)
    ]


# Reports


def reports(session: Session, proposal_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, list[ProposalReport]]:
    """Return the reports of proposals, the newest first."""
    statement = select(ProposalReport).where(col(ProposalReport.proposal_id).in_(proposal_ids))
    found: dict[uuid.UUID, list[ProposalReport]] = defaultdict(list)
    for row in session.exec(statement.order_by(col(ProposalReport.created_at).desc(), col(ProposalReport.id))):
        found[row.proposal_id].append(row)
    return found


def report(scope: Scope, proposal_id: uuid.UUID, report_id: uuid.UUID) -> ProposalReport:
    """Return a report of a proposal.

    Raises
    ------
    NotFound
        The proposal has no such report.
    """
    row = scope.get(ProposalReport, report_id, "report")
    if row.proposal_id != proposal_id:
        raise NotFound(Notice("not_found", {"kind": "report", "id": str(report_id)}))
    return row


def keep_report(
    scope: Scope, proposal: Proposal, title: str, contents: Mapping[ReportFormat, bytes], **more: Any
) -> ProposalReport:
    """Store a report with its proposal.

    Raises
    ------
    Conflict
        The proposal has too many reports.
    """
    if len(reports(scope.session, [proposal.id])[proposal.id]) >= MAX_ITEMS:
        raise Conflict(Notice("full_proposal", {"kind": "reports", "maximum": MAX_ITEMS}))
    row = ProposalReport(proposal_id=proposal.id, title=title, formats=list(contents), **more)
    for fmt, content in contents.items():
        path = scope.settings.report_path(proposal.id, row.id, fmt)
        on_rollback(scope.session, partial(path.unlink, missing_ok=True))
        with replace_file(path) as temporary:
            temporary.write_bytes(content)
    return scope.add(row)


def delete_report(scope: Scope, proposal_id: uuid.UUID, report_id: uuid.UUID) -> None:
    """Delete a report and its files."""
    get_own(scope, proposal_id)
    row = report(scope, proposal_id, report_id)
    scope.session.delete(row)
    scope.session.flush()
    for fmt in row.formats:
        on_commit(
            scope.session, partial(scope.settings.report_path(proposal_id, report_id, fmt).unlink, missing_ok=True)
        )


def _mark_changed(scope: Scope, row: Proposal) -> Proposal:
    row.changed_at = utc_now()
    return scope.add(row)


def _link(scope: Scope, row: Proposal, kind: Kind, item_id: uuid.UUID) -> None:
    link = LINKED[kind].link
    if scope.session.get(link, (row.id, item_id)) is None:
        inside = select(func.count()).select_from(link).where(col(link.proposal_id) == row.id)
        if scope.session.exec(inside).one() >= MAX_ITEMS:
            raise Conflict(Notice("full_proposal", {"kind": kind, "maximum": MAX_ITEMS}))
        scope.session.add(link(proposal_id=row.id, item_id=item_id))
        scope.session.flush()


def _fill(scope: Scope, row: Proposal, body: ProposalIn | ProposalPatch, stated: set[str]) -> None:
    """Set sample, settings and plan of a row, if the request states them."""
    if "sample" in stated:
        row.sample = None if body.sample is None else body.sample.model_dump(mode="json")
    if "settings" in stated:
        row.settings = [_setting(number, setting) for number, setting in enumerate(body.settings)]
    if "plan" in stated:
        row.plan = None if body.plan is None else _plan(scope, row, body.plan)


def _setting(number: int, setting: SettingIn) -> dict[str, Any]:
    """Return a setting with the exact name of its instrument.

    Raises
    ------
    Unprocessable
        The instrument does not exist, or a setting is invalid.
    """
    try:
        instrument = instruments.get(setting.instrument)
        instrument.validate(setting.settings)
    except UnknownInstrument as error:
        raise Unprocessable.at(f"settings.{number}.instrument", error.notice) from error
    except InvalidFields as error:
        raise Unprocessable.of_fields(error.within(f"settings.{number}").errors) from error
    return {"instrument": instrument.name, "settings": setting.settings}


def _plan(scope: Scope, row: Proposal, plan: PlanIn) -> dict[str, Any]:
    """Return the plan as stored, and add its prediction and calibration datasets to the proposal."""
    wanted: list[tuple[Kind, uuid.UUID, str]] = [("predictions", plan.prediction_id, "plan.prediction_id")]
    for number, one in enumerate(plan.calibrations):
        at = f"plan.calibrations.{number}"
        if one.dataset_id is not None:
            wanted.append(("datasets", one.dataset_id, f"{at}.dataset_id"))
        if one.prediction_id is not None:
            wanted.append(("predictions", one.prediction_id, f"{at}.prediction_id"))
    for kind, item_id, loc in wanted:
        with not_found_at(loc):
            add_item(scope, row.id, kind, item_id)
    return plan.model_dump(mode="json")
