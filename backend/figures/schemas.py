"""Bodies of the figures' routes."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal, TypeVar

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from backend.comparisons.schemas import ComparisonIn, RankingIn, RefinementIn
from backend.figures.labels import LabelledView
from backend.kit.http.schemas import RequestBody
from backend.observing.schemas import RangeIn, ViewIn
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

ThemeName = Literal["light", "dark"]
EnergyUnit = Literal["meV", "cm-1"]
DensityWeights = Literal["states", "neutron"]
Kind = Literal["map", "spectrum", "zones"]
Arrangement = Literal["overlay", "stack", "difference"]
Normalisation = Literal["none", "maximum", "area"]
DatasetScale = Literal["fit", "maximum", "none"]


class Look(RequestBody):
    """Appearance of any figure."""

    theme: ThemeName = "light"
    energy_unit: EnergyUnit = "meV"
    scale: Literal["linear", "log"] = Field("linear", description="scale of the intensity")


class Style(Look):
    """Appearance of a figure of forecasts."""

    kind: Kind = Field("spectrum", description="zones: the cut of a path in each Brillouin zone")
    per_element: bool = Field(
        False, description="show the contribution of each element; if false, the contributions are hidden in the legend"
    )
    errors: bool = Field(True, description="show a band of one standard error if there are several runs")
    zoom_mev: RangeIn | None = Field(None, description="enlarged range of a spectrum; default bins are finer there")
    banks: bool = Field(False, description="show each detector bank; if false, the banks are hidden in the legend")
    offset: float = Field(
        0.0,
        ge=0,
        le=2,
        description="waterfall: offset of each curve from the one below, as a fraction of the largest intensity; on a "
        "logarithmic axis, of four decades",
    )
    arrangement: Arrangement = Field(
        "overlay",
        description="stack: each curve above the one before, by `offset` or, if that is 0, without overlap; "
        "difference: a panel below the spectra with each curve and the measured data minus the first curve",
    )
    normalise: Normalisation = Field(
        "none",
        description="maximum: equal maxima; area: equal areas over the energies that all curves have; the elastic line "
        "does not count",
    )
    peak_labels: bool = Field(False, description="show the energies of peaks, as many as fit without overlap")
    width_px: int = Field(900, ge=200, le=8000, description="width of the figure on the page, for the peak labels")
    height_px: int = Field(450, ge=150, le=8000, description="height of the figure on the page, for the peak labels")

    @property
    def finer_mev(self) -> tuple[float, float] | None:
        """Range of energy in which a spectrum has finer bins."""
        return (self.zoom_mev.min, self.zoom_mev.max) if self.zoom_mev and self.kind == "spectrum" else None


class StyleWithData(Style):
    """Appearance of a figure of forecasts and measured data."""

    dataset_ids: list[uuid.UUID] = Field(
        default_factory=list,
        max_length=24,
        description="measured data of powders: spectra over the spectrum, or a map beside the map and their difference",
    )
    dataset_scale: DatasetScale = Field(
        "fit",
        description="normalisation of measured spectra; fit: one factor by least squares to the forecast of their "
        "instrument (or the first forecast); maximum: equal maxima",
    )


class FigureIn(StyleWithData, ViewIn):
    """One view of one prediction."""

    @property
    def style(self) -> StyleWithData:
        """Return the part that describes the appearance."""
        return StyleWithData(**{name: getattr(self, name) for name in StyleWithData.model_fields})


class LabelledViewIn(ViewIn):
    """A view of a prediction in a figure of several views."""

    prediction_id: uuid.UUID
    label: str | None = Field(None, max_length=200, description="label in the legend; made from the view by default")
    colour: str | None = Field(
        None, pattern=r"^#[0-9a-fA-F]{6}$", description="colour of the curve; one of the theme by default"
    )

    def to_labelled(self) -> LabelledView:
        """Return the view in the types of the service."""
        return LabelledView(self.prediction_id, self.to_view(), self.label, self.colour)


ViewT = TypeVar("ViewT", bound=ViewIn)


def check_one_view(views: list[ViewT], others: ValidationInfo) -> list[ViewT]:
    """Check that a map has one view. `others` holds the kind of the figure.

    Raises
    ------
    ScatteringError
    """
    if others.data.get("kind") in ("map", "zones") and len(views) > 1:
        raise ScatteringError(Notice("several_views_of_map"))
    return views


class FiguresIn(StyleWithData):
    """Several views on the same axes; a map has one view."""

    views: list[LabelledViewIn] = Field(min_length=1, max_length=24)

    @field_validator("views")
    @classmethod
    def _one_map(cls, views: list[LabelledViewIn], others: ValidationInfo) -> list[LabelledViewIn]:
        return check_one_view(views, others)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "spectrum",
                    "views": [
                        {"prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c", "instrument": "TOSCA"},
                        {"prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c", "instrument": "MAPS"},
                    ],
                }
            ]
        }
    )


def _examples(kind: str, compared: type[RequestBody]) -> ConfigDict:
    """Return the examples of a comparison, with the kind of its figure."""
    schema = compared.model_config["json_schema_extra"]
    assert isinstance(schema, dict)
    examples = schema["examples"]
    assert isinstance(examples, list)
    return ConfigDict(
        json_schema_extra={"examples": [{"kind": kind, **one} for one in examples if isinstance(one, dict)]}
    )


class ComparisonFigureIn(Look, ComparisonIn):
    """A fit with its residual; for data over (|q|, ω), both maps and their difference."""

    kind: Literal["comparison"]

    model_config = _examples("comparison", ComparisonIn)


class RefinementFigureIn(Look, RefinementIn):
    """Effect of each correction, one above the other."""

    kind: Literal["refinement"]

    model_config = _examples("refinement", RefinementIn)


class RankingFigureIn(Look, RankingIn):
    """All candidates, the best first, with their residuals."""

    kind: Literal["ranking"]

    model_config = _examples("ranking", RankingIn)


ComparedFigureIn = Annotated[ComparisonFigureIn | RefinementFigureIn | RankingFigureIn, Field(discriminator="kind")]


class TrainingFigureIn(RequestBody):
    """Request for a figure of a training."""

    kind: Literal["loss", "parity", "dispersion", "dos"] = Field(examples=["loss"])
    theme: ThemeName = "light"
