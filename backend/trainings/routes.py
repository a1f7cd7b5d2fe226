"""Trainings over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from backend.jobs.following import follow
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import OwnerDep, ReadingScopeDep, Scope, ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.files.storage import as_attachment
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.kit.http.pagination import Page, PagingDep
from backend.label_sets.routes import MEDIA_TYPE
from backend.potentials.availability import engines_of_workers
from backend.potentials.catalogue import DEFAULT
from backend.structures.tables import Structure
from backend.trainings import bodies, service
from backend.trainings.offers import list_offers
from backend.trainings.recipes import Recipe
from backend.trainings.schemas import ReferenceOut, TrainingEstimateOut, TrainingIn, TrainingOut

router = APIRouter(tags=["trainings"])


@router.get("/references", summary="List what can supply labels", responses=responses(NotFound))
def list_references(
    scope: ReadingScopeDep,
    structure_id: Annotated[
        uuid.UUID | None, Query(description="also tell which references are none for this structure, and why")
    ] = None,
    base: Annotated[str, Query(max_length=200, description="name of the potential to start from")] = DEFAULT,
) -> list[ReferenceOut]:
    """Return the references of a training, what is known of each, and why one is not available."""
    structure = None if structure_id is None else scope.get(Structure, structure_id, "structure")
    running = engines_of_workers(scope.session)
    return [ReferenceOut.of(one, one.obstacle(running)) for one in list_offers(scope, structure, base)]


@router.post(
    "/trainings", status_code=202, summary="Request a training", responses=responses(Conflict), dependencies=SHORT
)
def create_training(body: TrainingIn, scope: ScopeDep, once: OnceDep) -> TrainingOut:
    """Queue a training: a potential restricted to the elements of a structure, and fitted to labels.

    Its potential is offered only if its phonons, its geometry, its dynamics and its errors on held-out labels pass.
    """
    row = once(fingerprint(body), lambda: service.create(scope, body), lambda made: service.get(scope, made))
    return bodies.of_row(scope, row)


@router.post("/trainings/estimate", summary="Estimate a training", responses=responses(Conflict), dependencies=SHORT)
def estimate_training(body: TrainingIn, scope: ReadingScopeDep) -> TrainingEstimateOut:
    """Check the request of a training, and return its duration and all its options. Nothing is queued."""
    checked = service.check_request(scope, body)
    return TrainingEstimateOut(
        estimate_s=service.estimate_range(checked.estimate_s), options=checked.material.recipe.to_json()
    )


@router.get("/training-options", summary="Options of a training", responses=responses())
def get_training_options() -> dict[str, Any]:
    """Return the JSON Schema of the options of a training: titles, units, bounds and descriptions."""
    return Recipe.model_json_schema()


@router.get("/trainings", summary="List trainings, newest first", responses=responses())
def list_trainings(
    scope: ScopeDep,
    paging: PagingDep,
    structure_id: Annotated[uuid.UUID | None, Query(description="only trainings of this structure")] = None,
    potential_id: Annotated[uuid.UUID | None, Query(description="only the training that made this potential")] = None,
) -> Page[TrainingOut]:
    """Return one page of the trainings: of one structure, of one potential, or of all."""
    rows, total = service.page(scope, paging, structure_id=structure_id, potential_id=potential_id)
    return Page(items=[bodies.of_row(scope, row) for row in rows], total=total)


@router.get("/trainings/{training_id}", summary="Get a training", responses=responses(NotFound))
def get_training(training_id: uuid.UUID, scope: ScopeDep) -> TrainingOut:
    """Return the state of a training and its evidence."""
    return bodies.of_id(scope, training_id)


def _check_exists(training_id: uuid.UUID, scope: ScopeDep) -> None:
    # A stream that has started cannot answer 404
    service.get(scope, training_id)


@router.get(
    "/trainings/{training_id}/events",
    summary="Follow a training",
    response_class=EventSourceResponse,
    responses=responses(NotFound),
    dependencies=[Depends(_check_exists)],
)
async def follow_training(
    training_id: uuid.UUID, request: Request, settings: SettingsDep, owner: OwnerDep
) -> AsyncIterator[ServerSentEvent]:
    """Send server-sent events named `training`, each with the whole state, until the training ends."""

    def read(own: Scope) -> TrainingOut:
        return bodies.of_id(own, training_id)

    async for state in follow(settings, owner, read, closing=lambda: request.app.state.closing):
        yield ServerSentEvent(event="training", data=state)


@router.post("/trainings/{training_id}/cancel", summary="Cancel a training", responses=responses(NotFound, Conflict))
def cancel_training(training_id: uuid.UUID, scope: ScopeDep) -> TrainingOut:
    """Cancel a training: a queued one at once, a running one within seconds."""
    return bodies.of_row(scope, service.cancel(scope, training_id))


@router.delete("/trainings/{training_id}", status_code=204, summary="Delete a training", responses=responses(NotFound))
def delete_training(training_id: uuid.UUID, scope: ScopeDep) -> None:
    """Delete a training with its evidence. A running one is stopped; its potential, if it has one, stays."""
    service.delete(scope, training_id)


@router.get(
    "/trainings/{training_id}/labels",
    summary="Download the labels of a training",
    response_class=Response,
    responses=responses(NotFound, Conflict) | {200: {"content": {MEDIA_TYPE: {}}}},
)
def download_labels(training_id: uuid.UUID, scope: ScopeDep) -> Response:
    """Return the labels that were trained on and held out, as extended XYZ."""
    row = service.get(scope, training_id)
    text = service.labels_text(scope, row)
    return Response(text, media_type=MEDIA_TYPE, headers=as_attachment("labels.xyz"))
