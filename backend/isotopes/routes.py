"""Isotopes over HTTP."""

from __future__ import annotations

import uuid
from typing import Annotated

from ase.data import chemical_symbols
from fastapi import APIRouter, Query

from backend.isotopes import service
from backend.isotopes.schemas import OtherIsotopesIn
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import ScopeDep
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import Conflict, NotFound, Unprocessable, responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.predictions import service as predictions
from backend.predictions.schemas import PredictionOut
from scattering.core.notices import Notice
from scattering.observe import weights

router = APIRouter(tags=["instruments"])


@router.get("/isotopes", summary="List isotopes with known scattering lengths", responses=responses())
def list_isotopes(
    elements: Annotated[str, Query(max_length=800, description="symbols, separated by commas", examples=["H,C"])],
) -> dict[str, list[str]]:
    """Return element → isotopes, lightest first, as the field `isotopes` of a view names them."""
    symbols = [symbol.strip() for symbol in elements.split(",") if symbol.strip()]
    unknown = [symbol for symbol in symbols if symbol not in chemical_symbols[1:]]
    if unknown:
        raise Unprocessable.at("elements", Notice("unknown_elements", {"symbols": unknown}))
    return {symbol: list(weights.isotopes(symbol)) for symbol in symbols}


@router.post(
    "/predictions/{prediction_id}/isotopes",
    status_code=202,
    tags=["predictions"],
    summary="Request a prediction with other isotopes",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def create_prediction_with_isotopes(
    prediction_id: uuid.UUID, body: OtherIsotopesIn, scope: ScopeDep, cache: PartialsCacheDep, once: OnceDep
) -> PredictionOut:
    """Queue a prediction from the force constants of a harmonic prediction, with the masses of other isotopes.

    It takes seconds, since forces do not depend on masses. Molecular dynamics has to run anew: `POST /predictions`.
    """
    row = once(
        fingerprint(str(prediction_id), body),
        lambda: service.create_with_isotopes(scope, cache, prediction_id, body),
        lambda made: predictions.get(scope, made),
    )
    return PredictionOut.of(row)
