"""Routes of shared proposals, for anybody with the link; they read only items of the proposal.

A page of a shared proposal needs no other address of the API, so that a login may leave only these open.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from backend.datasets.schemas import DatasetOut
from backend.figures.bodies import FIGURE, figure_response
from backend.figures.schemas import FiguresIn, ThemeName
from backend.instruments import service as instruments
from backend.instruments.schemas import InstrumentOut
from backend.kit.db.owners import Scope
from backend.kit.db.sessions import ReadingSessionDep
from backend.kit.http.computing import SHORT
from backend.kit.http.downloads import FileDownload
from backend.kit.http.errors import Conflict, NotFound, RangeNotSatisfiable, responses
from backend.methods import service as methods
from backend.methods.schemas import MethodOut
from backend.observing.partials_cache import PartialsCacheDep
from backend.predictions import service as predictions
from backend.proposals import service, sharing
from backend.proposals.linked import LINKED
from backend.proposals.routes import ReportFormatQuery, report_file
from backend.proposals.schemas import Kind, ReportOut, SharedOut, SharedPrediction
from backend.proposals.tables import Proposal
from backend.structures.schemas import StructureOut
from backend.structures.service import load_structure
from backend.trust import bodies
from backend.trust import service as trust
from backend.trust.schemas import TrustOut
from scattering.core.notices import Notice

router = APIRouter(prefix="/shared", tags=["proposals"])


def _open_shared(token: str, session: ReadingSessionDep) -> tuple[Scope, Proposal]:
    return sharing.open_link(session, token)


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
    dependencies=SHORT,
)
def draw_shared(body: FiguresIn, opened: Opened, cache: PartialsCacheDep) -> Response:
    """Draw a figure like POST /figures, of predictions and datasets of the proposal only."""
    from backend.figures import service as figures

    scope, row = opened
    inside = service.items(scope.session, [row.id])[row.id]
    _check_items(inside, "predictions", (view.prediction_id for view in body.views))
    _check_items(inside, "datasets", body.dataset_ids)
    return figure_response(figures.figure(scope, cache, [view.to_labelled() for view in body.views], body))


@router.get(
    "/{token}/structures/{structure_id}/figure",
    summary="Draw a structure of a shared proposal in 3-D",
    responses={**responses(NotFound), **FIGURE},
    dependencies=SHORT,
)
def draw_shared_structure(
    structure_id: uuid.UUID, opened: Opened, theme: Annotated[ThemeName, Query()] = "light"
) -> Response:
    """Draw a figure like GET /structures/{id}/figure, of a structure of the proposal."""
    from backend.figures.structure import structure_figure

    scope, row = opened
    _check_items(service.items(scope.session, [row.id])[row.id], "structures", [structure_id])
    return figure_response(structure_figure(load_structure(scope.settings, structure_id), theme))


@router.get(
    "/{token}/predictions/{prediction_id}/trust",
    summary="Assess the reliability of a prediction of a shared proposal",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def get_shared_trust(prediction_id: uuid.UUID, opened: Opened, cache: PartialsCacheDep) -> TrustOut:
    """Return the reliability like GET /predictions/{id}/trust."""
    check_predictions(opened, prediction_id)
    scope, _ = opened
    return bodies.trust_body(trust.assess_fully(scope, cache, predictions.get_succeeded(scope, prediction_id)))


@router.get("/{token}/instruments", summary="List the instruments for a shared proposal", responses=responses(NotFound))
def list_shared_instruments(opened: Opened) -> list[InstrumentOut]:
    """Return the instruments with the titles and units of their settings, like GET /instruments."""
    scope, _ = opened
    return instruments.catalogue(scope)


@router.get("/{token}/methods", summary="List the methods for a shared proposal", responses=responses(NotFound))
def list_shared_methods(opened: Opened) -> list[MethodOut]:
    """Return the titles of methods, samplings and options, like GET /methods."""
    return methods.methods()


@router.get(
    "/{token}/reports/{report_id}",
    summary="Download a report of a shared proposal",
    response_class=FileDownload,
    responses={
        **responses(NotFound, RangeNotSatisfiable),
        200: {"description": "the file", "content": {"application/pdf": {}}},
    },
)
def download_shared_report(report_id: uuid.UUID, opened: Opened, fmt: ReportFormatQuery = "pdf") -> FileDownload:
    """Download a report that was made before."""
    scope, row = opened
    return report_file(scope, service.report(scope, row.id, report_id), fmt)


def check_predictions(opened: tuple[Scope, Proposal], *prediction_ids: uuid.UUID) -> None:
    """Check that predictions belong to a shared proposal.

    Raises
    ------
    NotFound
    """
    scope, row = opened
    _check_items(service.items(scope.session, [row.id])[row.id], "predictions", prediction_ids)


def _check_items(inside: dict[Kind, list[uuid.UUID]], kind: Kind, asked: Iterable[uuid.UUID]) -> None:
    for one in asked:
        if one not in inside[kind]:
            raise NotFound(Notice("not_in_proposal", {"kind": LINKED[kind].noun, "id": str(one)}))
