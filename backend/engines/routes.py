"""Engines over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from backend.engines import service
from backend.engines.schemas import EngineOut
from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.errors import responses

router = APIRouter(tags=["predictions"])


@router.get("/engines", summary="What predictions can be simulated with", responses=responses())
def list_engines(scope: ReadingScopeDep) -> list[EngineOut]:
    """Each engine with its methods, and how many living workers have it. One that none has can be asked for too."""
    return service.engines(scope.session)
