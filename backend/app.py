"""The REST API as one FastAPI application."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi_offline import FastAPIOffline

from backend import errors
from backend.errors import NotFound
from backend.settings import Settings
from backend.version import VERSION

API = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = ()
MULTIPART_OVERHEAD_BYTES = 64 * 1024

ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(settings: Settings) -> FastAPI:
    """The application: API and documentation; the pages are put on it by `serve.py`."""
    app: FastAPI = FastAPIOffline(
        title="Beamcast",
        version=VERSION,
        description="Forecasts an inelastic neutron scattering experiment from a crystal structure.",
        max_body_size=settings.max_upload_bytes + MULTIPART_OVERHEAD_BYTES,
    )
    app.state.settings = settings
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.add_api_route("/api/{rest:path}", _nothing_here, methods=ALL_METHODS, include_in_schema=False)
    return app


async def _nothing_here(rest: str, request: Request) -> Any:
    # The pages' catch-all would answer with 200 and HTML.
    raise NotFound(f"There is nothing at {request.url.path}; see /docs for what there is.")
