"""Numbers of the run of a measurement.

A new number is a field here and a column (a migration). Bodies, rows, readers of our own files and downloads use all
fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from pydantic import BaseModel, Field, ValidationError


class RunConditions(BaseModel):
    """Numbers of a run; None: not known. The data do not depend on them."""

    temperature_k: float | None = Field(None, gt=0, le=1e4, description="temperature of the sample", examples=[20.0])
    exposure_uah: float | None = Field(
        None, gt=0, le=1e9, description="charge on the target during the measurement, µA h", examples=[900.0]
    )
    exposure_h: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="hours of the measurement; with the mass, they make the count rates of the instrument absolute",
        examples=[6.0],
    )
    mass_g: float | None = Field(None, gt=0, le=1e6, description="of the sample in the beam", examples=[3.2])

    @classmethod
    def plausible(cls, stated: Mapping[str, Any]) -> Self:
        """Return the conditions that a file states, without what is no number within the bounds."""
        return cls(**{name: value for name in RUN if _allowed(name, value := stated.get(name))})


RUN: Final = tuple(RunConditions.model_fields)
"""Names of the numbers."""


def _allowed(name: str, value: object) -> bool:
    try:
        RunConditions.model_validate({name: value}, strict=True)
    except ValidationError:
        return False
    return True
