"""Routes of instruments."""

from __future__ import annotations

import uuid

from fastapi import APIRouter

from backend.instruments import service
from backend.instruments.schemas import (
    InstrumentOut,
    RepetitionsIn,
    RepetitionsOut,
    ResolutionIn,
    ResolutionOut,
    WindowIn,
    WindowOut,
)
from backend.kit.db.owners import ScopeDep
from backend.kit.http.computing import SHORT
from backend.kit.http.errors import NotFound, responses

router = APIRouter(prefix="/instruments", tags=["instruments"])


@router.get("", summary="List the instruments", responses=responses(NotFound))
def list_instruments(scope: ScopeDep, structure_id: uuid.UUID | None = None) -> list[InstrumentOut]:
    """Return every instrument, with the JSON Schema of its settings and their defaults.

    With a structure, the default incident energy is the lowest usual one that covers all vibrations of the structure.
    """
    return service.catalogue(scope, structure_id)


@router.post(
    "/{name}/window",
    summary="Get the kinematic window of an instrument",
    responses=responses(NotFound),
    dependencies=SHORT,
)
def instrument_window(name: str, body: WindowIn) -> WindowOut:
    """Return the edges of the kinematic window in (|q|, ω), or the lines along which the instrument measures."""
    return service.window(service.get(name), body.settings)


@router.post(
    "/{name}/resolution",
    summary="Get the energy resolution of an instrument",
    responses=responses(NotFound),
    dependencies=SHORT,
)
def instrument_resolution(name: str, body: ResolutionIn) -> ResolutionOut:
    """Return the energy resolution at energy transfers, with its uncertainty."""
    return service.resolution(service.get(name), body.settings, body.energy_mev)


@router.post(
    "/{name}/repetitions",
    summary="Get the incident energies of repetition-rate multiplication",
    responses=responses(NotFound),
    dependencies=SHORT,
)
def instrument_repetitions(name: str, body: RepetitionsIn) -> RepetitionsOut:
    """Return the incident energies that the choppers transmit in one period, with flux and transmission."""
    return service.repetitions(service.get(name), body.settings)
