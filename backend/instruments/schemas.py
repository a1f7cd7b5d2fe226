"""Bodies of the routes of instruments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import FailFast, Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody

Energy = Annotated[float, Field(ge=-1e4, le=1e4)]


class InstrumentOut(ResponseBody):
    """A spectrometer with its settings."""

    name: str = Field(examples=["MAPS"])
    facility: str
    geometry: Literal["direct", "indirect"]
    description: str
    settings_schema: dict[str, Any] = Field(description="JSON Schema of the settings")
    defaults: dict[str, Any]
    energy_range_mev: tuple[float, float] = Field(description="range of energy loss, with the default settings")
    measured_range_mev: tuple[float, float] = Field(
        description="range with energy gain (below 0), with the default settings"
    )
    two_theta_deg: tuple[float, float] | None = Field(
        description="range with the default settings; null for an instrument that measures on lines"
    )
    lines_deg: dict[str, float] = Field(
        description="detector bank → scattering angle, for an instrument that measures on lines"
    )
    final_energy_mev: float | None = Field(description="null in direct geometry")
    flight_paths_m: dict[str, float] = Field(description="flight path → length; empty if not published")
    sample_temperature_k: float | None = Field(
        description="usual temperature of samples, if nearly all are cold; otherwise null"
    )
    flux_known: bool = Field(description="whether `repetitions` states the flux")
    relative_uncertainty: float | None = Field(
        description="relative uncertainty of the resolution; null: not validated"
    )
    notes: list[str] = Field(description="limits of the model of the instrument")
    citations: list[str]


class WindowIn(RequestBody):
    """Settings of an instrument."""

    settings: FreeForm = Field(default_factory=dict, examples=[{"e_init": 400}])


class LineOut(ResponseBody):
    """A line in (|q|, ω) along which a detector bank measures; null outside the measured range."""

    label: str
    energy_mev: list[float]
    q_inv_angstrom: list[float | None]


class WindowOut(ResponseBody):
    """The edges of the kinematic window; null outside the measured range."""

    energy_mev: list[float]
    q_min_inv_angstrom: list[float | None]
    q_max_inv_angstrom: list[float | None]
    lines: list[LineOut]


class RepetitionsIn(RequestBody):
    """Settings of a direct-geometry instrument."""

    settings: FreeForm = Field(default_factory=dict, examples=[{"e_init": 3.7}])


class FluxOut(ResponseBody):
    """Flux at the sample."""

    n_per_cm2_s: float
    relative_uncertainty: float = Field(description="1 means a factor of two in both directions")
    power: str = Field(examples=["160 µA"], description="source power of this flux")


class RepetitionOut(ResponseBody):
    """One incident energy of repetition-rate multiplication."""

    e_init_mev: float
    transmission: float | None = Field(description="transmission of the choppers, at most 1; null: choppers not known")
    flux: FluxOut | None = Field(description="null: no published flux")


class RepetitionsOut(ResponseBody):
    """Incident energies of repetition-rate multiplication, with the selected one."""

    choppers_known: bool = Field(description="false: only the selected energy is listed, and there may be others")
    repetitions: list[RepetitionOut] = Field(description="in descending order; empty in indirect geometry")


class ResolutionIn(RequestBody):
    """Settings of an instrument, and energy transfers."""

    settings: FreeForm = Field(default_factory=dict)
    # One wrong energy is enough: an error for each would take a second
    energy_mev: Annotated[list[Energy], FailFast()] = Field(min_length=1, max_length=100_000, examples=[[0, 50, 100]])


class ResolutionOut(ResponseBody):
    """Energy resolution; null outside the measured range."""

    fwhm_mev: list[float | None]
    sigma_mev: list[float | None]
    relative_uncertainty: float | None = Field(description="null: not validated")
    notices: list[NoticeOut] = Field(description="how the width compares with measured ones, and where the model fails")
