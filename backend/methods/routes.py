"""Route of methods."""

from __future__ import annotations

from fastapi import APIRouter

from backend.kit.http.errors import responses
from backend.methods import service
from backend.methods.schemas import MethodOut

router = APIRouter(tags=["predictions"])


@router.get("/methods", summary="List methods and samplings with their options", responses=responses())
def list_methods() -> list[MethodOut]:
    """Return titles, units, bounds, defaults and choices of all options, for forms and programs."""
    return service.methods()
