"""Bodies of the routes of samples."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.predictions.schemas import Name

Form = Literal["powder", "single crystal"]
Geometry = Literal["plate", "annulus", "cylinder"]
ContainerMaterial = Literal["none", "aluminium", "vanadium"]


class ContainerIn(RequestBody):
    """The container of the sample."""

    material: ContainerMaterial = "aluminium"
    wall_mm: float = Field(0.2, ge=1e-3, le=10, description="thickness of each wall that the beam crosses")


class SampleIn(RequestBody):
    """The sample in the beam. The first given of thickness, mass, volume and percentage defines its amount."""

    form: Form = "powder"
    geometry: Geometry = "plate"
    thickness_mm: float | None = Field(
        None, ge=1e-4, le=200, description="thickness of a plate or of the wall of an annulus; diameter of a cylinder"
    )
    mass_g: float | None = Field(None, ge=1e-6, le=1e4)
    volume_cm3: float | None = Field(None, ge=1e-6, le=1e4, description="volume of the sample with its voids")
    scatterer_percent: float = Field(
        10.0,
        ge=0.01,
        le=60,
        description="scattered percentage of the beam; it defines the amount if thickness, mass and volume are null",
    )
    width_mm: float = Field(40.0, ge=0.1, le=500, description="width across the beam; outer diameter of an annulus")
    height_mm: float = Field(40.0, ge=0.1, le=500)
    packing: float = Field(
        1.0, ge=0.01, le=1, description="packing fraction: filled part of the volume; about 0.6 for a loose powder"
    )
    density_g_cm3: float | None = Field(
        None, ge=1e-3, le=30, description="density of the solid; null: density of the crystal"
    )
    container: ContainerIn = Field(default_factory=ContainerIn)

    model_config = ConfigDict(json_schema_extra={"examples": [{"geometry": "plate", "mass_g": 5}]})


class IrradiationIn(RequestBody):
    """Flux and irradiation time."""

    hours: float = Field(24.0, ge=1e-3, le=1e4)
    flux_n_cm2_s: float | None = Field(None, ge=1, le=1e16, description="null: flux of the instrument, or 1e7")


class AdviceIn(RequestBody):
    """A sample of a structure, on an instrument."""

    sample: SampleIn = Field(default_factory=SampleIn)
    isotopes: dict[Name, Name | dict[Name, float]] = Field(default_factory=dict, max_length=118)
    instrument: Name | None = None
    settings: FreeForm = Field(default_factory=dict)
    irradiation: IrradiationIn = Field(default_factory=IrradiationIn)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sample": {"geometry": "plate", "mass_g": 2}, "isotopes": {"H": "2H"}, "instrument": "TOSCA"}]
        }
    )


class NuclideOut(ResponseBody):
    """A nuclide that the beam makes."""

    nuclide: str = Field(examples=["Al-28"])
    half_life: str = Field(examples=["2.25 m"])
    activity_uci: dict[str, float] = Field(description="hours after the beam → µCi")


class ActivationOut(ResponseBody):
    """Activation of sample and container."""

    flux_n_cm2_s: float
    hours: float
    total_uci: dict[str, float] = Field(description="hours after the beam → µCi, all nuclides")
    cool_down_h: float | None = Field(
        description="hours until the activity is below 0.001 µCi; null: more than ten years"
    )
    nuclides: list[NuclideOut] = Field(description="the most active first")


class SampleOut(ResponseBody):
    """The sample with its thickness, mass and cross-sections."""

    formula: str = Field(description="with isotopes", examples=["C6D6"])
    form: Form
    geometry: Geometry
    thickness_mm: float
    width_mm: float
    height_mm: float
    mass_g: float
    volume_cm3: float
    density_g_cm3: float = Field(description="density of the solid")
    packing: float
    molar_mass_g: float
    moles: float
    scattering_barn: float = Field(description="bound cross-section of a formula unit")
    absorption_barn: float = Field(description="cross-section of a formula unit at 1.798 Å")
    scatterer_percent: float = Field(description="scattered percentage of the beam at 1.798 Å")
    thickness_for_percent_mm: float | None = Field(
        description="thickness that scatters the requested percentage; null: no thickness of this shape does"
    )
    container: str = Field(examples=["aluminium, 2 × 0.2 mm"])
    container_mass_g: float


class TransmissionOut(ResponseBody):
    """Transmission at the neutron energies of an instrument."""

    energy_mev: list[float] = Field(description="energies of the neutrons")
    transmission: list[float]
    scattered: list[float] = Field(description="fraction of the beam")
    absorbed: list[float]


class AdviceOut(ResponseBody):
    """Advice and warnings about a sample, and the numbers behind them."""

    sample: SampleOut
    transmission: TransmissionOut
    multiple_scattering: float = Field(description="neutrons scattered more than once / neutrons scattered once")
    container_scattering: float = Field(description="scattering of the container / scattering of the sample")
    activation: ActivationOut
    advice: list[str]
    advice_notices: list[NoticeOut] = Field(description="the advice as codes with parameters")
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
