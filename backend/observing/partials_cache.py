"""Cache of partials, so that a change of the view does not read the file again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.kit.files.read_cache import ReadCache


class PartialsCache(ReadCache):
    """Partials of powders and single crystals by file."""


def _partials_cache(request: Request) -> PartialsCache:
    cache: PartialsCache = request.app.state.partials_cache
    return cache


PartialsCacheDep = Annotated[PartialsCache, Depends(_partials_cache)]
