"""Health over HTTP."""

from __future__ import annotations

from fastapi import APIRouter

from backend.health import service
from backend.health.schemas import HealthOut
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Unavailable, responses

router = APIRouter(tags=["health"])


@router.get("/health", summary="Whether everything is up", responses=responses(Unavailable))
def get_health(settings: SettingsDep) -> HealthOut:
    """200 when database, broker and workers are up; otherwise 503 with the part that is down."""
    return service.health(settings)
