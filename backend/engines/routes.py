"""Route of engines."""

from __future__ import annotations

from fastapi import APIRouter

from backend.engines import service
from backend.engines.schemas import EngineOut
from backend.kit.db.owners import ReadingScopeDep
from backend.kit.http.errors import responses

router = APIRouter(tags=["predictions"])


@router.get("/engines", summary="List the engines", responses=responses())
def list_engines(scope: ReadingScopeDep) -> list[EngineOut]:
    """Return each engine with its methods and the number of living workers that have it.

    A prediction may name an engine that no worker has: it waits for such a worker.
    """
    return service.engines(scope.session)
