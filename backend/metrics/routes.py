"""`/metrics` in Prometheus's text format. It is for monitoring, so it is not under /api/v1 and not in OpenAPI."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from backend.kit.db.owners import current_operator
from backend.kit.settings import Settings
from backend.metrics.collector import StateCollector
from backend.metrics.requests import RequestTimes
from backend.operations.disk import FolderSize

router = APIRouter()


def install(app: FastAPI, settings: Settings, predictions_size: FolderSize, *, api: str) -> None:
    """Give an application its own metrics, with the times of its requests."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(StateCollector(settings, predictions_size))
    app.state.metrics = registry
    app.add_middleware(RequestTimes, registry=registry, prefix=api)


def _registry(request: Request) -> CollectorRegistry:
    registry: CollectorRegistry = request.app.state.metrics
    return registry


@router.get("/metrics", include_in_schema=False, dependencies=[Depends(current_operator)])
def get_metrics(
    registry: Annotated[CollectorRegistry, Depends(_registry)], accept: Annotated[str, Header()] = ""
) -> Response:
    """Return all metrics."""
    encode, content_type = choose_encoder(accept)
    return Response(encode(registry), headers={"Content-Type": content_type})
