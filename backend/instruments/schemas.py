"""Bodies of the instruments' routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.schemas import FreeForm, RequestBody, ResponseBody

Energy = Annotated[float, Field(ge=-1e4, le=1e4)]


class InstrumentOut(ResponseBody):
    """A spectrometer and what can be set on it."""

    name: str = Field(examples=["MAPS"])
    facility: str
    geometry: Literal["direct", "indirect"]
    description: str
    settings_schema: dict[str, Any] = Field(description="JSON Schema of the settings")
    defaults: dict[str, Any]
    energy_range_mev: tuple[float, float] = Field(description="with the default settings")
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


class ResolutionIn(RequestBody):
    """Settings and energy transfers whose resolution is asked for."""

    settings: FreeForm = Field(default_factory=dict)
    energy_mev: list[Energy] = Field(min_length=1, max_length=100_000, examples=[[0, 50, 100]])


class ResolutionOut(ResponseBody):
    """Resolution; null at an energy that is not measured."""

    fwhm_mev: list[float | None]
    sigma_mev: list[float | None]
    relative_uncertainty: float | None = Field(description="null: nobody has measured it")
