"""`/metrics` in Prometheus's text format. It is for monitoring, so it is not under /api/v1 and not in OpenAPI.

Monitoring is no user: it sends the token of `BEAMCAST_METRICS_TOKEN`, and no other token opens this address.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Unauthorized
from backend.kit.settings import Settings
from backend.metrics.collector import StateCollector
from backend.metrics.requests import RequestTimes
from backend.operations.disk import FolderSize
from scattering.core.notices import Notice

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


def _check_token(settings: SettingsDep, authorization: Annotated[str, Header()] = "") -> None:
    """Refuse requests without the token; only the embedded default needs none.

    Raises
    ------
    Unauthorized
    """
    if not settings.metrics_token:
        if not settings.single_machine:
            raise Unauthorized(Notice("metrics_token_not_set"))
        return
    scheme, _, token = authorization.partition(" ")
    # Bytes: a header may hold characters that the comparison of texts refuses
    same = hmac.compare_digest(token.strip().encode(), settings.metrics_token.encode())
    if scheme.lower() != "bearer" or not same:
        raise Unauthorized(Notice("metrics_token_needed"))


@router.get("/metrics", include_in_schema=False, dependencies=[Depends(_check_token)])
def get_metrics(
    registry: Annotated[CollectorRegistry, Depends(_registry)], accept: Annotated[str, Header()] = ""
) -> Response:
    """Return all metrics."""
    encode, content_type = choose_encoder(accept)
    return Response(encode(registry), headers={"Content-Type": content_type})
