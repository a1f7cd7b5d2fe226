"""Bodies of requests for displaced supercells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from backend.kit.http.schemas import RequestBody

Code = Literal["vasp", "castep", "quantum-espresso", "fhi-aims", "gpaw"]
Repeats = Annotated[int, Field(ge=1, le=20)]


class DisplacementsIn(RequestBody):
    """A code, and how far which supercell is displaced."""

    code: Code
    supercell: tuple[Repeats, Repeats, Repeats] | None = Field(
        None, description="repetitions of the uploaded cell; null: a height of at least 10 Å between opposite faces"
    )
    distance_angstrom: float = Field(0.01, ge=1e-3, le=0.1, description="length of the displacements")
    k_spacing_inv_angstrom: float = Field(
        0.25, ge=0.05, le=2, description="largest distance of neighbouring k points, with the factor 2π"
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "vasp", "supercell": [2, 2, 2]}]})
