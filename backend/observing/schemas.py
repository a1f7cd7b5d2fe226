"""Bodies of views and spectra."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.predictions.schemas import Name
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.observe import bounds

if TYPE_CHECKING:
    from scattering.observe.view import EnergyGrid, EnergyRange, View

Contribution = Literal["total", "coherent", "incoherent"]
Correction = Literal["none", "harmonic", "standard", "schofield", "mixed"]
Probe = Literal["neutron", "x-ray", "electron"]
EnergyTransfer = Annotated[float, Field(ge=-bounds.MAX_ENERGY_MEV, le=bounds.MAX_ENERGY_MEV)]
MomentumTransfer = Annotated[float, Field(ge=0, le=bounds.MAX_Q_INV_ANGSTROM)]
EnergyScale = Annotated[float, Field(ge=bounds.ENERGY_SCALES[0], le=bounds.ENERGY_SCALES[1])]
IdealFwhm = Annotated[float, Field(ge=0, le=bounds.MAX_FWHM_MEV, description="resolution without an instrument")]


class EnergyGridIn(RequestBody):
    """Energy bins in meV: centre of the first bin, upper limit of the centres, width."""

    min: EnergyTransfer
    max: EnergyTransfer
    step: float | None = Field(None, gt=0, description="null: a sixth of the resolution at each energy")

    @field_validator("max")
    @classmethod
    def _wide_enough(cls, value: float, others: ValidationInfo) -> float:
        # Ends the wrong way round are refused with the view
        if 0 < value - others.data.get("min", value) < bounds.MIN_ENERGY_SPAN_MEV:
            raise ScatteringError(Notice("narrow_energy_range", {"minimum_mev": bounds.MIN_ENERGY_SPAN_MEV}))
        return value

    def to_grid(self) -> EnergyGrid | EnergyRange:
        """Return the grid for `scattering`."""
        from scattering.observe.view import EnergyGrid, EnergyRange

        return EnergyRange(self.min, self.max) if self.step is None else EnergyGrid(self.min, self.max, self.step)

    @classmethod
    def of(cls, grid: EnergyGrid | EnergyRange) -> EnergyGridIn:
        """Return the body for a grid."""
        return cls(min=grid.min, max=grid.max, step=getattr(grid, "step", None))


class RangeIn(RequestBody):
    """A range."""

    min: float
    max: float


class QRangeIn(RangeIn):
    """A range of |q| in Å⁻¹."""

    min: MomentumTransfer
    max: MomentumTransfer


class PathViewIn(RequestBody):
    """How to average over Brillouin zones of a single crystal, and the position of the cut."""

    divide_debye_waller: bool = Field(
        True, description="divide by the Debye–Waller factor, so that all zones have the same weight"
    )
    divide_q_squared: bool = Field(
        True, description="divide by |k + G|², which one-phonon scattering is proportional to"
    )
    zone: int | None = Field(None, ge=0, description="index of one zone; null: average over the measured zones")
    point: Annotated[str, StringConstraints(min_length=1, max_length=16)] | Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="position of the cut: a special point such as X, or the index of a wave vector",
        examples=["X"],
    )
    times_energy_squared: bool = Field(False, description="multiply the cut by ω²")


class ViewIn(RequestBody):
    """Instrument, isotopes, corrections and grid of a spectrum. A view is applied to a finished prediction."""

    instrument: Name | None = Field(None, description="null: ideal S(q, ω), no instrument")
    settings: FreeForm = Field(default_factory=dict)
    isotopes: dict[Name, Name | dict[Name, float]] = Field(
        default_factory=dict,
        max_length=118,
        description="element, or site if inequivalent sites are separate → isotope, or fractions of isotopes",
        examples=[{"H": "2H"}, {"H": {"1H": 0.02, "2H": 0.98}}],
    )
    contribution: Contribution = "total"
    quantum_correction: Correction = Field(
        "harmonic",
        description="correction of classical partials; true means 'harmonic', false 'none'",
    )
    energy_scale: EnergyScale = 1.0
    energy_mev: EnergyGridIn | None = Field(None, description="energy loss of the neutron; below 0 it gains energy")
    q_inv_angstrom: QRangeIn | None = Field(None, description="average the spectrum over this range of |q| only")
    order: int | None = Field(None, ge=1, le=10, description="only this multiphonon order of a harmonic prediction")
    per_order: bool = Field(False, description="also return the spectrum of each multiphonon order")
    elastic: bool = Field(False, description="add the elastic line")
    kf_over_ki: bool = Field(False, description="multiply S(q, ω) by k_f/k_i, as in the measured cross section")
    probe: Probe = Field("neutron", description="x-ray and electron have no instrument")
    fwhm_mev: IdealFwhm = 0.0
    path: PathViewIn | None = Field(None, description="only for a prediction along a path")

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
        """Return the view for `scattering`."""
        from scattering.observe.view import PathView, View

        grid, q_range = self.energy_mev, self.q_inv_angstrom
        same = {name: getattr(self, name) for name in SAME_FIELDS}
        return View(
            **same,
            energy_mev=grid.to_grid() if grid else None,
            q_range=(q_range.min, q_range.max) if q_range else None,
            path=PathView(**self.path.model_dump()) if self.path else None,
        )

    @classmethod
    def of(cls, view: View) -> ViewIn:
        """Return the body for a view."""
        grid, q_range = view.energy_mev, view.q_range
        return ViewIn(
            **{name: getattr(view, name) for name in SAME_FIELDS},
            energy_mev=EnergyGridIn.of(grid) if grid else None,
            q_inv_angstrom=QRangeIn(min=q_range[0], max=q_range[1]) if q_range else None,
            path=PathViewIn(**asdict(view.path)) if view.path else None,
        )


SAME_FIELDS = tuple(name for name in ViewIn.model_fields if name not in ("energy_mev", "q_inv_angstrom", "path"))
"""Fields that `ViewIn` and `View` have in common."""


class MapOut(ResponseBody):
    """Intensity over (|q|, ω); null where the instrument does not measure."""

    q_inv_angstrom: list[float]
    energy_mev: list[float]
    intensity: list[list[float | None]]


class SpectrumOut(ResponseBody):
    """The spectrum of a powder."""

    energy_mev: list[float]
    intensity: list[float]
    standard_error: list[float] | None = Field(
        description="standard error of the intensity, from independent runs; null: one run"
    )
    unit: str
    per_element: dict[str, list[float]]
    banks: dict[str, list[float]]
    per_order: dict[str, list[float]] = Field(description="multiphonon order → contribution")
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
    energy_mev: list[list[float]] = Field(description="first index: distance; second index: mode")


class ZoneOut(ResponseBody):
    """The cut in one Brillouin zone."""

    hkl: tuple[int, int, int]
    q_inv_angstrom: float
    reached_mev: tuple[float, float] | None = Field(description="lowest and highest energy at which it is measured")
    intensity: list[float | None]


class PathOut(ResponseBody):
    """Special points, phonons and cut of a path."""

    ticks: list[TickOut]
    dispersion: DispersionOut
    wave_vectors: list[tuple[float, float, float]] = Field(
        description="wave vectors of the map, r.l.u.; `path.point` of a view takes their indices"
    )
    point: str
    wave_vector: tuple[float, float, float] = Field(description="wave vector of the cut, r.l.u.")
    zones: list[ZoneOut] = Field(description="in order of |k + G|")


class PathSpectrumOut(ResponseBody):
    """The spectrum of a single crystal: the cut as `intensity`, the path as `map`."""

    energy_mev: list[float]
    intensity: list[float | None] = Field(description="average over the measured zones; null where no zone is measured")
    standard_error: list[float | None] | None
    unit: str
    map: MapOut = Field(description="`q_inv_angstrom` is the distance along the path")
    map_unit: str
    path: PathOut
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
