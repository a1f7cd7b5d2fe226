"""Bodies of responses about reliability."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from pydantic import Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from scattering.trust.chemistry import MaterialClass
from scattering.trust.grade import Badge

Topic = Literal[
    "potential",
    "training",
    "phonons",
    "stability",
    "lo_modes",
    "anharmonicity",
    "quantum",
    "statistics",
    "method",
    "run",
    "magnetism",
    "state",
    "expansion",
]
Verdict = Literal["good", "fair", "poor", "unknown"]
N_BULLETS = 3
"""Number of lines that tell most."""


class PointOut(ResponseBody):
    """One point of the reliability: its verdict and the evidence."""

    topic: Topic
    title: str = Field(description="the topic in words", examples=["Measured phonons"])
    verdict: Verdict
    text: str
    text_notice: NoticeOut
    numbers: dict[str, Any] = Field(description="numbers behind the verdict, with units in the names")


class BulletOut(NoticeOut):
    """One of the three lines that tell most about the reliability."""

    topic: Topic
    verdict: Verdict


class EnergyUncertaintyOut(ResponseBody):
    """Uncertainty of the computed energies, and the calibration behind it."""

    relative: float = Field(description="one standard deviation of an energy, relative")
    relative_once_scaled: float | None = Field(
        description="the same once energies are divided by 1 + bias; null with fewer than two measured lines"
    )
    relative_95: float | None = Field(
        description="relative deviation within which 95 % of the energies are in the calibration; null if measured "
        "phonons were compared, or the potential was not calibrated"
    )
    material_class: MaterialClass = Field(alias="class", description="what holds the crystal together")
    n_calibration: int = Field(
        description="crystals of this class, or with imaginary modes if this one has them, with which the potential "
        "was calibrated; 0 if it was not"
    )


class TrustOut(ResponseBody):
    """Reliability of a prediction, with the evidence."""

    prediction_id: uuid.UUID
    badge: Badge = Field(
        description="agrees, biased: compared with measured phonons of this crystal; unchecked: there are no measured "
        "phonons, or no harmonic prediction; doubtful: an objection stands"
    )
    label: str = Field(description="the badge in words", examples=["Energies 11 % too low, ± 3 % after scaling"])
    label_notice: NoticeOut
    headline: str = Field(description="accuracy of the energies; the bullets and points state the objections")
    headline_notice: NoticeOut = Field(description="accuracy of the energies")
    objections: list[NoticeOut] = Field(description="reasons for the badge doubtful; empty for the other badges")
    paragraph: str = Field(description="headline and the text of every point, for a proposal or a report")
    energy_relative_uncertainty: float = Field(description="standard deviation of a computed energy, relative")
    energy_bias: float | None = Field(
        description="median of computed / measured, minus 1; null without measured phonons"
    )
    scaled_uncertainty: float | None = Field(
        description="relative uncertainty that remains after energies are divided by 1 + bias (set the energy scale to "
        "1 / (1 + bias)); null without measured phonons"
    )
    energy_uncertainty: EnergyUncertaintyOut
    bullets: list[BulletOut] = Field(
        min_length=N_BULLETS,
        max_length=N_BULLETS,
        description="the three lines that tell most, what limits the forecast most first; reports have the same",
    )
    points: list[PointOut]
