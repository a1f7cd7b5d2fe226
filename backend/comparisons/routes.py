"""Comparisons over HTTP. Nothing is kept: every POST only reads."""

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
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.observing.partials_cache import PartialsCacheDep

router = APIRouter(prefix="/comparisons", tags=["comparisons"])


def _gives(model: type[BaseModel], description: str) -> dict[int | str, dict[str, Any]]:
    return {**responses(NotFound, Conflict), 200: {"model": model, "description": description}}


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


@router.post("", summary="Fit a forecast to measured data", responses=_gives(ComparisonOut, "the fit, bin by bin"))
def compare(body: ComparisonIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Weighted least squares in the data's own bins: scale, shift, stretch, background, extra width.

    Data over (|q|, ω) get a scale and a constant background. Nothing is simulated and nothing is kept: this takes
    milliseconds.
    """
    from backend.comparisons import bodies, service

    return _json(bodies.comparison(service.compare(scope, cache, body.to_request())))


@router.post(
    "/ranking", summary="Rank forecasts by how well they agree", responses=_gives(RankingOut, "the best first")
)
def rank(body: RankingIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Which phase, composition or potential describes a measured spectrum best, and whether that is certain."""
    from backend.comparisons import bodies, service

    return _json(bodies.ranking(service.rank(scope, cache, body.to_request())))


@router.post("/peaks", summary="Match the peaks of forecast and data", responses=_gives(PeaksOut, "peaks by energy"))
def match_peaks(body: PeaksIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """Peaks of both with their differences, and the elements and phonon orders that make them up."""
    from backend.comparisons import bodies, peaks

    return _json(bodies.peaks(peaks.peaks(scope, cache, body.to_request())))


@router.post(
    "/refinement",
    summary="Refine a forecast in stages against data",
    responses=_gives(RefinementOut, "the raw forecast first"),
)
def refine(body: RefinementIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> Response:
    """As simulated, then with window and resolution, then with the quantum correction, each fitted to the data."""
    from backend.comparisons import bodies, service

    return _json(bodies.refinement(service.refine(scope, cache, body.to_request())))
