"""From what is known of a forecast's errors to one word and one number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from scattering.trust.measured_phonons import Comparison

Badge = Literal["agrees", "biased", "unchecked", "doubtful"]
Standing = Literal["documented", "unknown"]

DOCUMENTED: Final = 0.10
"""Relative error of phonon energies in NEP89: within 5-15 % of experiment for most inorganic crystals (docs/method.md,
from silicon, aluminium, copper, MgO and LiH)."""
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
MUCH_IMAGINARY: Final = 0.10
"""What is added where modes are imaginary, up to `MUCH` of them and beyond: their neighbours are too soft, and atoms
do not rest where they do in nature. Judgements."""
MUCH: Final = 0.01
AGREES: Final = 0.05
"""Median and root mean square of a potential that agrees with measurement."""
UNIFORM: Final = 0.07
"""Scatter about the median up to which one energy scale mends a bias."""


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
        Median of computed / measured, less 1; None where nothing was measured.
    scaled_uncertainty
        What is left of the uncertainty once energies are divided by 1 + bias; None likewise.
    """

    badge: Badge
    uncertainty: float
    bias: float | None
    scaled_uncertainty: float | None


def grade(evidence: Evidence) -> Grade:
    """Grade a forecast; independent errors add in squares."""
    comparison, fraction = evidence.comparison, evidence.imaginary_fraction or 0.0
    imaginary = 0.0 if fraction == 0 else SOME_IMAGINARY if fraction < MUCH else MUCH_IMAGINARY
    doubtful = evidence.outside_training or evidence.displaced or fraction >= MUCH
    if comparison is None:
        general = DOCUMENTED if evidence.standing == "documented" else UNKNOWN
        return Grade("doubtful" if doubtful else "unchecked", math.hypot(general, imaginary), None, None)
    others = math.hypot(imaginary, OF_FEW if len(comparison.ratios) < FEW else 0.0)
    bias = comparison.median - 1
    badge: Badge
    if doubtful or comparison.n_collapsed or comparison.scatter > UNIFORM:
        badge = "doubtful"
    else:
        badge = "agrees" if abs(bias) <= AGREES and comparison.rms <= AGREES else "biased"
    return Grade(
        badge,
        math.hypot(max(FLOOR, comparison.rms), others),
        bias,
        math.hypot(max(FLOOR, comparison.scatter), others),
    )
