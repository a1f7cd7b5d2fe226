"""Partials that were read lately: a slider that moves costs no reading."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from backend.kit.files.read_cache import ReadCache


class PartialsCache(ReadCache):
    """Partials of powders and crystals, by their files."""


def _partials_cache(request: Request) -> PartialsCache:
    cache: PartialsCache = request.app.state.partials_cache
    return cache


PartialsCacheDep = Annotated[PartialsCache, Depends(_partials_cache)]
