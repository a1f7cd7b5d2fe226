"""Instruments over HTTP."""

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
from backend.kit.http.errors import NotFound, responses

router = APIRouter(prefix="/instruments", tags=["instruments"])


@router.get("", summary="List the instruments", responses=responses(NotFound))
def list_instruments(scope: ScopeDep, structure_id: uuid.UUID | None = None) -> list[InstrumentOut]:
    """Every instrument, with the JSON Schema of its settings and their defaults.

    With a structure, the defaults suit it: the lowest usual incident energy that shows all its vibrations.
    """
    return service.catalogue(scope, structure_id)


@router.post("/{name}/window", summary="What an instrument reaches", responses=responses(NotFound))
def instrument_window(name: str, body: WindowIn) -> WindowOut:
    """The edges of the kinematic window in (|q|, ω), or the lines along which it measures."""
    return service.window(service.get(name), body.settings)


@router.post("/{name}/resolution", summary="How well an instrument resolves", responses=responses(NotFound))
def instrument_resolution(name: str, body: ResolutionIn) -> ResolutionOut:
    """Energy resolution at given energy transfers, with what is known of its uncertainty."""
    return service.resolution(service.get(name), body.settings, body.energy_mev)


@router.post("/{name}/repetitions", summary="Which incident energies come together", responses=responses(NotFound))
def instrument_repetitions(name: str, body: RepetitionsIn) -> RepetitionsOut:
    """The incident energies that the choppers let through between two pulses, with flux and transmission."""
    return service.repetitions(service.get(name), body.settings)
