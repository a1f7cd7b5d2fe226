"""What a grade is called, and what is said of it in one sentence."""

from __future__ import annotations

from scattering.trust.grade import Evidence, Grade, objections


def percent(share: float) -> str:
    """A share as a percentage of two digits at most, which no line breaks: 3.4 %, 12 %."""
    value = 100 * share
    return f"{value:.1f}\u00a0%" if abs(value) < 9.95 else f"{value:.0f}\u00a0%"


def signed(share: float) -> str:
    """The same with its sign."""
    return ("−" if share < 0 else "+") + percent(abs(share))


def label(grade: Grade) -> str:
    """The badge in words."""
    error = f"±\u00a0{percent(grade.uncertainty)}"
    if grade.badge == "agrees":
        return f"Agrees with measured phonons, {error}"
    if grade.badge == "biased" and grade.bias is not None and grade.scaled_uncertainty is not None:
        side = "low" if grade.bias < 0 else "high"
        left = f"±\u00a0{percent(grade.scaled_uncertainty)} once scaled"
        return f"Energies {percent(abs(grade.bias))} too {side}, {left}"
    return f"Not checked, {error}" if grade.badge == "unchecked" else f"Doubtful, {error} at best"


def headline(grade: Grade, evidence: Evidence, model: str) -> str:
    """Say in one sentence what energies are worth."""
    error, comparison = f"±\u00a0{percent(grade.uncertainty)}", evidence.comparison
    against = (
        f" Against this forecast speaks that {'; and that '.join(found)}." if (found := objections(evidence)) else ""
    )
    if comparison is None or grade.bias is None or grade.scaled_uncertainty is None:
        known = (
            f"{model} is within 5–15 % of experiment for most inorganic crystals"
            if evidence.standing == "documented"
            else f"nothing is known of the accuracy of {model}"
        )
        text = f"These energies were not compared with measured phonons, and {known}: take them as good to {error}"
    else:
        lines = f"{len(comparison.lines)} measured phonon energies of {comparison.material.name}"
        off = f"{percent(abs(grade.bias))} {'below' if grade.bias < 0 else 'above'} measurement (median)"
        text = f"{model} puts {lines} {off}: take energies as good to {error}"
        if grade.badge == "biased":
            scale = 1 / (1 + grade.bias)
            text += f", or to ±\u00a0{percent(grade.scaled_uncertainty)} with the energy scale at {scale:.2f}"
    return f"{text}{' at best' if against else ''}.{against}"
