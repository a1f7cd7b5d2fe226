"""Routes of the example forecast."""

from __future__ import annotations

from fastapi import APIRouter, Response, status

from backend.examples import forecast, service
from backend.examples.schemas import ExampleFiguresIn, ExampleForecastOut, ExampleStructureOut
from backend.figures.bodies import FIGURE, figure_response
from backend.kit.db.idempotency import OnceDep, fingerprint
from backend.kit.db.owners import ScopeDep
from backend.kit.db.sessions import SettingsDep
from backend.kit.http.computing import LONG, SHORT
from backend.kit.http.errors import responses
from backend.observing.partials_cache import PartialsCacheDep
from backend.predictions import service as predictions
from backend.predictions.schemas import PredictionOut

router = APIRouter(prefix="/examples/forecast", tags=["examples"])


@router.get("", summary="Get the example forecast")
def get_example_forecast(settings: SettingsDep) -> ExampleForecastOut:
    """Return the structure, the request and the provenance of a finished forecast that ships with Beamcast."""
    example = forecast.shipped()
    structure = ExampleStructureOut.of_contents(*service.read_structure(settings), example.structure_sha256)
    return ExampleForecastOut.of(example, structure)


@router.post("/figures", summary="Draw the example forecast", responses={**responses(), **FIGURE}, dependencies=SHORT)
def draw_example_forecast(body: ExampleFiguresIn, cache: PartialsCacheDep) -> Response:
    """Draw views of the example forecast: the body is that of `/figures`, without `prediction_id`."""
    return figure_response(service.figure(cache, [view.to_example_view() for view in body.views], body))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Copy the example forecast",
    responses={
        **responses(),
        status.HTTP_200_OK: {"description": "an earlier copy, which is still there", "model": PredictionOut},
    },
    dependencies=LONG,
)
def copy_example_forecast(scope: ScopeDep, cache: PartialsCacheDep, once: OnceDep, response: Response) -> PredictionOut:
    """Copy the example forecast to a structure and a finished prediction of the user. There is one copy at a time."""
    earlier = service.find_copy(scope)
    if earlier is not None:
        response.status_code = status.HTTP_200_OK
        return PredictionOut.of(earlier)
    row = once(fingerprint(), lambda: service.copy(scope, cache), lambda made: predictions.get(scope, made))
    return PredictionOut.of(row)
