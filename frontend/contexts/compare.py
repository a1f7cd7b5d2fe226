"""Comparison of forecasts and data of any structures, temperatures, methods and instruments."""

from __future__ import annotations

import asyncio
from typing import Final

from frontend.client import ApiClient
from frontend.contexts.page import Context, Page, Query
from frontend.view_bounds import view_bounds


async def context(api: ApiClient, path: Query, query: Query) -> Context:
    """Return the instruments; the scripts ask for the curves that the address names."""
    instruments, schema = await asyncio.gather(api.instruments(), api.get("/view-schema"))
    return {
        "instruments": instruments,
        "bounds": view_bounds(schema),
        "has_curves": bool(query.get("curves")),
    }


PAGE: Final = Page("/compare", "compare.html", context)
