"""Route of the limits."""

from __future__ import annotations

from fastapi import APIRouter

from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import responses
from backend.limits.schemas import LimitsOut

router = APIRouter(tags=["health"])


@router.get("/limits", summary="Largest sizes of uploaded files", responses=responses())
def get_limits(settings: SettingsDep) -> LimitsOut:
    """Return the limits on files, so that a client can refuse a file before it sends it."""
    return LimitsOut.of(settings)
