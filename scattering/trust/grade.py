"""From what is known of a forecast's errors to one word and one number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from scattering.trust.measured_phonons import Comparison

Badge = Literal["agrees", "biased", "unchecked", "doubtful"]
Standing = Literal["documented", "unknown"]

DOCUMENTED: Final = 0.10
"""Relative error of phonon energies in NEP89: within 5-15 % of experiment for most inorganic crystals, from silicon,
aluminium, copper, MgO and LiH (docs/method/potential.md)."""
UNKNOWN: Final = 0.15
"""Of a potential about which nothing is known: what general potentials reach at their worst in ordinary crystals. A
judgement, on the side of caution."""
FLOOR: Final = 0.02
"""No comparison with measurement is better: neutron energies of phonons are good to 1-2 %, and harmonic ones lie 1-2 %
above those at room temperature."""
FEW: Final = 3
"""Fewer lines say little about the rest of the spectrum."""
OF_FEW: Final = 0.05
"""What is added for the rest of the spectrum, where few lines were compared: a judgement."""
SOME_IMAGINARY: Final = 0.03
"""What is added where modes are imaginary, or the share of them if that is more: their neighbours are too soft, and
atoms do not rest where they do in nature. A judgement."""
MUCH: Final = 0.01
"""Share of imaginary modes that makes a forecast doubtful: more than acoustic ones next to Γ. A judgement."""
AGREES: Final = 0.05
"""Median of a potential that agrees with measurement, some lines above and some below."""
UNIFORM: Final = 0.10
"""Scatter about the median up to which one energy scale mends a bias: what is left is no worse than `DOCUMENTED`."""


@dataclass(frozen=True)
class Evidence:
    """What a grade rests on.

    Attributes
    ----------
    standing
        Whether the potential's accuracy is documented in general.
    comparison
        With measured phonons of the same crystal; None where there are none.
    imaginary_fraction
        Of the harmonic modes; None where they were not calculated.
    outside_training
        Whether the structure is known to lie outside what the potential was trained on.
    displaced
        Whether the atoms moved far when they were relaxed.
    """

    standing: Standing
    comparison: Comparison | None = None
    imaginary_fraction: float | None = None
    outside_training: bool = False
    displaced: bool = False


@dataclass(frozen=True)
class Grade:
    """How far energies can be trusted.

    Attributes
    ----------
    badge
        "agrees" and "biased" were compared with measured phonons of this crystal; "unchecked" was not; "doubtful" has
        something that speaks against it.
    uncertainty
        One standard deviation of an energy, relative.
    bias
        Median of computed / measured, less 1; None where nothing could be compared.
    scaled_uncertainty
        What is left of the uncertainty once energies are divided by 1 + bias; None likewise.
    """

    badge: Badge
    uncertainty: float
    bias: float | None
    scaled_uncertainty: float | None


def objections(evidence: Evidence) -> tuple[str, ...]:
    """What makes a forecast doubtful: clauses that follow "that"."""
    comparison, fraction = evidence.comparison, evidence.imaginary_fraction or 0.0
    found = []
    if comparison is not None and comparison.n_collapsed:
        lines = f"{comparison.n_collapsed} of {len(comparison.lines)} measured phonon lines"
        found.append(f"the potential has {lines} imaginary or next to that")
    if comparison is not None and comparison.ratios and comparison.scatter > UNIFORM:
        low, high = comparison.ratios[0], comparison.ratios[-1]
        found.append(f"phonons lie between {low:.2f} and {high:.2f} of the measured energy, which no scale mends")
    if fraction >= MUCH:
        found.append(f"{100 * fraction:.0f} % of the modes are imaginary")
    if evidence.outside_training:
        found.append("the structure lies outside what the potential was trained on")
    if evidence.displaced:
        found.append("atoms moved far from where they were measured when the potential relaxed them")
    return tuple(found)


def grade(evidence: Evidence) -> Grade:
    """Grade a forecast; independent errors add in squares."""
    comparison, fraction = evidence.comparison, evidence.imaginary_fraction or 0.0
    imaginary = max(SOME_IMAGINARY, fraction) if fraction else 0.0
    doubtful = bool(objections(evidence))
    badge: Badge
    if comparison is None or not comparison.ratios:
        general = DOCUMENTED if evidence.standing == "documented" else UNKNOWN
        badge = "doubtful" if doubtful else "unchecked"
        return Grade(badge, math.hypot(general, imaginary), None, None)
    others = math.hypot(imaginary, OF_FEW if len(comparison.ratios) < FEW else 0.0)
    bias = comparison.median - 1
    badge = "doubtful" if doubtful else "agrees" if abs(bias) <= AGREES else "biased"
    return Grade(
        badge,
        math.hypot(max(FLOOR, comparison.rms), others),
        bias,
        math.hypot(max(FLOOR, comparison.scatter), others),
    )
