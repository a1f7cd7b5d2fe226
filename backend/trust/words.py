"""What is said of trust."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend.trust.schemas import Topic, Verdict
from scattering.trust.grade import Evidence, Grade


@dataclass(frozen=True)
class Point:
    """One thing that the trust rests on."""

    topic: Topic
    verdict: Verdict
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)


def percent(share: float) -> str:
    """A share as a percentage of two digits at most: 3.4 %, 12 %."""
    value = 100 * share
    return f"{value:.1f} %" if abs(value) < 9.95 else f"{value:.0f} %"


def signed(share: float) -> str:
    """The same with its sign."""
    return ("−" if share < 0 else "+") + percent(abs(share))


def label(grade: Grade) -> str:
    """The badge in words."""
    if grade.badge == "agrees":
        return f"Agrees with measured phonons, ± {percent(grade.uncertainty)}"
    if grade.badge == "biased" and grade.bias is not None:
        return f"Energies biased by {signed(grade.bias)}"
    return "Not checked" if grade.badge == "unchecked" else "Doubtful"


def headline(grade: Grade, evidence: Evidence, model: str) -> str:
    """Say in one sentence what energies are worth."""
    error, comparison = f"± {percent(grade.uncertainty)}", evidence.comparison
    if comparison is not None and grade.bias is not None and grade.scaled_uncertainty is not None:
        lines = f"{len(comparison.lines)} measured phonon energies of {comparison.material.name}"
        if grade.badge == "agrees":
            return (
                f"{model} reproduces {lines} with a median of {signed(grade.bias)}; take energies as good to {error}."
            )
        side = "below" if grade.bias < 0 else "above"
        text = f"{model} puts {lines} {percent(abs(grade.bias))} {side} measurement (median)"
        if grade.badge == "biased":
            return (
                f"{text}: take energies as good to {error}, or to ± {percent(grade.scaled_uncertainty)} with the "
                f"energy scale at {1 / (1 + grade.bias):.2f}."
            )
        return f"{text}, and more speaks against this forecast: take energies as good to {error} at best."
    known = (
        f"{model} is within 5–15 % of experiment for most inorganic crystals"
        if evidence.standing == "documented"
        else f"nothing is known of the accuracy of {model}"
    )
    if grade.badge == "doubtful":
        return f"Something speaks against this forecast, and {known}: take energies as good to {error} at best."
    return f"These energies were not compared with measured phonons; {known}: take them as good to {error}."
