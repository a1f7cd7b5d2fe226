"""Figures of comparisons: computes the comparison and draws it."""

from __future__ import annotations

import uuid

import plotly.graph_objects as go

from backend import wording
from backend.comparisons import service
from backend.comparisons.requests import ComparisonRequest
from backend.figures.comparison import Candidate, comparison_figure, ranking_figure, refinement_figure
from backend.figures.labels import label
from backend.figures.measured_map import map_comparison_figure
from backend.figures.plain import plain
from backend.figures.schemas import ComparisonFigureIn, Look, RankingFigureIn, RefinementFigureIn
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import FitOptions
from scattering.observe.view import View


def figure(
    scope: Scope, cache: PartialsCache, body: ComparisonFigureIn | RefinementFigureIn | RankingFigureIn
) -> go.Figure:
    """Draw the comparison, refinement or ranking of a request."""
    if isinstance(body, RefinementFigureIn):
        refined = service.refine(scope, cache, body.to_request())
        stages = [Candidate(wording.message(one.stage.title), one.fitted) for one in refined.stages]
        return refinement_figure(refined.measured, plain(refined.dataset.name), stages, body)
    if isinstance(body, RankingFigureIn):
        ranking = service.rank(scope, cache, body.to_request())
        candidates = [Candidate(plain(one.label), one.place.fitted) for one in ranking.ranked]
        return ranking_figure(ranking.measured, plain(ranking.dataset.name), candidates, body)
    return _comparison(service.compare(scope, cache, body.to_request()), body)


def draw_measured_map(
    scope: Scope, cache: PartialsCache, prediction_id: uuid.UUID, view: View, ids: list[uuid.UUID], look: Look
) -> go.Figure:
    """Draw a measured map, a forecast in its bins, and the difference.

    Raises
    ------
    Unprocessable
        There are several datasets, or the dataset is not a map.
    """
    if len(ids) > 1:
        raise Unprocessable.at("dataset_ids", Notice("several_measured_maps"))
    asked = ComparisonRequest(prediction_id, ids[0], view, FitOptions(), follow_dataset=False)
    found = service.compare(scope, cache, asked)
    if isinstance(found, service.Comparison):
        raise Unprocessable.at("dataset_ids", Notice("spectrum_beside_map", {"dataset": found.dataset.name}))
    return _comparison(found, look)


def _comparison(found: service.Comparison | service.ComparisonOfMaps, look: Look) -> go.Figure:
    name, text = plain(found.dataset.name), label(found.forecast.view, found.forecast.prediction)
    if isinstance(found, service.ComparisonOfMaps):
        return map_comparison_figure(found.compared, name, text, look)
    return comparison_figure(found.measured, name, Candidate(text, found.fitted), look)
