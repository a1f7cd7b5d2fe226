"""Show the example forecast without any row, and copy it to the forecasts of a user."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlmodel import col

from backend.examples.forecast import ExampleForecast, read_partials, shipped
from backend.kit.db.columns import utc_now
from backend.kit.db.owners import Scope
from backend.kit.files.storage import arriving_folder
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.observing.partials_cache import PartialsCache
from backend.potentials import catalogue
from backend.predictions.tables import Prediction
from backend.structures import examples
from backend.structures import service as structures
from backend.structures.examples import Example
from backend.structures.tables import Structure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from backend.figures.schemas import Style
    from scattering.observe.view import View


@dataclass(frozen=True)
class ExampleView:
    """A view of the example forecast in a figure; if `label` is None, a label is made."""

    view: View
    label: str | None = None


@cache
def read_structure(settings: Settings) -> tuple[Example, dict[str, Any]]:
    """Return the example's structure, and the description that the parser gives of it."""
    return structures.read_example(settings, shipped().structure)


def figure(cache: PartialsCache, asked: Sequence[ExampleView], style: Style) -> go.Figure:
    """Draw views of the example forecast on the same axes."""
    from backend.figures.labels import facts
    from backend.figures.service import SeenView, draw_views, view_in
    from backend.observing.spectra import observe_partials

    example, partials = shipped(), read_partials(cache)
    title = examples.catalogue()[example.structure].title
    seen = []
    for one in asked:
        view = view_in(one.view, style)
        spectrum = observe_partials(partials, example.sampling, view)
        seen.append(SeenView(spectrum, facts(view, example, title), one.label))
    return draw_views(seen, style)


def find_copy(scope: Scope) -> Prediction | None:
    """Return the owner's newest copy of the example forecast, or None."""
    statement = (
        scope.select(Prediction)
        .join(Structure, col(Structure.id) == col(Prediction.structure_id))
        .where(
            Prediction.owner == scope.owner,
            Prediction.status == "succeeded",
            col(Prediction.hidden_at).is_(None),
            Structure.example == shipped().structure,
        )
        .order_by(col(Prediction.created_at).desc())
    )
    rows = scope.session.exec(statement)
    return next((row for row in rows if row.provenance.get("example_forecast") == shipped().origin), None)


def copy(scope: Scope, cache: PartialsCache) -> Prediction:
    """Copy the example forecast to a structure and a succeeded prediction of the owner. Nothing is simulated."""
    example = shipped()
    row = _row(example, _own_structure(scope, example).id)
    folder = arriving_folder(scope.session, scope.settings.prediction_dir(row.id))
    POWDER.write(folder / scope.settings.partials_path(row.id).name, read_partials(cache))
    return scope.add(row)


def _own_structure(scope: Scope, example: ExampleForecast) -> Structure:
    """Return the owner's copy of the example's structure, or make one."""
    wanted = (
        Structure.owner == scope.owner,
        col(Structure.hidden_at).is_(None),
        Structure.example == example.structure,
        Structure.sha256 == example.structure_sha256,
    )
    here = scope.session.exec(scope.select(Structure).where(*wanted).order_by(col(Structure.created_at))).first()
    return here or structures.add_example(scope, *read_structure(scope.settings))


def _row(example: ExampleForecast, structure_id: uuid.UUID) -> Prediction:
    return Prediction(
        structure_id=structure_id,
        potential_id=catalogue.pretrained()[example.potential_sha256].id,
        potential=example.potential,
        method=example.method,
        sampling=example.sampling,
        quality=example.quality,
        temperature_k=example.temperature_k,
        instruments=list(example.instruments),
        options=dict(example.options),
        status="succeeded",
        progress=1.0,
        warnings=list(example.warnings),
        provenance=example.provenance_of_copy,
        finished_at=utc_now(),
    )
