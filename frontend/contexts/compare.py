"""Comparison of forecasts and data of any structures, temperatures, methods and instruments."""

from __future__ import annotations

from typing import Final

from frontend.client import ApiClient
from frontend.contexts.page import Context, Page, Query


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the instruments; the scripts ask for the curves that the address names."""
    return {"instruments": await api.instruments(), "has_curves": bool(query.get("curves"))}


PAGE: Final = Page("/compare", "compare.html", context)
