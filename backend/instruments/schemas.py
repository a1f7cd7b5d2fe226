"""Bodies of the instruments' routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody

Energy = Annotated[float, Field(ge=-1e4, le=1e4)]


class InstrumentOut(ResponseBody):
    """A spectrometer and what can be set on it."""

    name: str = Field(examples=["MAPS"])
    facility: str
    geometry: Literal["direct", "indirect"]
    description: str
    settings_schema: dict[str, Any] = Field(description="JSON Schema of the settings")
    defaults: dict[str, Any]
    energy_range_mev: tuple[float, float] = Field(description="energy loss, with the default settings")
    measured_range_mev: tuple[float, float] = Field(description="with energy gain (below 0), with the default settings")
    two_theta_deg: tuple[float, float] | None = Field(description="with the default settings; null: measures on lines")
    lines_deg: dict[str, float] = Field(description="bank → scattering angle, of an instrument that measures on lines")
    final_energy_mev: float | None = Field(description="null: direct geometry")
    flight_paths_m: dict[str, float] = Field(description="stretch → length; empty where not published")
    flux_known: bool = Field(description="whether `repetitions` tells the flux")
    relative_uncertainty: float | None = Field(description="of the resolution's width; null: nobody has measured it")
    notes: list[str] = Field(description="what to know before trusting the numbers")
    citations: list[str]


class WindowIn(RequestBody):
    """Settings whose window is asked for."""

    settings: FreeForm = Field(default_factory=dict, examples=[{"e_init": 400}])


class LineOut(ResponseBody):
    """A line in (|q|, ω) along which a bank measures; null where nothing is measured."""

    label: str
    energy_mev: list[float]
    q_inv_angstrom: list[float | None]


class WindowOut(ResponseBody):
    """The edges of what is reached; null at an energy that is not measured."""

    energy_mev: list[float]
    q_min_inv_angstrom: list[float | None]
    q_max_inv_angstrom: list[float | None]
    lines: list[LineOut]


class RepetitionsIn(RequestBody):
    """Settings of a direct-geometry instrument."""

    settings: FreeForm = Field(default_factory=dict, examples=[{"e_init": 3.7}])


class FluxOut(ResponseBody):
    """Neutrons at the sample."""

    n_per_cm2_s: float
    relative_uncertainty: float = Field(description="1 is a factor of two to either side")
    power: str = Field(examples=["160 µA"], description="what the source gives then")


class RepetitionOut(ResponseBody):
    """One incident energy among those that reach the sample together."""

    e_init_mev: float
    transmission: float | None = Field(description="through the choppers, 1 at best; null: choppers not known")
    flux: FluxOut | None = Field(description="null: not known")


class RepetitionsOut(ResponseBody):
    """Incident energies that come along with the chosen one."""

    choppers_known: bool = Field(description="false: only the chosen energy is given, others may come along")
    repetitions: list[RepetitionOut] = Field(description="in descending order; empty in indirect geometry")


class ResolutionIn(RequestBody):
    """Settings and energy transfers whose resolution is asked for."""

    settings: FreeForm = Field(default_factory=dict)
    energy_mev: list[Energy] = Field(min_length=1, max_length=100_000, examples=[[0, 50, 100]])


class ResolutionOut(ResponseBody):
    """Resolution; null at an energy that is not measured."""

    fwhm_mev: list[float | None]
    sigma_mev: list[float | None]
    relative_uncertainty: float | None = Field(description="null: nobody has measured it")
