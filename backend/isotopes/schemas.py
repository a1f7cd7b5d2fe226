"""Bodies of the routes of isotopes."""

from __future__ import annotations

from pydantic import Field

from backend.kit.http.schemas import RequestBody
from backend.predictions.schemas import IsotopesIn


class OtherIsotopesIn(RequestBody):
    """Isotopes of a new prediction from the force constants of a harmonic one."""

    isotopes: IsotopesIn = Field(
        max_length=118,
        description="element, or site of an element → isotope, or fractions of isotopes. They override those of the "
        "prediction; H → H is natural hydrogen",
        examples=[{"H": "2H"}],
    )
