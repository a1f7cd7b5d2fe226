"""Bodies of the comparisons' routes."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, field_validator

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import RequestBody, ResponseBody
from backend.observing.schemas import ViewIn
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

if TYPE_CHECKING:
    from backend.comparisons.requests import ComparisonRequest, PeaksRequest, RankingRequest
    from scattering.measured.comparison.fit import FitOptions

Background = Literal["none", "constant", "linear"]
EnergyMeV = Annotated[float, Field(ge=-1e4, le=1e4)]
MAX_CANDIDATES = 24

_PREDICTION = "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c"
_OTHER = "0b0f8f4e-25c6-4f0a-8a51-5d3a0a2f9c11"
_DATASET = "9a7b1c52-7a0c-4d0e-8f6e-3f1f0c6a4d21"
_FIT: dict[str, JsonValue] = {"scale": True, "shift": True, "range_mev": [50, 200]}


class FitIn(RequestBody):
    """What of the forecast may be adjusted to the data, by weighted least squares in the data's own bins."""

    scale: bool = Field(True, description="one factor")
    shift: bool = Field(False, description="of the forecast's energies, in meV")
    stretch: bool = Field(False, description="a factor on the forecast's energies, applied before the shift")
    background: Background = Field("none", description="linear: about the middle of what is fitted")
    extra_width: bool = Field(False, description="a Gaussian on top of the resolution")
    range_mev: tuple[EnergyMeV, EnergyMeV] | None = Field(
        None, description="of the data that are fitted; null: all that the forecast reaches, but the elastic line"
    )

    @field_validator("range_mev")
    @classmethod
    def _ascending(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ScatteringError(Notice("disordered_energies"))
        return value

    def to_options(self) -> FitOptions:
        """Return the physics' own form of what is fitted."""
        from scattering.measured.comparison.fit import FitOptions

        return FitOptions(**self.model_dump())


class ViewedIn(RequestBody):
    """A prediction, how to look at it, and the measured data beside it."""

    prediction_id: uuid.UUID = Field(description="of a powder, succeeded")
    view: ViewIn = Field(
        default_factory=ViewIn,
        description="its `energy_mev` is not used: the forecast is worked out on a grid that suits the data",
    )
    dataset_id: uuid.UUID
    fit: FitIn = Field(default_factory=FitIn)
    follow_dataset: bool = Field(
        True,
        description="the view takes the dataset's instrument, settings and isotopes where it names none itself",
    )

    def to_request(self) -> ComparisonRequest:
        """Return what the service takes."""
        from backend.comparisons.requests import ComparisonRequest

        return ComparisonRequest(**self._asked())

    def _asked(self) -> dict[str, Any]:
        return {
            "prediction_id": self.prediction_id,
            "dataset_id": self.dataset_id,
            "view": self.view.to_view(),
            "fit": self.fit.to_options(),
            "follow_dataset": self.follow_dataset,
        }


class ComparisonIn(ViewedIn):
    """One forecast against one dataset."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prediction_id": _PREDICTION, "view": {"instrument": "TOSCA"}, "dataset_id": _DATASET, "fit": _FIT}
            ]
        }
    )


class RefinementIn(ViewedIn):
    """One forecast against one dataset, stage by stage."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prediction_id": _PREDICTION, "view": {}, "dataset_id": _DATASET}]}
    )


class PeaksIn(ViewedIn):
    """One forecast's peaks against those of one dataset."""

    tolerance_mev: Annotated[float, Field(gt=0, le=1e3)] | None = Field(
        None, description="how far apart two peaks may be and still be the same; null: chosen from resolution and peaks"
    )
    prominence: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="of the smallest peak, as a share of the largest intensity; null: chosen from the noise"
    )

    def to_request(self) -> PeaksRequest:
        """Return what the service takes."""
        from backend.comparisons.requests import PeaksRequest

        return PeaksRequest(**self._asked(), tolerance_mev=self.tolerance_mev, prominence=self.prominence)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prediction_id": _PREDICTION, "view": {}, "dataset_id": _DATASET, "tolerance_mev": 30},
            ]
        }
    )


class CandidateIn(RequestBody):
    """One of the forecasts that are ranked."""

    prediction_id: uuid.UUID
    view: ViewIn = Field(default_factory=ViewIn, description="as in a comparison")
    label: str | None = Field(
        None, max_length=200, description="by default the structure, the potential, the method and the temperature"
    )


class RankingIn(RequestBody):
    """Several forecasts (phases, compositions, potentials) against one dataset."""

    dataset_id: uuid.UUID
    candidates: list[CandidateIn] = Field(min_length=1, max_length=MAX_CANDIDATES)
    fit: FitIn = Field(default_factory=FitIn)
    follow_dataset: bool = Field(True, description="as in a comparison, for every candidate")

    def to_request(self) -> RankingRequest:
        """Return what the service takes."""
        from backend.comparisons.requests import Candidate, RankingRequest

        candidates = tuple(Candidate(one.prediction_id, one.view.to_view(), one.label) for one in self.candidates)
        return RankingRequest(self.dataset_id, candidates, self.fit.to_options(), self.follow_dataset)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dataset_id": _DATASET,
                    "candidates": [
                        {"prediction_id": _PREDICTION, "label": "cubic"},
                        {"prediction_id": _OTHER, "label": "hexagonal"},
                    ],
                    "fit": _FIT,
                }
            ]
        }
    )


class GoodnessOut(ResponseBody):
    """How well a fitted forecast and the data agree; null where a number means nothing."""

    chi2_reduced: float | None = Field(description="χ² per degree of freedom; null: the data have no errors")
    r_factor: float | None = Field(description="Σ|y − m| / Σ|y|")
    r_weighted: float | None = Field(description="√(Σw(y − m)² / Σwy²); null: the data have no errors")
    correlation: float | None = Field(description="of measured and forecast intensities, −1 to 1")
    n_points: int = Field(description="bins of the data that were counted")
    n_parameters: int = Field(description="that were fitted")


class CorrelationsOut(ResponseBody):
    """Correlations of the parameters that were fitted."""

    parameters: list[str]
    matrix: list[list[float | None]]


class FitNumbersOut(GoodnessOut):
    """What a fit found; the goodness is that in the fitted range."""

    scale: float | None
    shift_mev: float | None
    stretch: float | None
    background: float | None
    background_slope_per_mev: float | None
    extra_fwhm_mev: float | None
    standard_errors: dict[str, float | None] = Field(
        description="of the parameters that were fitted; null: the data do not determine it",
        examples=[{"scale": 0.013, "shift_mev": 0.08}],
    )
    correlations: CorrelationsOut
    everywhere: GoodnessOut = Field(description="wherever there are both data and forecast, also outside the range")
    range_mev: tuple[float, float] = Field(description="that was fitted")


class CurveOut(ResponseBody):
    """Arrays for drawing, one value for each bin of the data."""

    energy_mev: list[float]
    measured: list[float]
    standard_error: list[float | None] | None
    forecast: list[float | None] = Field(description="fitted, with its background; null where it does not reach")
    background: list[float | None]


class ComparedMapOut(ResponseBody):
    """Measured and forecast intensity in the data's own bins, and the difference; null where one of them is not."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    measured: list[list[float | None]]
    forecast: list[list[float | None]]
    difference: list[list[float | None]] = Field(description="measured − forecast")


class ComparisonOut(FitNumbersOut):
    """How well a forecast and a dataset agree."""

    curve: CurveOut | None = Field(description="null of a map")
    residual: list[float | None] | None = Field(
        description="measured − forecast in standard deviations, or in units of the scatter where there are none"
    )
    in_fit: list[bool] | None = Field(description="which bins were fitted")
    map: ComparedMapOut | None = Field(description="of data over (|q|, ω)")
    view: ViewIn = Field(description="the view that was used, with the grid that the forecast is on")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class RankedOut(FitNumbersOut):
    """A candidate in its place."""

    prediction_id: uuid.UUID
    label: str
    rank: int = Field(description="1 is the best")
    worse_by: float | None = Field(description="than the best, see `measure`; 0 of the best")
    probability_worse: float | None = Field(
        description="that it is really worse than the best, as far as noise tells; null of the best itself"
    )
    view: ViewIn


class RankingOut(ResponseBody):
    """Which of the candidates agrees best."""

    ranked: list[RankedOut] = Field(description="the best first")
    measure: Literal["chi2", "variance"] = Field(
        description="what `worse_by` is: the difference of χ², or where the data have no errors the difference of the "
        "residual variance as a share of the best's"
    )
    caution: str | None = Field(description="reasons not to rely on the order")
    caution_notices: list[NoticeOut] = Field(description="the same as codes with parameters")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class MeasuredPeakOut(ResponseBody):
    """A peak of the data."""

    measured_mev: float
    measured_error_mev: float | None
    measured_fwhm_mev: float | None
    measured_height: float | None


class ForecastPeakOut(ResponseBody):
    """A peak of the forecast."""

    forecast_mev: float = Field(description="as it is forecast, neither shifted nor stretched by the fit")
    forecast_fitted_mev: float | None = Field(description="where the fit's shift and stretch put it")
    forecast_fwhm_mev: float | None
    forecast_height: float | None = Field(description="times the fitted scale, in the data's unit")
    elements: dict[str, float | None] = Field(
        description="share of each element, or site, in the forecast's intensity there", examples=[{"H": 0.97}]
    )
    orders: dict[str, float | None] | None = Field(
        description="share of 1, 2 and more phonons; null: not known", examples=[{"1": 0.8, "2": 0.15, "3+": 0.05}]
    )


class PeakPairOut(MeasuredPeakOut, ForecastPeakOut):
    """The same peak, measured and forecast."""

    difference_mev: float = Field(
        description="forecast − measured: below 0, the forecast lies too low (a potential that is too soft)"
    )


class PeaksOut(ResponseBody):
    """Peaks of both, matched."""

    pairs: list[PeakPairOut]
    only_measured: list[MeasuredPeakOut] = Field(description="no forecast peak belongs to them")
    only_forecast: list[ForecastPeakOut] = Field(description="no measured peak belongs to them, though there are data")
    tolerance_mev: float = Field(description="the largest difference that was allowed anywhere")
    range_mev: tuple[float, float] = Field(description="in which peaks were looked for")
    orders_from: uuid.UUID | None = Field(
        description="the harmonic prediction that tells the orders: this one, or else the newest of the same structure "
        "and potential; null: there is none"
    )
    view: ViewIn
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class StageOut(FitNumbersOut):
    """The forecast with the corrections up to this stage."""

    name: str = Field(examples=["instrument"])
    title: str
    title_notice: NoticeOut
    words: str = Field(description="the effect that this stage adds")
    words_notice: NoticeOut
    view: ViewIn
    curve: CurveOut


class RefinementOut(ResponseBody):
    """From the raw forecast to what the instrument records."""

    stages: list[StageOut]
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
