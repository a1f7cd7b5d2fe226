"""Routes of comparisons. Every POST only reads; nothing is stored."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from backend.comparisons.schemas import (
    ComparisonIn,
    ComparisonOut,
    PeaksIn,
    PeaksOut,
    RankingIn,
    RankingOut,
    RefinementIn,
    RefinementOut,
)
from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep

router = APIRouter(prefix="/comparisons", tags=["comparisons"])


def _responses(model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    return {**responses(NotFound, Conflict), 200: {"model": model, "description": description}}


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


@router.post(
    "",
    summary="Fit a forecast to measured data",
    responses=_responses(ComparisonOut, "the fit, with its values in each bin"),
    dependencies=SHORT,
)
def compare(body: ComparisonIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Fit scale, shift, stretch, background and extra width by weighted least squares in the bins of the data.

    To data over (|q|, ω), only scale and a constant background are fitted. Nothing is simulated or stored: this
    takes milliseconds.
    """
    from backend.comparisons import bodies, service

    return _json(bodies.comparison(service.compare(scope, cache, body.to_request())))


@router.post(
    "/ranking",
    summary="Rank forecasts by their agreement with measured data",
    responses=_responses(RankingOut, "the best first"),
    dependencies=LONG,
)
def rank(body: RankingIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Find the phase, composition or potential that describes a measured spectrum best, and its probability."""
    from backend.comparisons import bodies, service

    return _json(bodies.ranking(service.rank(scope, cache, body.to_request())))


@router.post(
    "/peaks",
    summary="Match the peaks of forecast and data",
    responses=_responses(PeaksOut, "peaks by energy"),
    dependencies=SHORT,
)
def match_peaks(body: PeaksIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Match peaks of data and forecast; give differences, contributing elements and phonon orders."""
    from backend.comparisons import bodies, peaks

    return _json(bodies.peaks(peaks.match_peaks(scope, cache, body.to_request())))


@router.post(
    "/refinement",
    summary="Show the effect of each correction on the fit to data",
    responses=_responses(RefinementOut, "the uncorrected forecast first"),
    dependencies=LONG,
)
def refine(body: RefinementIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Fit the forecast uncorrected, with window and resolution, and with the quantum correction."""
    from backend.comparisons import bodies, service

    return _json(bodies.refinement(service.refine(scope, cache, body.to_request())))
