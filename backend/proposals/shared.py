"""Routes of shared proposals, for anybody with the link; they read only items of the proposal."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from backend.datasets.schemas import DatasetOut
from backend.figures.routes import FIGURE
from backend.figures.schemas import FiguresIn
from backend.kit.db.owners import Scope
from backend.kit.db.sessions import ReadingSessionDep
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.proposals import service
from backend.proposals.linked import LINKED
from backend.proposals.routes import ReportFormatQuery, report_file
from backend.proposals.schemas import Kind, ReportOut, SharedOut, SharedPrediction
from backend.proposals.tables import Proposal
from backend.structures.schemas import StructureOut
from scattering.core.notices import Notice

router = APIRouter(prefix="/shared", tags=["proposals"])


def _open_shared(token: str, session: ReadingSessionDep) -> tuple[Scope, Proposal]:
    return service.get_shared(session, token)


Opened = Annotated[tuple[Scope, Proposal], Depends(_open_shared)]


@router.get("/{token}", summary="Read a shared proposal", responses=responses(NotFound))
def read_shared(opened: Opened, response: Response) -> SharedOut:
    """Return the texts, structures, predictions and datasets of a shared proposal."""
    scope, row = opened
    response.headers["X-Robots-Tag"] = "noindex"
    inside = service.items(scope.session, [row.id])[row.id]
    rows = {kind: service.members(scope, linked.table, inside[kind]) for kind, linked in LINKED.items()}
    return SharedOut(
        **row.model_dump(include=set(SharedOut.model_fields) & set(Proposal.model_fields)),
        structures=[StructureOut.of(one) for one in rows["structures"]],
        predictions=[SharedPrediction.of(one) for one in rows["predictions"]],
        datasets=[DatasetOut.of(one) for one in rows["datasets"]],
        reports=[ReportOut.model_validate(one) for one in service.reports(scope.session, [row.id])[row.id]],
    )


@router.post(
    "/{token}/figures",
    summary="Draw forecasts of a shared proposal",
    responses={**responses(NotFound, Conflict), **FIGURE},
)
def draw_shared(body: FiguresIn, opened: Opened, cache: PartialsCacheDep) -> Response:
    """Draw a figure like POST /figures, of predictions and datasets of the proposal only."""
    from backend.figures import service as figures

    scope, row = opened
    inside = service.items(scope.session, [row.id])[row.id]
    _check_items(inside, "predictions", (view.prediction_id for view in body.views))
    _check_items(inside, "datasets", body.dataset_ids)
    figure = figures.figure(scope, cache, [view.to_labelled() for view in body.views], body)
    return Response(figure.to_json(validate=False), media_type="application/json")


@router.get(
    "/{token}/reports/{report_id}",
    summary="Download a report of a shared proposal",
    response_class=FileResponse,
    responses={**responses(NotFound), 200: {"description": "the file", "content": {"application/pdf": {}}}},
)
def download_shared_report(report_id: uuid.UUID, opened: Opened, fmt: ReportFormatQuery = "pdf") -> FileResponse:
    """Download a report that was made before."""
    scope, row = opened
    return report_file(scope, service.report(scope, row.id, report_id), fmt)


def _check_items(inside: dict[Kind, list[uuid.UUID]], kind: Kind, asked: Iterable[uuid.UUID]) -> None:
    for one in asked:
        if one not in inside[kind]:
            raise NotFound(Notice("not_in_proposal", {"kind": LINKED[kind].noun, "id": str(one)}))
