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
    """Parameters that are fitted to the data, by weighted least squares in the bins of the data."""

    scale: bool = Field(True, description="fit one factor on the forecast")
    shift: bool = Field(False, description="fit a shift of the energies of the forecast, in meV")
    stretch: bool = Field(False, description="fit a factor on the energies of the forecast, applied before the shift")
    background: Background = Field("none", description="linear: about the middle of the fitted range")
    extra_width: bool = Field(False, description="fit the width of a Gaussian in addition to the resolution")
    range_mev: tuple[EnergyMeV, EnergyMeV] | None = Field(
        None, description="range of the fitted data; null: the whole range of the forecast, except the elastic line"
    )

    @field_validator("range_mev")
    @classmethod
    def _ascending(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ScatteringError(Notice("disordered_energies"))
        return value

    def to_options(self) -> FitOptions:
        """Return the options of the fit."""
        from scattering.measured.comparison.fit import FitOptions

        return FitOptions(**self.model_dump())


class ViewedIn(RequestBody):
    """A prediction, its view, and the measured data."""

    prediction_id: uuid.UUID = Field(description="succeeded prediction for a powder")
    view: ViewIn = Field(
        default_factory=ViewIn,
        description="its `energy_mev` is not used: the forecast is calculated on a grid that suits the data",
    )
    dataset_id: uuid.UUID
    fit: FitIn = Field(default_factory=FitIn)
    follow_dataset: bool = Field(
        True,
        description="the view takes instrument, settings and isotopes from the dataset if it states none itself",
    )

    def to_request(self) -> ComparisonRequest:
        """Return the request in the types of the service."""
        from backend.comparisons.requests import ComparisonRequest

        return ComparisonRequest(**self._request_fields())

    def _request_fields(self) -> dict[str, Any]:
        return {
            "prediction_id": self.prediction_id,
            "dataset_id": self.dataset_id,
            "view": self.view.to_view(),
            "fit": self.fit.to_options(),
            "follow_dataset": self.follow_dataset,
        }


class ComparisonIn(ViewedIn):
    """Comparison of one forecast with one dataset."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prediction_id": _PREDICTION, "view": {"instrument": "TOSCA"}, "dataset_id": _DATASET, "fit": _FIT}
            ]
        }
    )


class RefinementIn(ViewedIn):
    """Comparison of one forecast with one dataset, with the effect of each correction."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prediction_id": _PREDICTION, "view": {}, "dataset_id": _DATASET}]}
    )


class PeaksIn(ViewedIn):
    """Comparison of the peaks of one forecast with the peaks of one dataset."""

    tolerance_mev: Annotated[float, Field(gt=0, le=1e3)] | None = Field(
        None,
        description="peak-matching tolerance: largest distance of two matching peaks; null: chosen from resolution and "
        "peaks",
    )
    prominence: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="prominence of the smallest peak, as a fraction of the largest intensity; null: chosen from the "
        "noise",
    )

    def to_request(self) -> PeaksRequest:
        """Return the request in the types of the service."""
        from backend.comparisons.requests import PeaksRequest

        return PeaksRequest(**self._request_fields(), tolerance_mev=self.tolerance_mev, prominence=self.prominence)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"prediction_id": _PREDICTION, "view": {}, "dataset_id": _DATASET, "tolerance_mev": 30},
            ]
        }
    )


class CandidateIn(RequestBody):
    """One of the ranked forecasts."""

    prediction_id: uuid.UUID
    view: ViewIn = Field(default_factory=ViewIn, description="as in a comparison")
    label: str | None = Field(
        None, max_length=200, description="by default the structure, the potential, the method and the temperature"
    )


class RankingIn(RequestBody):
    """Ranking of several forecasts (phases, compositions, potentials) by their agreement with one dataset."""

    dataset_id: uuid.UUID
    candidates: list[CandidateIn] = Field(min_length=1, max_length=MAX_CANDIDATES)
    fit: FitIn = Field(default_factory=FitIn)
    follow_dataset: bool = Field(True, description="as in a comparison, for every candidate")

    def to_request(self) -> RankingRequest:
        """Return the request in the types of the service."""
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
    """Agreement of a fitted forecast with the data; null where a number is not defined."""

    chi2_reduced: float | None = Field(description="χ² per degree of freedom; null: the data have no errors")
    r_factor: float | None = Field(description="Σ|y − m| / Σ|y|")
    r_weighted: float | None = Field(description="√(Σw(y − m)² / Σwy²); null: the data have no errors")
    correlation: float | None = Field(description="correlation of measured and forecast intensities, −1 to 1")
    n_points: int = Field(description="number of compared bins")
    n_parameters: int = Field(description="number of fitted parameters")


class CorrelationsOut(ResponseBody):
    """Correlations of the fitted parameters."""

    parameters: list[str]
    matrix: list[list[float | None]]


class FitNumbersOut(GoodnessOut):
    """Result of a fit; its goodness is that in the fitted range."""

    scale: float | None
    shift_mev: float | None
    stretch: float | None
    background: float | None
    background_slope_per_mev: float | None
    extra_fwhm_mev: float | None
    standard_errors: dict[str, float | None] = Field(
        description="standard errors of the fitted parameters; null: not determined by the data",
        examples=[{"scale": 0.013, "shift_mev": 0.08}],
    )
    correlations: CorrelationsOut
    everywhere: GoodnessOut = Field(
        description="goodness wherever there are both data and forecast, also outside the range"
    )
    range_mev: tuple[float, float] = Field(description="fitted range")


class CurveOut(ResponseBody):
    """Arrays for drawing, one value for each bin of the data."""

    energy_mev: list[float]
    measured: list[float]
    standard_error: list[float | None] | None
    forecast: list[float | None] = Field(description="fitted forecast with its background; null outside its range")
    background: list[float | None]


class ComparedMapOut(ResponseBody):
    """Measured and forecast intensity in the bins of the data, and their difference; null where one is missing."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    measured: list[list[float | None]]
    forecast: list[list[float | None]]
    difference: list[list[float | None]] = Field(description="measured − forecast")


class ComparisonOut(FitNumbersOut):
    """Agreement of a forecast with a dataset."""

    curve: CurveOut | None = Field(description="null for a map")
    residual: list[float | None] | None = Field(
        description="measured − forecast, in standard deviations, or in units of the scatter if there are no errors"
    )
    in_fit: list[bool] | None = Field(description="for each bin, whether it was fitted")
    map: ComparedMapOut | None = Field(description="for data over (|q|, ω)")
    view: ViewIn = Field(description="the used view, with the energy grid of the forecast")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class RankedOut(FitNumbersOut):
    """A candidate with its rank."""

    prediction_id: uuid.UUID
    label: str
    rank: int = Field(description="rank; 1: the best")
    worse_by: float | None = Field(description="difference from the best, see `measure`; 0 for the best")
    probability_worse: float | None = Field(
        description="probability that it is worse than the best, in view of the noise; null for the best"
    )
    view: ViewIn


class RankingOut(ResponseBody):
    """Ranking of the candidates by their agreement with the data."""

    ranked: list[RankedOut] = Field(description="the best first")
    measure: Literal["chi2", "variance"] = Field(
        description="meaning of `worse_by`: chi2: Δχ²; variance, for data without errors: difference of the residual "
        "variance, as a fraction of that of the best"
    )
    caution: str | None = Field(description="reasons not to rely on the order")
    caution_notices: list[NoticeOut] = Field(description="the caution as codes with parameters")
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

    forecast_mev: float = Field(description="energy in the forecast, neither shifted nor stretched by the fit")
    forecast_fitted_mev: float | None = Field(description="energy after the shift and stretch of the fit")
    forecast_fwhm_mev: float | None
    forecast_height: float | None = Field(description="height times the fitted scale, in the unit of the data")
    elements: dict[str, float | None] = Field(
        description="contributing elements or sites: fraction of the intensity of the forecast", examples=[{"H": 0.97}]
    )
    orders: dict[str, float | None] | None = Field(
        description="contributions of 1, 2 and more phonons, as fractions; null: not known",
        examples=[{"1": 0.8, "2": 0.15, "3+": 0.05}],
    )


class PeakPairOut(MeasuredPeakOut, ForecastPeakOut):
    """A measured peak and its matching forecast peak."""

    difference_mev: float = Field(
        description="forecast − measured; below 0: the forecast is too low (the potential is too soft)"
    )


class PeaksOut(ResponseBody):
    """Matched peaks of data and forecast."""

    pairs: list[PeakPairOut]
    only_measured: list[MeasuredPeakOut] = Field(description="measured peaks without a matching forecast peak")
    only_forecast: list[ForecastPeakOut] = Field(
        description="forecast peaks without a matching measured peak, where there are data"
    )
    tolerance_mev: float = Field(description="largest tolerance within the range")
    range_mev: tuple[float, float] = Field(description="searched range")
    orders_from: uuid.UUID | None = Field(
        description="source of the orders: this prediction, or the newest harmonic one of the same structure and "
        "potential; null: none"
    )
    view: ViewIn
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class StageOut(FitNumbersOut):
    """The forecast with the corrections up to this stage."""

    name: str = Field(examples=["instrument"])
    title: str
    title_notice: NoticeOut
    words: str = Field(description="effect of this correction")
    words_notice: NoticeOut
    view: ViewIn
    curve: CurveOut


class RefinementOut(ResponseBody):
    """Effect of each correction, from the uncorrected forecast to the one with all corrections."""

    stages: list[StageOut]
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
