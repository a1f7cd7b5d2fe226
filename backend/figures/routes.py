"""Routes of figures, as Plotly JSON."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from backend.figures.bodies import FIGURE, figure_response
from backend.figures.labels import LabelledView
from backend.figures.schemas import ComparedFigureIn, FigureIn, FiguresIn, ThemeName, TrainingFigureIn
from backend.kit.db.owners import ReadingScopeDep, ScopeDep
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.plans.schemas import PlanFigureIn
from backend.structures.service import load_structure
from backend.structures.tables import Structure

router = APIRouter(tags=["figures"])


@router.post(
    "/figures", summary="Draw several views", responses={**responses(NotFound, Conflict), **FIGURE}, dependencies=SHORT
)
def draw_figure(body: FiguresIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Draw spectra of several predictions and instruments on the same axes, or one map."""
    from backend.figures import service

    return figure_response(service.figure(scope, cache, [view.to_labelled() for view in body.views], body))


@router.post(
    "/predictions/{prediction_id}/figure",
    summary="Draw one view of a prediction",
    responses={**responses(NotFound, Conflict), **FIGURE},
    dependencies=SHORT,
)
def draw_prediction(
    prediction_id: uuid.UUID, body: FigureIn, scope: ReadingScopeDep, cache: PartialsCacheDep
) -> Response:
    """Draw a figure of one view; the body is that of the spectrum, with the style."""
    from backend.figures import service

    view = LabelledView(prediction_id, body.to_view())
    return figure_response(service.figure(scope, cache, [view], body.style))


@router.post(
    "/comparisons/figure",
    summary="Draw a comparison",
    responses={**responses(NotFound, Conflict), **FIGURE},
    dependencies=SHORT,
)
def draw_comparison(body: ComparedFigureIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Draw a comparison, refinement or ranking; the body is that of its route, with the style."""
    from backend.figures import compared

    return figure_response(compared.figure(scope, cache, body))


@router.post(
    "/plans/figure", summary="Draw a plan", responses={**responses(NotFound, Conflict), **FIGURE}, dependencies=LONG
)
def draw_plan(body: PlanFigureIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Draw features, resolution against hours, a simulated measurement, isotopes, or the sample on all instruments."""
    from backend.figures import plans

    return figure_response(plans.figure(scope, cache, body))


@router.post(
    "/trainings/{training_id}/figure",
    summary="Draw a figure of a training",
    responses={**responses(NotFound, Conflict), **FIGURE},
    dependencies=SHORT,
)
def draw_training(training_id: uuid.UUID, body: TrainingFigureIn, scope: ReadingScopeDep) -> Response:
    """Return a Plotly figure: the loss, also while it runs; parity of held-out labels; dispersion; densities."""
    from backend.figures import trainings

    return figure_response(trainings.figure(scope, training_id, body))


@router.get(
    "/structures/{structure_id}/figure",
    summary="Draw a structure in 3-D",
    responses={**responses(NotFound), **FIGURE},
    dependencies=SHORT,
)
def draw_structure(
    structure_id: uuid.UUID, scope: ScopeDep, theme: Annotated[ThemeName, Query()] = "light"
) -> Response:
    """Draw the cell with its atoms, bonds and edges."""
    from backend.figures.structure import structure_figure

    row = scope.get(Structure, structure_id, "structure")
    return figure_response(structure_figure(load_structure(scope.settings, row.id), theme))
