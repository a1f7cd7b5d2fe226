"""Route of health."""

from __future__ import annotations

from fastapi import APIRouter

from backend.health import service
from backend.health.schemas import HealthOut
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Unavailable, responses

router = APIRouter(tags=["health"])


@router.get("/health", summary="Check the health of the server", responses=responses(Unavailable))
def get_health(settings: SettingsDep) -> HealthOut:
    """Return 200 if database, broker and workers are up, else 503 with the parts that are down."""
    return service.health(settings)
