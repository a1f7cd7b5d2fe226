"""Routes of predictions."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from backend.jobs.following import follow
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.keeping import InProposalsQuery
from backend.kit.db.owners import OwnerDep, ReadingScopeDep, Scope, ScopeDep
from backend.kit.db.search import SearchParam
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.predictions import service
from backend.predictions.schemas import EstimateOut, PredictionIn, PredictionOut

router = APIRouter(prefix="/predictions", tags=["predictions"])


@router.post("", status_code=202, summary="Request a prediction", responses=responses(Conflict))
def create_prediction(body: PredictionIn, scope: ScopeDep, once: OnceDep) -> PredictionOut:
    """Queue a prediction, and return it with all options."""
    row = once(fingerprint(body), lambda: service.create(scope, body), lambda made: service.get(scope, made))
    return PredictionOut.of(row)


@router.post("/estimate", summary="Estimate the time of a prediction", responses=responses())
def estimate_prediction(body: PredictionIn, scope: ReadingScopeDep) -> EstimateOut:
    """Complete the options, and estimate the time on this machine. Nothing is created."""
    return service.estimate(scope, body)


@router.get("", summary="List predictions, newest first", responses=responses())
def list_predictions(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only predictions of this structure")] = None,
    search: SearchParam = "",
) -> Page[PredictionOut]:
    """Return one page of the predictions, of one structure or of all, or of those that match a search.

    A search finds the name, formula and space group of the structure, the method, the potential, the instruments and
    the temperature ("10 K").
    """
    rows, total = service.page(scope, structure_id, paging, search)
    return Page(items=[PredictionOut.of(row) for row in rows], total=total)


@router.get("/{prediction_id}", summary="Get a prediction", responses=responses(NotFound))
def get_prediction(prediction_id: uuid.UUID, scope: ScopeDep) -> PredictionOut:
    """Return the state of a prediction and its provenance."""
    return PredictionOut.of(service.get(scope, prediction_id))


def _check_exists(prediction_id: uuid.UUID, scope: ScopeDep) -> None:
    # A stream that has started cannot answer 404
    service.get(scope, prediction_id)


@router.get(
    "/{prediction_id}/events",
    summary="Follow a prediction",
    response_class=EventSourceResponse,
    responses=responses(NotFound),
    dependencies=[Depends(_check_exists)],
)
async def follow_prediction(
    prediction_id: uuid.UUID, request: Request, settings: SettingsDep, owner: OwnerDep
) -> AsyncIterator[ServerSentEvent]:
    """Send server-sent events named `prediction`, each with the whole state, until the prediction ends."""

    def read(own: Scope) -> PredictionOut:
        return PredictionOut.of(service.get(own, prediction_id))

    async for state in follow(settings, owner, read, closing=lambda: request.app.state.closing):
        yield ServerSentEvent(event="prediction", data=state)


@router.post("/{prediction_id}/cancel", summary="Cancel a prediction", responses=responses(NotFound, Conflict))
def cancel_prediction(prediction_id: uuid.UUID, scope: ScopeDep) -> PredictionOut:
    """Cancel a prediction: a queued one at once, a running one within seconds."""
    return PredictionOut.of(service.cancel(scope, prediction_id))


@router.delete(
    "/{prediction_id}", status_code=204, summary="Delete a prediction", responses=responses(NotFound, Conflict)
)
def delete_prediction(prediction_id: uuid.UUID, scope: ScopeDep, in_proposals: InProposalsQuery = None) -> None:
    """Delete a prediction and its files. A running prediction is stopped.

    If proposals use it, the request says what becomes of it there (`in_proposals`); one that is kept runs to its end.
    """
    service.delete(scope, prediction_id, in_proposals)
