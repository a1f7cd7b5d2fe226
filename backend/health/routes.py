"""Route of health."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter

from backend.health import service
from backend.health.schemas import HealthOut
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Unavailable, responses

router = APIRouter(tags=["health"])

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="health")
"""Threads of its own: the others may all be busy with long requests, which is no illness."""


@router.get("/health", summary="Check the health of the server", responses=responses(Unavailable))
async def get_health(settings: SettingsDep) -> HealthOut:
    """Return 200 if database, broker, workers and disk are well, else 503 with the parts that are not."""
    return await asyncio.get_running_loop().run_in_executor(_threads, service.health, settings)
