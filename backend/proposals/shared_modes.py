"""Routes of the phonon modes of shared proposals, for anybody with the link."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from backend.figures.bodies import FIGURE, figure_response
from backend.figures.schemas import EnergyUnit, ThemeName
from backend.kit.http.errors import Conflict, NotFound, responses
from backend.modes.schemas import ModesIn, ModesOut, MotionOut
from backend.observing.partials_cache import PartialsCacheDep
from backend.proposals.shared import Opened, check_predictions

router = APIRouter(prefix="/shared", tags=["proposals"])


@router.post(
    "/{token}/predictions/{prediction_id}/modes",
    summary="Find the modes behind a peak of a shared proposal",
    responses=responses(NotFound, Conflict),
)
def find_shared_modes(prediction_id: uuid.UUID, body: ModesIn, opened: Opened, cache: PartialsCacheDep) -> ModesOut:
    """Return the modes like POST /predictions/{id}/modes."""
    from backend.modes import bodies, service

    check_predictions(opened, prediction_id)
    found = service.find_modes(
        opened[0], cache, prediction_id, body.to_view(), energy_mev=body.energy_mev, width_mev=body.width_mev
    )
    return bodies.modes(found)


@router.get(
    "/{token}/predictions/{prediction_id}/modes/{q_index}/{branch}",
    summary="Get the motion of the atoms in a mode of a shared proposal",
    responses=responses(NotFound, Conflict),
)
def animate_shared_mode(
    prediction_id: uuid.UUID,
    q_index: Annotated[int, Path(ge=0, le=1_000_000)],
    branch: Annotated[int, Path(ge=0, le=1_000_000)],
    opened: Opened,
    cache: PartialsCacheDep,
    theme: Annotated[ThemeName, Query()] = "light",
) -> MotionOut:
    """Return the motion like GET /predictions/{id}/modes/{q_index}/{branch}."""
    from backend.modes import bodies, service

    check_predictions(opened, prediction_id)
    mode = service.animate(opened[0], cache, prediction_id, q_index=q_index, branch=branch)
    return bodies.motion(mode, q_index=q_index, branch=branch, theme_name=theme)


@router.get(
    "/{token}/predictions/{prediction_id}/phonons",
    summary="Draw the phonons of a prediction of a shared proposal",
    responses={**responses(NotFound, Conflict), **FIGURE},
)
def draw_shared_phonons(
    prediction_id: uuid.UUID,
    opened: Opened,
    cache: PartialsCacheDep,
    theme: Annotated[ThemeName, Query()] = "light",
    energy_unit: Annotated[EnergyUnit, Query()] = "meV",
    energy_scale: Annotated[float, Query(ge=0.5, le=2.0, description="factor on the energies")] = 1.0,
) -> Response:
    """Draw a figure like GET /predictions/{id}/phonons."""
    from backend.figures.phonons import phonons_figure
    from backend.modes import service

    check_predictions(opened, prediction_id)
    found = service.phonons(opened[0], cache, prediction_id)
    return figure_response(
        phonons_figure(
            found.dispersion, found.density, theme_name=theme, energy_unit=energy_unit, energy_scale=energy_scale
        )
    )
