"""Bodies of responses about trust."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from pydantic import Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from scattering.trust.grade import Badge

Topic = Literal[
    "potential", "training", "phonons", "stability", "anharmonicity", "quantum", "statistics", "method", "run"
]
Verdict = Literal["good", "fair", "poor", "unknown"]


class PointOut(ResponseBody):
    """One thing that the trust rests on."""

    topic: Topic
    verdict: Verdict
    text: str
    text_notice: NoticeOut
    numbers: dict[str, Any] = Field(description="what the verdict rests on, with units in the names")


class TrustOut(ResponseBody):
    """How far a prediction can be trusted, and what that rests on."""

    prediction_id: uuid.UUID
    badge: Badge = Field(
        description="agrees, biased: compared with measured phonons of this crystal; unchecked: there are none, or no "
        "harmonic prediction to compare; doubtful: something speaks against it"
    )
    label: str = Field(description="the badge in words", examples=["Energies 11 % too low, ± 3 % after scaling"])
    label_notice: NoticeOut
    headline: str = Field(description="accuracy of the energies, then every objection")
    headline_notice: NoticeOut = Field(description="accuracy of the energies, without the objections")
    objections: list[NoticeOut] = Field(description="why the badge is doubtful; empty for the other badges")
    paragraph: str = Field(description="headline and the text of every point, for a proposal or a report")
    energy_relative_uncertainty: float = Field(description="of an energy as it is computed, one standard deviation")
    energy_bias: float | None = Field(description="median of computed / measured, less 1; null: nothing was measured")
    scaled_uncertainty: float | None = Field(
        description="what is left once energies are divided by 1 + bias: set the energy scale to that; null likewise"
    )
    points: list[PointOut]
