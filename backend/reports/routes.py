"""Routes of reports and bundles."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import Response
from pydantic import BaseModel, ValidationError

from backend.kit.db.owners import ReadingScopeDep
from backend.kit.files.storage import as_attachment
from backend.kit.http.computing import LONG
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import (
    Conflict,
    FieldProblem,
    NotAcceptable,
    NotFound,
    RangeNotSatisfiable,
    Unprocessable,
    responses,
)
from backend.kit.http.negotiation import choose
from backend.observing.partials_cache import PartialsCacheDep
from backend.plans.schemas import PlanIn
from backend.predictions.schemas import Name
from backend.reports.schemas import Line, ReportIn, ReportViewIn

router = APIRouter(tags=["reports"])

PDF, HTML, ZIP = "application/pdf", "text/html", "application/zip"
SUFFIXES = {PDF: "pdf", HTML: "html"}
BodyT = TypeVar("BodyT", bound=BaseModel)


def _read_query(
    prediction_id: uuid.UUID,
    instruments: Annotated[list[Name] | None, Query(description="instruments to draw, with default settings")] = None,
    dataset_ids: Annotated[list[uuid.UUID] | None, Query(description="measured data to draw over the spectra")] = None,
    plan: Annotated[str | None, Query(max_length=20_000, description="the body of a plan, as JSON")] = None,
    title: Line = "",
    proposer: Line = "",
) -> ReportIn:
    planned = None
    if plan is not None:
        try:
            planned = PlanIn.model_validate_json(plan)
        except ValidationError as error:
            raise _query_error(error, "plan") from error
    fields: dict[str, Any] = {
        "prediction_id": prediction_id,
        "views": [ReportViewIn(instrument=name) for name in instruments or []],
        "dataset_ids": dataset_ids or [],
        "plan": planned,
        "title": title,
        "proposer": proposer,
    }
    try:
        return ReportIn(**fields)
    except ValidationError as error:
        raise _query_error(error) from error


def _query_error(error: ValidationError, *within: str) -> Unprocessable:
    """Return the error for a body in parts, with the locations of a complete body."""
    fields = [
        FieldProblem.of_pydantic(item, ".".join([*within, *map(str, item["loc"])]) or "plan") for item in error.errors()
    ]
    return Unprocessable.of_fields(fields)


QueryDep = Annotated[ReportIn, Depends(_read_query)]
REFUSALS = responses(NotFound, Conflict)


def _content(*media_types: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "the file", "content": {media_type: {} for media_type in media_types}}}


def _report(scope: ReadingScopeDep, cache: PartialsCacheDep, body: ReportIn, media_type: str) -> Response:
    from backend.reports import html, service

    name = f"beamcast-{body.prediction_id}.{SUFFIXES[media_type]}"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    if media_type == HTML:
        headers["Content-Security-Policy"] = f"{html.POLICY}; frame-ancestors 'none'"
    return Response(service.report(scope, cache, body, media_type), media_type=media_type, headers=headers)


@router.get(
    "/predictions/{prediction_id}/report.pdf",
    summary="Make a report of two pages (PDF)",
    response_class=Response,
    responses={**REFUSALS, **_content(PDF)},
    dependencies=LONG,
)
def get_pdf(body: QueryDep, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Figures, settings, hours, methods and references, on at most two A4 pages."""
    return _report(scope, cache, body, PDF)


@router.get(
    "/predictions/{prediction_id}/report.html",
    summary="Make a report (HTML)",
    response_class=Response,
    responses={**REFUSALS, **_content(HTML)},
    dependencies=LONG,
)
def get_html(body: QueryDep, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """The complete report in one file that loads nothing else."""
    return _report(scope, cache, body, HTML)


@router.post(
    "/reports",
    summary="Make a report",
    response_class=Response,
    responses={**responses(NotFound, Conflict, NotAcceptable), **_content(PDF, HTML)},
    dependencies=LONG,
)
def write_report(
    body: ReportIn,
    scope: ReadingScopeDep,
    cache: PartialsCacheDep,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """PDF, or HTML with the header `Accept: text/html`. Nothing is stored."""
    return _report(scope, cache, body, choose(accept, [PDF, HTML]))


def _bundle(scope: ReadingScopeDep, cache: PartialsCacheDep, body: ReportIn) -> Response:
    from backend.reports.bundle import bundle

    path = bundle(scope, cache, body)
    headers = as_attachment(f"beamcast-{body.prediction_id}.zip")
    return FileDownload(path, media_type=ZIP, headers=headers, is_temporary=True)


@router.get(
    "/predictions/{prediction_id}/bundle.zip",
    summary="Make a bundle to run the forecast again",
    response_class=FileDownload,
    responses={**REFUSALS, **responses(RangeNotSatisfiable), **_content(ZIP)},
    dependencies=LONG,
)
def get_bundle(body: QueryDep, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Inputs, partials, spectra, figures, report and provenance, as an RO-Crate."""
    return _bundle(scope, cache, body)


@router.post(
    "/reports/bundle",
    summary="Make a bundle",
    response_class=FileDownload,
    responses={**REFUSALS, **responses(RangeNotSatisfiable), **_content(ZIP)},
    dependencies=LONG,
)
def pack_bundle(body: ReportIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Inputs, partials, spectra, figures, report and provenance, as an RO-Crate; same body as for a report."""
    return _bundle(scope, cache, body)
