"""Bodies of the plans' routes."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.observing.schemas import Correction, EnergyScale
from backend.predictions.schemas import Name
from backend.samples.schemas import SampleIn, SampleOut
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

FeatureEnergy = Annotated[float, Field(gt=0, le=5000)]
Basis = Literal["absolute", "calibrated", "relative"]
Verdict = Literal["resolved", "likely", "unlikely", "not resolved", "not reachable"]
Measure = Literal["peak", "intensity"]

MAX_SETTINGS = 6000
ANSWER_EXAMPLE = {
    "code": "answer_hours",
    "params": {
        "instrument": "TOSCA",
        "settings": {},
        "mass_g": 1.0,
        "thickness_mm": 1.2,
        "geometry": "plate",
        "missing_mev": [],
        "limits": [
            {"code": "cannot_resolve", "params": {"instrument": "MAPS", "low_mev": 36.5, "high_mev": 40.4}},
        ],
        "basis": "calibrated",
        "hours": 3.0,
        "hours_low": 2.0,
        "hours_high": 4.0,
    },
    "message": "TOSCA: 2–4 h for 1 g, 1.2 mm thick; MAPS cannot resolve 36.5 from 40.4 meV.",
}


class ScatteringIn(RequestBody):
    """A prediction and the view of its partials."""

    prediction_id: uuid.UUID
    isotopes: dict[Name, Name | dict[Name, float]] = Field(
        default_factory=dict, max_length=118, examples=[{"H": "2H"}], description="as in a view of a spectrum"
    )
    quantum_correction: Correction = "harmonic"
    energy_scale: EnergyScale = 1.0


class SettingIn(RequestBody):
    """An instrument with its settings."""

    instrument: Name
    settings: FreeForm = Field(default_factory=dict, description="missing settings have their defaults")


class TargetIn(RequestBody):
    """The goal of the measurement."""

    signal_to_noise: float = Field(
        20.0, gt=0, le=1e4, description="of each feature within its width: signal over the error of the counts"
    )
    q_slices: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="slices of |q|, each of which must reach that ratio; null: 40 in direct geometry, 1 in indirect",
    )
    source_power: float = Field(1.0, gt=0, le=5, description="fraction of the nominal source power (160 µA, 1 MW)")
    beam_current: float | None = Field(
        None, gt=0, le=1000, description="µA of protons; replaces source_power for instruments at ISIS"
    )
    background: float = Field(1.0, ge=0, le=100, description="factor on the assumed ambient background")


class ConstraintsIn(RequestBody):
    """Limits of the proposal."""

    facilities: list[Name] = Field(default_factory=list, max_length=8, examples=[["ISIS"]], description="empty: any")
    instruments: list[Name] = Field(default_factory=list, max_length=32, description="empty: any")
    beam_time_h: float | None = Field(None, gt=0, le=1e4, description="available beam time")


class CalibrationIn(RequestBody):
    """Measured counts that make the count rates of an instrument absolute: of a dataset, or of a standard."""

    dataset_id: uuid.UUID | None = Field(None, description="a dataset with known exposure and mass")
    prediction_id: uuid.UUID | None = Field(
        None, description="prediction for the sample of the dataset; null: that of the plan"
    )
    calibration_id: uuid.UUID | None = Field(
        None, description="counts of a standard, as `POST /instruments/{name}/calibrations` stored them"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.dataset_id is None) == (self.calibration_id is None):
            raise ScatteringError(Notice("calibration_source"))
        if self.calibration_id is not None and self.prediction_id is not None:
            raise ScatteringError(Notice("prediction_beside_calibration"))
        return self


class FeaturesIn(ScatteringIn):
    """Target features of a forecast."""

    features_mev: Literal["auto"] | Annotated[list[FeatureEnergy], Field(max_length=24)] = Field(
        "auto", description="target energies; auto: the peaks of the forecast"
    )
    pairs_mev: Literal["adjacent"] | Annotated[list[tuple[FeatureEnergy, FeatureEnergy]], Field(max_length=24)] = Field(
        "adjacent", description="pairs of features to resolve"
    )


class PlanIn(FeaturesIn):
    """A plan: target features, sample, settings, limits and goal."""

    sample: SampleIn = Field(default_factory=SampleIn)
    settings: Literal["scan"] | Annotated[list[SettingIn], Field(min_length=1, max_length=200)] = Field(
        "scan", description="scan: incident energies × chopper packages × frequencies of all instruments"
    )
    constraints: ConstraintsIn = Field(default_factory=ConstraintsIn)
    target: TargetIn = Field(default_factory=TargetIn)
    calibrations: list[CalibrationIn] = Field(default_factory=list, max_length=8)
    most: int = Field(40, ge=1, le=400, description="largest number of returned settings")
    all_tried: bool = Field(False, description="also return a short entry for every setting that measures a feature")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c",
                    "features_mev": [57.0, 62.0],
                    "sample": {"geometry": "plate", "mass_g": 5},
                    "settings": "scan",
                    "constraints": {"facilities": ["ISIS"], "beam_time_h": 48},
                    "target": {"signal_to_noise": 10},
                }
            ]
        }
    )


class DeuterationIn(PlanIn):
    """A plan, and the same plan with other isotopes."""

    instead: dict[Name, Name | dict[Name, float]] = Field(
        default={"H": "2H"}, min_length=1, max_length=118, description="isotopes of the other sample"
    )


class MeasurementIn(ScatteringIn):
    """A measurement to simulate."""

    sample: SampleIn = Field(default_factory=SampleIn)
    setting: SettingIn
    hours: float = Field(gt=0, le=1e5)
    target: TargetIn = Field(default_factory=TargetIn)
    calibrations: list[CalibrationIn] = Field(default_factory=list, max_length=8)
    bin_mev: float | None = Field(None, gt=0, le=100, description="null: a third of the finest resolution")
    seed: int = Field(1, ge=0, le=2**32 - 1)


class SheetIn(ScatteringIn):
    """The same sample on many instruments."""

    settings: list[SettingIn] = Field(
        default_factory=list, max_length=32, description="empty: every instrument, with settings that suit the sample"
    )
    features_mev: list[FeatureEnergy] = Field(default_factory=list, max_length=24, description="features to mark")


class FeatureOut(ResponseBody):
    """A target feature."""

    energy_mev: float
    source: Literal["found", "given"]
    measure: Measure = Field(description="signal: peak above its baseline, or all intensity")
    fwhm_mev: float = Field(description="width in the ideal S(q, ω), no instrument; 0: not resolved")
    energy_uncertainty_mev: float = Field(description="one standard deviation, mostly of the potential")
    elements: dict[str, float] = Field(description="element → fraction of the intensity")


class PairOut(ResponseBody):
    """Two features to resolve."""

    low_mev: float
    high_mev: float
    separation_mev: float


class FeatureAtOut(ResponseBody):
    """A feature, measured with one setting."""

    energy_mev: float
    reachable: bool
    why: str = Field(description="reason why it is not reachable; empty if it is")
    why_notice: NoticeOut | None = Field(description="the reason; null if it is reachable")
    fwhm_mev: float | None
    fwhm_uncertainty_mev: float | None
    signal_per_hour: float | None = Field(description="counts per hour; null: relative only")
    background_per_hour: float | None = Field(
        description="counts per hour under the feature: sample, container, ambient background"
    )
    hours: float | None = Field(
        description="hours until the requested signal-to-noise ratio; null: never, or relative only"
    )
    hours_low: float | None
    hours_high: float | None
    relative_time: float | None = Field(
        description="time relative to that of the fastest feature, if hours are not known"
    )
    counts: float | None = Field(description="counts of the signal after the hours of the setting")


class PairAtOut(ResponseBody):
    """A pair, measured with one setting."""

    low_mev: float
    high_mev: float
    separation_over_fwhm: float | None
    uncertainty: float | None = Field(description="standard deviation of that ratio, from resolution and potential")
    probability: float | None = Field(
        description="probability that the separation exceeds one FWHM; null: a feature is not reachable or not measured"
    )
    verdict: Verdict
    verdict_notice: NoticeOut


class SettingOut(ResponseBody):
    """An instrument with its settings, evaluated for the features."""

    rank: int = Field(description="rank; 1: the best")
    instrument: str
    facility: str
    settings: dict[str, Any]
    label: str = Field(examples=["MAPS, Eᵢ = 120 meV, chopper A, 400 Hz"])
    basis: Basis = Field(description="absolute, calibrated: hours estimated; relative: relative only")
    hours: float | None = Field(description="hours for all features; null: never, or relative only")
    hours_low: float | None
    hours_high: float | None
    resolution_percent: float | None = Field(description="FWHM over energy transfer, of the worst feature")
    n_features: int
    n_reachable: int = Field(description="features in the range of the setting")
    n_measured: int = Field(description="reachable features that are visible as peaks, and take less than 1000 h")
    n_pairs: int
    n_resolved: int = Field(
        description="number of pairs with the verdict resolved or likely; both features of each are measured"
    )
    tally: NoticeOut = Field(description="the numbers of features and pairs in one sentence")
    within_beam_time: bool | None = Field(description="null: no limit, or relative only")
    on_front: bool = Field(description="on the Pareto front of resolution and hours")
    features: list[FeatureAtOut]
    pairs: list[PairAtOut]
    rests_on: list[str] = Field(description="sources of the numbers, with their uncertainties")
    rests_on_notices: list[NoticeOut]
    explanation: str | None = Field(description="reasons for the rank, for the best three")
    explanation_notices: list[NoticeOut] = Field(
        description="the explanation, one notice for each sentence; empty for the others"
    )


class FrontPointOut(ResponseBody):
    """A tried setting, in short, for a figure of all settings."""

    instrument: str
    label: str
    hours: float | None
    resolution_percent: float | None
    n_measured: int
    n_resolved: int
    on_front: bool


class PlanOut(ResponseBody):
    """Ranked settings."""

    answer: NoticeOut = Field(
        description="the plan in one sentence: best setting, hours, sample, limits of other instruments",
        examples=[ANSWER_EXAMPLE],
    )
    features: list[FeatureOut]
    pairs: list[PairOut]
    sample: SampleOut
    ranked: list[SettingOut] = Field(description="the best first")
    tried: list[FrontPointOut] = Field(description="all settings that measure a feature, if requested")
    n_settings: int = Field(description="number of tried settings")
    seconds: float
    energy_relative_uncertainty: float = Field(
        description="relative standard deviation of the energies of the forecast"
    )
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class PlannedFeaturesOut(ResponseBody):
    """Features and pairs of the ideal S(q, ω), no instrument."""

    features: list[FeatureOut]
    pairs: list[PairOut]
    energy_mev: list[float]
    intensity: list[float] = Field(description="ideal S(q, ω), no instrument; barn/(sr meV) per atom")
    search_fwhm_mev: list[float] = Field(
        description="FWHM at each energy with which features are searched: the simulation, or the best instrument, "
        "resolves nothing narrower"
    )
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class DeuterationOut(ResponseBody):
    """Plans of both samples."""

    as_planned: PlanOut
    instead: PlanOut
    energy_mev: list[float]
    intensity: list[float] = Field(description="ideal S(q, ω) of the sample as planned; barn/(sr meV) per atom")
    intensity_instead: list[float]
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class MeasurementOut(ResponseBody):
    """A simulated measurement: Poisson counts in energy bins, all detectors together."""

    label: str
    basis: Basis
    hours: float
    energy_mev: list[float]
    counts: list[int]
    standard_error: list[float] = Field(description="√(counts); 1 for 0 counts")
    expected: list[float] = Field(description="counts of sample and background, without noise")
    background: list[float] = Field(description="expected counts of container and ambient background")
    unit: str = Field(examples=["counts per 0.5 meV in 12 h"])
    rests_on: list[str]
    rests_on_notices: list[NoticeOut]
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class _Figure(RequestBody):
    theme: Literal["light", "dark"] = "light"
    energy_unit: Literal["meV", "cm-1"] = "meV"


class FrontFigureIn(_Figure, PlanIn):
    """Resolution against hours of all tried settings."""

    kind: Literal["front"]


class MeasurementFigureIn(_Figure, MeasurementIn):
    """A simulated measurement with its error bars."""

    kind: Literal["measurement"]


class SheetFigureIn(_Figure, SheetIn):
    """The sample on all instruments: small multiples of map, window and spectrum."""

    kind: Literal["sheet"]
    width_px: float = Field(
        1100.0, ge=200, le=8000, description="width of the figure on the page: a narrow one has fewer columns"
    )


class FeaturesFigureIn(_Figure, FeaturesIn):
    """Spectrum of the ideal S(q, ω) with the features marked."""

    kind: Literal["features"]


class DeuterationFigureIn(_Figure, DeuterationIn):
    """Spectra of both samples with the best setting of the first."""

    kind: Literal["deuteration"]


PlanFigureIn = Annotated[
    FrontFigureIn | MeasurementFigureIn | SheetFigureIn | FeaturesFigureIn | DeuterationFigureIn,
    Field(discriminator="kind"),
]
