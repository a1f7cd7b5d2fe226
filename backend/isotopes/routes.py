"""Isotopes over HTTP."""

from __future__ import annotations

from typing import Annotated

from ase.data import chemical_symbols
from fastapi import APIRouter, Query

from backend.kit.http.errors import Unprocessable, responses
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
