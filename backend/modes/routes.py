"""Routes of phonon modes of harmonic predictions. Nothing is simulated or stored."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import Response

from backend.figures.bodies import FIGURE, figure_response
from backend.figures.schemas import DensityWeights, EnergyUnit, ThemeName
from backend.kit.db.owners import ReadingScopeDep, ScopeDep
from backend.kit.files.storage import as_attachment
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import Conflict, NotAcceptable, NotFound, responses
from backend.kit.http.media_types import CSV, JSON
from backend.kit.http.negotiation import choose
from backend.modes.schemas import ModesIn, ModesOut, MotionOut, PhononsOut
from backend.observing.partials_cache import PartialsCacheDep
from backend.observing.schemas import EnergyScale

MAX_OVERLAID: Final = 5
"""More dispersions are not told apart."""

router = APIRouter(prefix="/predictions", tags=["predictions"])

ThemeQuery = Annotated[ThemeName, Query()]
EnergyUnitQuery = Annotated[EnergyUnit, Query()]
EnergyScaleQuery = Annotated[EnergyScale, Query(description="factor on the energies")]
OverlayQuery = Annotated[
    Sequence[uuid.UUID],
    Query(max_length=MAX_OVERLAID, description="further harmonic predictions of the same structure"),
]
DensityQuery = Annotated[
    DensityWeights,
    Query(description="`neutron`: with the weight σ/M of each atom over their mean, of its isotope in the simulation"),
]
PlaceOfMode = Annotated[int, Path(ge=0, le=1_000_000)]


@router.post(
    "/{prediction_id}/modes",
    summary="Find the modes behind a peak",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def find_modes(prediction_id: uuid.UUID, body: ModesIn, scope: ReadingScopeDep, cache: PartialsCacheDep) -> ModesOut:
    """Return the phonon modes within the width of a peak of a harmonic prediction, the strongest first.

    Modes of one branch are one band; the mode that stands for it is at the wave vector with the smallest supercell.
    """
    from backend.modes import bodies, service

    found = service.find_modes(
        scope, cache, prediction_id, body.to_view(), energy_mev=body.energy_mev, width_mev=body.width_mev
    )
    return bodies.modes(found)


@router.get(
    "/{prediction_id}/modes/{q_index}/{branch}",
    summary="Get the motion of the atoms in a mode",
    responses=responses(NotFound, Conflict),
    dependencies=SHORT,
)
def animate_mode(
    prediction_id: uuid.UUID,
    q_index: PlaceOfMode,
    branch: PlaceOfMode,
    scope: ScopeDep,
    cache: PartialsCacheDep,
    theme: ThemeQuery = "light",
) -> MotionOut:
    """Return atoms, bonds and complex displacements of a cell that holds a whole wave, if it is small enough."""
    from backend.modes import bodies, service

    mode = service.animate(scope, cache, prediction_id, q_index=q_index, branch=branch)
    return bodies.motion(mode, q_index=q_index, branch=branch, theme_name=theme)


@router.get(
    "/{prediction_id}/phonons",
    summary="Draw the phonon dispersion and the density of states",
    responses={**responses(NotFound, Conflict), **FIGURE},
    dependencies=LONG,
)
def draw_phonons(
    prediction_id: uuid.UUID,
    scope: ScopeDep,
    cache: PartialsCacheDep,
    theme: ThemeQuery = "light",
    energy_unit: EnergyUnitQuery = "meV",
    energy_scale: EnergyScaleQuery = 1.0,
    overlay: OverlayQuery = (),
    density: DensityQuery = "states",
) -> Response:
    """Draw the phonons of a harmonic prediction along the usual path, and their density beside them.

    Others of the same structure can be drawn over them, at the same wave vectors in r.l.u.
    """
    from backend.figures.phonons import PhononLines, phonons_figure
    from backend.modes import service

    found = service.overlaid_phonons(scope, cache, prediction_id, overlay, neutron_weighted=density == "neutron")
    lines = [PhononLines(one.phonons.dispersion, one.phonons.density, one.label) for one in found]
    return figure_response(
        phonons_figure(lines, theme_name=theme, energy_unit=energy_unit, energy_scale=energy_scale, weights=density)
    )


@router.get(
    "/{prediction_id}/phonons/values",
    summary="Get the phonon dispersion and the density of states",
    responses={
        **responses(NotFound, Conflict, NotAcceptable),
        200: {
            "description": "as the `Accept` header asks; CSV has the dispersion",
            "model": PhononsOut,
            "content": {CSV: {"schema": {"type": "string"}}},
        },
    },
    dependencies=LONG,
)
def get_phonons(
    prediction_id: uuid.UUID,
    scope: ScopeDep,
    cache: PartialsCacheDep,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Return the numbers of the figure, without an energy scale, as JSON or CSV (`text/csv`)."""
    from backend.modes import bodies, service

    media_type = choose(accept, [JSON, CSV])
    found = service.phonons(scope, cache, prediction_id)
    if media_type == CSV:
        headers = {"Content-Disposition": f'attachment; filename="beamcast-phonons-{prediction_id}.csv"'}
        return Response(bodies.dispersion_csv(found), media_type=CSV, headers=headers)
    return Response(bodies.phonons(found).model_dump_json(), media_type=JSON)


@router.get(
    "/{prediction_id}/phonon-website.json",
    summary="Get the modes for the phonon website",
    responses={
        **responses(NotFound, Conflict),
        200: {"description": "a file for the phonon website", "content": {JSON: {"schema": {"type": "object"}}}},
    },
    dependencies=LONG,
)
def get_phonon_website(prediction_id: uuid.UUID, scope: ScopeDep, cache: PartialsCacheDep) -> Response:
    """Return the modes of a harmonic prediction along the usual path as the phonon website animates them.

    The format is that of <https://henriquemiranda.github.io/phononwebsite>: frequencies in cm⁻¹, displacements with
    Σ m|u|² of the mean mass.
    """
    from backend.modes import service
    from backend.modes.phonon_website import encode

    headers = as_attachment(f"beamcast-phonon-website-{prediction_id}.json")
    document = service.phonon_website(scope, cache, prediction_id)
    return Response(encode(document), media_type=JSON, headers=headers)
