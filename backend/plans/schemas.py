"""Bodies of the plans' routes."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.observing.schemas import Correction
from backend.predictions.schemas import Name
from backend.samples.schemas import SampleIn, SampleOut

FeatureEnergy = Annotated[float, Field(gt=0, le=5000)]
Basis = Literal["absolute", "calibrated", "relative"]
Verdict = Literal["resolved", "likely", "unlikely", "not resolved", "not reachable"]
Measure = Literal["peak", "intensity"]

MAX_SETTINGS = 6000


class ScatteringIn(RequestBody):
    """A prediction, and how its partials are viewed."""

    prediction_id: uuid.UUID
    isotopes: dict[Name, Name | dict[Name, float]] = Field(
        default_factory=dict, max_length=118, examples=[{"H": "2H"}], description="as of a spectrum"
    )
    quantum_correction: Correction = "harmonic"
    energy_scale: float = Field(1.0, ge=0.5, le=2.0)


class SettingIn(RequestBody):
    """An instrument with its settings."""

    instrument: Name
    settings: FreeForm = Field(default_factory=dict, description="those left out take their defaults")


class TargetIn(RequestBody):
    """The goal of the measurement."""

    signal_to_noise: float = Field(
        20.0, gt=0, le=1e4, description="of each feature within its width: signal over the error of the counts"
    )
    q_slices: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="slices of |q|, each of which must reach it; null: 40 in direct geometry, 1 in indirect",
    )
    source_power: float = Field(
        1.0, gt=0, le=5, description="fraction of the nominal power that fluxes are stated for (160 µA, 1 MW)"
    )
    beam_current: float | None = Field(
        None, gt=0, le=1000, description="µA of protons at ISIS; in place of source_power for its instruments"
    )
    background: float = Field(1.0, ge=0, le=100, description="multiplies the assumed ambient background")


class ConstraintsIn(RequestBody):
    """Limits of the proposal."""

    facilities: list[Name] = Field(default_factory=list, max_length=8, examples=[["ISIS"]], description="empty: any")
    instruments: list[Name] = Field(default_factory=list, max_length=32, description="empty: any")
    beam_time_h: float | None = Field(None, gt=0, le=1e4, description="available beam time")


class CalibrationIn(RequestBody):
    """One of the user's own datasets, of known exposure and mass: it makes the rates of its instrument absolute."""

    dataset_id: uuid.UUID
    prediction_id: uuid.UUID | None = Field(None, description="of the sample of the data; null: that of the plan")


class FeaturesIn(ScatteringIn):
    """Target features of a forecast, found or given."""

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
    most: int = Field(40, ge=1, le=400, description="of the ranked settings, that are returned")
    all_tried: bool = Field(False, description="also return, in short, every setting that measures a feature")

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
    """The same with another isotope."""

    instead: dict[Name, Name | dict[Name, float]] = Field(
        default={"H": "2H"}, min_length=1, max_length=118, description="isotopes of the other sample"
    )


class MeasurementIn(ScatteringIn):
    """A measurement to be simulated."""

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
        default_factory=list, max_length=32, description="empty: every instrument, set to suit the sample"
    )
    features_mev: list[FeatureEnergy] = Field(default_factory=list, max_length=24, description="marked in each")


class FeatureOut(ResponseBody):
    """A target feature."""

    energy_mev: float
    source: Literal["found", "given"]
    measure: Measure = Field(description="signal: the peak above its baseline, or all intensity")
    fwhm_mev: float = Field(description="of the sample itself, without an instrument; 0: narrower than is known")
    energy_uncertainty_mev: float = Field(description="one standard deviation, mostly of the potential")
    elements: dict[str, float] = Field(description="element → fraction of the intensity")


class PairOut(ResponseBody):
    """Two features to resolve."""

    low_mev: float
    high_mev: float
    separation_mev: float


class FeatureAtOut(ResponseBody):
    """A feature on an instrument with its settings."""

    energy_mev: float
    reachable: bool
    why: str = Field(description="why it is not; empty where it is")
    why_notice: NoticeOut | None = Field(description="the same; null where it is reachable")
    fwhm_mev: float | None
    fwhm_uncertainty_mev: float | None
    signal_per_hour: float | None = Field(description="counts; null: only relative numbers are known")
    background_per_hour: float | None = Field(description="counts under it: sample, container, ambient background")
    hours: float | None = Field(description="for the signal to noise asked for; null: never, or only relative")
    hours_low: float | None
    hours_high: float | None
    relative_time: float | None = Field(description="where hours are not known; 1: the quickest of the features")
    counts: float | None = Field(description="signal after the setting's hours")


class PairAtOut(ResponseBody):
    """A pair on an instrument with its settings."""

    low_mev: float
    high_mev: float
    separation_over_fwhm: float | None
    uncertainty: float | None = Field(description="of that ratio: resolution and potential")
    probability: float | None = Field(description="that the separation exceeds one full width at half maximum")
    verdict: Verdict
    verdict_notice: NoticeOut


class SettingOut(ResponseBody):
    """An instrument with its settings, evaluated for the features."""

    rank: int = Field(description="1: the best")
    instrument: str
    facility: str
    settings: dict[str, Any]
    label: str = Field(examples=["MAPS, Eᵢ = 120 meV, chopper A, 400 Hz"])
    basis: Basis = Field(description="absolute, calibrated: hours estimated; relative: relative only")
    hours: float | None = Field(description="for all features; null: never, or only relative")
    hours_low: float | None
    hours_high: float | None
    resolution_percent: float | None = Field(description="FWHM over energy transfer, of the worst feature")
    n_reachable: int
    n_resolved: int = Field(description="of the pairs, resolved or likely")
    within_beam_time: bool | None = Field(description="null: no limit, or only relative")
    on_front: bool = Field(description="on the Pareto front of resolution and hours")
    features: list[FeatureAtOut]
    pairs: list[PairAtOut]
    rests_on: list[str] = Field(description="where the numbers come from, with their uncertainties")
    rests_on_notices: list[NoticeOut]
    explanation: str | None = Field(description="of the best three: why")
    explanation_notices: list[NoticeOut] = Field(description="the same, a notice a sentence; empty for the others")


class FrontPointOut(ResponseBody):
    """One setting that was tried, for a figure of all."""

    instrument: str
    label: str
    hours: float | None
    resolution_percent: float | None
    n_resolved: int
    on_front: bool


class PlanOut(ResponseBody):
    """Ranked settings."""

    features: list[FeatureOut]
    pairs: list[PairOut]
    sample: SampleOut
    ranked: list[SettingOut] = Field(description="the best first")
    tried: list[FrontPointOut] = Field(description="all settings that measure a feature, if asked for")
    n_settings: int = Field(description="that were tried")
    seconds: float
    energy_relative_uncertainty: float = Field(description="of the forecast's energies, one standard deviation")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class PlannedFeaturesOut(ResponseBody):
    """Features and pairs, before any instrument."""

    features: list[FeatureOut]
    pairs: list[PairOut]
    energy_mev: list[float]
    intensity: list[float] = Field(description="of the sample itself, barn/(sr meV) per atom")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class DeuterationOut(ResponseBody):
    """Plans of both samples."""

    as_planned: PlanOut
    instead: PlanOut
    energy_mev: list[float]
    intensity: list[float] = Field(description="of the sample as planned, barn/(sr meV) per atom")
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
    standard_error: list[float] = Field(description="√(counts), 1 where there are none")
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
    """Resolution against hours of all settings tried."""

    kind: Literal["front"]


class MeasurementFigureIn(_Figure, MeasurementIn):
    """A simulated measurement with its error bars."""

    kind: Literal["measurement"]


class SheetFigureIn(_Figure, SheetIn):
    """The sample on all instruments: small multiples of map, window and spectrum."""

    kind: Literal["sheet"]


class FeaturesFigureIn(_Figure, FeaturesIn):
    """The sample's own spectrum with the features marked."""

    kind: Literal["features"]


class DeuterationFigureIn(_Figure, DeuterationIn):
    """Both samples on the best setting of the first."""

    kind: Literal["deuteration"]


PlanFigureIn = Annotated[
    FrontFigureIn | MeasurementFigureIn | SheetFigureIn | FeaturesFigureIn | DeuterationFigureIn,
    Field(discriminator="kind"),
]
