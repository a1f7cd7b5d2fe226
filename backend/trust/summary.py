"""Label of the badge and headline of the reliability of a prediction, as notices."""

from __future__ import annotations

from scattering.core.notices import Notice
from scattering.trust.grade import Evidence, Grade


def label(grade: Grade) -> Notice:
    """Return the label of the badge."""
    if grade.badge == "agrees":
        return Notice("badge_agrees", {"relative_uncertainty": grade.uncertainty})
    if grade.badge == "biased" and grade.scaled_uncertainty is None:
        return Notice("badge_biased_once", {"bias": grade.bias, "relative_uncertainty": grade.uncertainty})
    if grade.badge == "biased":
        return Notice("badge_biased", {"bias": grade.bias, "scaled_uncertainty": grade.scaled_uncertainty})
    if grade.badge == "unchecked":
        return Notice("badge_unchecked", {"relative_uncertainty": grade.uncertainty})
    return Notice("badge_doubtful", {"relative_uncertainty": grade.uncertainty})


def headline(grade: Grade, evidence: Evidence, potential: str) -> Notice:
    """Return the accuracy of the energies, without the objections (`scattering.trust.grade.objections`)."""
    comparison = evidence.comparison
    stated = {
        "potential": potential,
        "relative_uncertainty": grade.uncertainty,
        "is_lower_bound": grade.badge == "doubtful",
    }
    if comparison is None or grade.bias is None:
        return Notice(
            "energies_not_compared",
            {**stated, "accuracy_documented": evidence.accuracy_documented},
        )
    compared = {
        **stated,
        "material": comparison.material.name,
        "n_lines": len(comparison.lines),
        "bias": grade.bias,
    }
    if grade.badge != "biased" or grade.scaled_uncertainty is None:
        return Notice("energies_compared", compared)
    scaled = {"energy_scale": 1 / (1 + grade.bias), "scaled_uncertainty": grade.scaled_uncertainty}
    return Notice("energies_biased", {**compared, **scaled})
