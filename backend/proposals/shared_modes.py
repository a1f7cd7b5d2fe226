"""Routes of the phonon modes of shared proposals, for anybody with the link: those of predictions, after a check."""

from __future__ import annotations

import uuid

from fastapi import APIRouter
from fastapi.responses import Response

from backend.figures.bodies import FIGURE
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.modes import routes as modes
from backend.modes.routes import EnergyScaleQuery, EnergyUnitQuery, PlaceOfMode, ThemeQuery
from backend.modes.schemas import ModesIn, ModesOut, MotionOut
from backend.observing.partials_cache import PartialsCacheDep
from backend.proposals.shared import Opened, check_predictions

router = APIRouter(prefix="/shared", tags=["proposals"])


@router.post(
    "/{token}/predictions/{prediction_id}/modes",
    summary="Find the modes behind a peak of a shared proposal",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def find_shared_modes(prediction_id: uuid.UUID, body: ModesIn, opened: Opened, cache: PartialsCacheDep) -> ModesOut:
    """Return the modes like POST /predictions/{id}/modes."""
    check_predictions(opened, prediction_id)
    return modes.find_modes(prediction_id, body, opened[0], cache)


@router.get(
    "/{token}/predictions/{prediction_id}/modes/{q_index}/{branch}",
    summary="Get the motion of the atoms in a mode of a shared proposal",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def animate_shared_mode(
    prediction_id: uuid.UUID,
    q_index: PlaceOfMode,
    branch: PlaceOfMode,
    opened: Opened,
    cache: PartialsCacheDep,
    theme: ThemeQuery = "light",
) -> MotionOut:
    """Return the motion like GET /predictions/{id}/modes/{q_index}/{branch}."""
    check_predictions(opened, prediction_id)
    return modes.animate_mode(prediction_id, q_index, branch, opened[0], cache, theme)


@router.get(
    "/{token}/predictions/{prediction_id}/phonons",
    summary="Draw the phonons of a prediction of a shared proposal",
    responses={**responses(NotFound, Conflict), **FIGURE},
    dependencies=LONG,
)
def draw_shared_phonons(
    prediction_id: uuid.UUID,
    opened: Opened,
    cache: PartialsCacheDep,
    theme: ThemeQuery = "light",
    energy_unit: EnergyUnitQuery = "meV",
    energy_scale: EnergyScaleQuery = 1.0,
) -> Response:
    """Draw a figure like GET /predictions/{id}/phonons."""
    check_predictions(opened, prediction_id)
    return modes.draw_phonons(prediction_id, opened[0], cache, theme, energy_unit, energy_scale)
