"""Predictions over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import OwnerDep, ReadingScopeDep, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.predictions import events, service
from backend.predictions.schemas import EstimateOut, PredictionIn, PredictionOut

router = APIRouter(prefix="/predictions", tags=["predictions"])


@router.post("", status_code=202, summary="Ask for a prediction", responses=responses(Conflict))
def create_prediction(body: PredictionIn, scope: ScopeDep, once: OnceDep) -> PredictionOut:
    """The prediction is queued; options that were left out are filled in and returned."""
    row = once(fingerprint(body), lambda: service.create(scope, body), lambda made: service.get(scope, made))
    return PredictionOut.of(row)


@router.post("/estimate", summary="What a prediction would take", responses=responses())
def estimate_prediction(body: PredictionIn, scope: ReadingScopeDep) -> EstimateOut:
    """The options filled in and the time that this machine would need; nothing is created."""
    return service.estimate(scope, body)


@router.get("", summary="List predictions, newest first", responses=responses())
def list_predictions(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only those of this structure")] = None,
) -> Page[PredictionOut]:
    """One page of the predictions of one structure or of all."""
    rows, total = service.page(scope, structure_id, paging)
    return Page(items=[PredictionOut.of(row) for row in rows], total=total)


@router.get("/{prediction_id}", summary="One prediction", responses=responses(NotFound))
def get_prediction(prediction_id: uuid.UUID, scope: ScopeDep) -> PredictionOut:
    """How far it is, and how it was made."""
    return PredictionOut.of(service.get(scope, prediction_id))


def _exists(prediction_id: uuid.UUID, scope: ScopeDep) -> None:
    # Before the stream starts: afterwards there is no way to say 404.
    service.get(scope, prediction_id)


@router.get(
    "/{prediction_id}/events",
    summary="Follow a prediction",
    response_class=EventSourceResponse,
    responses=responses(NotFound),
    dependencies=[Depends(_exists)],
)
async def follow_prediction(
    prediction_id: uuid.UUID, request: Request, settings: SettingsDep, owner: OwnerDep
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events named `prediction`, each with the whole state, until it has ended."""
    states = events.changes(settings, owner, prediction_id, lambda: request.app.state.closing)
    async for state in states:
        yield ServerSentEvent(event="prediction", data=state)


@router.post("/{prediction_id}/cancel", summary="Stop a prediction", responses=responses(NotFound, Conflict))
def cancel_prediction(prediction_id: uuid.UUID, scope: ScopeDep) -> PredictionOut:
    """A queued one is cancelled at once, a running one within seconds."""
    return PredictionOut.of(service.cancel(scope, prediction_id))


@router.delete("/{prediction_id}", status_code=204, summary="Delete a prediction", responses=responses(NotFound))
def delete_prediction(prediction_id: uuid.UUID, scope: ScopeDep) -> None:
    """Its files go with it; if it runs, it is stopped."""
    service.delete(scope, prediction_id)
