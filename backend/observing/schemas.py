"""Bodies of views and of the spectra that they give."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.predictions.schemas import Name

if TYPE_CHECKING:
    from scattering.observe.view import EnergyGrid, EnergyRange, View

Contribution = Literal["total", "coherent", "incoherent"]
Correction = Literal["none", "harmonic", "standard", "schofield", "mixed"]
Probe = Literal["neutron", "x-ray", "electron"]


class EnergyGridIn(RequestBody):
    """Energy bins: the first centre, the largest that a centre may have, the width."""

    min: float
    max: float
    step: float | None = Field(None, gt=0, description="null: as narrow as the resolution at each energy needs")

    def to_grid(self) -> EnergyGrid | EnergyRange:
        """Return the physics' own form."""
        from scattering.observe.view import EnergyGrid, EnergyRange

        return EnergyRange(self.min, self.max) if self.step is None else EnergyGrid(self.min, self.max, self.step)

    @classmethod
    def of(cls, grid: EnergyGrid | EnergyRange) -> EnergyGridIn:
        """Return the body that asks for bins."""
        return cls(min=grid.min, max=grid.max, step=getattr(grid, "step", None))


class RangeIn(RequestBody):
    """From where to where."""

    min: float
    max: float


class PathViewIn(RequestBody):
    """How to put the Brillouin zones of a single crystal together, and where to cut."""

    divide_debye_waller: bool = Field(True, description="so that far zones count as near ones do")
    divide_q_squared: bool = Field(True, description="by |k + G|², with which one-phonon scattering grows")
    zone: int | None = Field(None, ge=0, description="index of one zone; null: the average over those reached")
    point: Annotated[str, StringConstraints(min_length=1, max_length=16)] | Annotated[int, Field(ge=0)] | None = Field(
        None, description="where to cut: a special point such as X, or a wave vector's index", examples=["X"]
    )
    times_energy_squared: bool = Field(False, description="multiply the cut by ω²")


class ViewIn(RequestBody):
    """How to look at the partials. Nothing in here simulates anything."""

    instrument: Name | None = Field(None, description="null: the sample itself, without a window")
    settings: FreeForm = Field(default_factory=dict)
    isotopes: dict[Name, Name | dict[Name, float]] = Field(
        default_factory=dict,
        max_length=118,
        description="element, or site where the prediction tells sites apart → isotope, or isotopes with fractions",
        examples=[{"H": "2H"}, {"H": {"1H": 0.02, "2H": 0.98}}],
    )
    contribution: Contribution = "total"
    quantum_correction: Correction = Field(
        "harmonic",
        description="of classical partials, by name; true means 'harmonic' and false 'none'",
    )
    energy_scale: float = Field(1.0, ge=0.5, le=2.0)
    energy_mev: EnergyGridIn | None = Field(None, description="below 0 the neutron gains energy")
    q_inv_angstrom: RangeIn | None = Field(None, description="average the spectrum over this range of |q| alone")
    order: int | None = Field(None, ge=1, le=10, description="one number of phonons alone, of a harmonic prediction")
    per_order: bool = Field(False, description="give the spectrum of each number of phonons too")
    elastic: bool = Field(False, description="add the elastic line")
    kf_over_ki: bool = Field(False, description="the cross-section as it is counted, and not reduced to S")
    probe: Probe = Field("neutron", description="other probes look at the sample itself, without an instrument")
    fwhm_mev: float = Field(0.0, ge=0, le=1000, description="resolution without an instrument")
    path: PathViewIn | None = Field(None, description="of a prediction sampled along a path")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "instrument": "MAPS",
                    "settings": {"e_init": 400},
                    "isotopes": {"H": "2H"},
                    "energy_mev": {"min": 0, "max": 300, "step": 1},
                }
            ]
        }
    )

    @field_validator("quantum_correction", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return {True: "harmonic", False: "none"}[value] if isinstance(value, bool) else value

    def to_view(self) -> View:
        """Return the physics' own form of the view."""
        from scattering.observe.view import PathView, View

        grid, q_range = self.energy_mev, self.q_inv_angstrom
        alike = {name: getattr(self, name) for name in ALIKE}
        return View(
            **alike,
            energy_mev=grid.to_grid() if grid else None,
            q_range=(q_range.min, q_range.max) if q_range else None,
            path=PathView(**self.path.model_dump()) if self.path else None,
        )

    @classmethod
    def of(cls, view: View) -> ViewIn:
        """Return the body that asks for a view."""
        grid, q_range = view.energy_mev, view.q_range
        return ViewIn(
            **{name: getattr(view, name) for name in ALIKE},
            energy_mev=EnergyGridIn.of(grid) if grid else None,
            q_inv_angstrom=RangeIn(min=q_range[0], max=q_range[1]) if q_range else None,
            path=PathViewIn(**asdict(view.path)) if view.path else None,
        )


ALIKE = tuple(name for name in ViewIn.model_fields if name not in ("energy_mev", "q_inv_angstrom", "path"))
"""Fields of a view that are the same in the body and in the physics."""


class MapOut(ResponseBody):
    """Intensity over (|q|, ω); null where the instrument does not reach."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    intensity: list[list[float | None]]


class SpectrumOut(ResponseBody):
    """What would be recorded."""

    energy_mev: list[float]
    intensity: list[float]
    standard_error: list[float] | None = Field(description="of the intensity, from independent runs; null: one run")
    unit: str
    per_element: dict[str, list[float]]
    banks: dict[str, list[float]]
    per_order: dict[str, list[float]] = Field(description="number of phonons → its part")
    map: MapOut | None
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")


class TickOut(ResponseBody):
    """A special point on the path."""

    label: str
    distance_inv_angstrom: float


class DispersionOut(ResponseBody):
    """Harmonic phonons along the path; negative where imaginary."""

    distance_inv_angstrom: list[float]
    energy_mev: list[list[float]] = Field(description="by distance, then by mode")


class ZoneOut(ResponseBody):
    """The cut in one Brillouin zone."""

    hkl: tuple[int, int, int]
    q_inv_angstrom: float
    reached_mev: tuple[float, float] | None = Field(description="lowest and highest energy at which it is measured")
    intensity: list[float | None]


class PathOut(ResponseBody):
    """What belongs to a path: its special points, the phonons, and where the cut is."""

    ticks: list[TickOut]
    dispersion: DispersionOut
    point: str
    wave_vector: tuple[float, float, float] = Field(description="of the cut, r.l.u.")
    zones: list[ZoneOut] = Field(description="by rising |k + G|")


class PathSpectrumOut(ResponseBody):
    """What would be recorded of a single crystal: the cut as `intensity`, the path as `map`."""

    energy_mev: list[float]
    intensity: list[float | None] = Field(description="average over the zones that are reached; null where none is")
    standard_error: list[float | None] | None
    unit: str
    map: MapOut = Field(description="`q_inv_angstrom` is the distance along the path")
    map_unit: str
    path: PathOut
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
