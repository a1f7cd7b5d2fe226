"""Grade the energies of a forecast: one word and one number from everything that is known of their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from scattering.core.notices import Notice
from scattering.trust.measured_phonons import Comparison

Badge = Literal["agrees", "biased", "unchecked", "doubtful"]
Standing = Literal["documented", "unknown"]

DOCUMENTED_RELATIVE_ERROR: Final = 0.10
"""Error of phonon energies in NEP89: within 5-15 % of experiment for most inorganic crystals, from silicon, aluminium,
copper, MgO and LiH (docs/method/potential.md)."""
UNDOCUMENTED_RELATIVE_ERROR: Final = 0.15
"""Error of a potential without documented accuracy: that of the worst general potentials in ordinary crystals. A
cautious judgement."""
MIN_RELATIVE_ERROR: Final = 0.02
"""No comparison with measurement is better: neutron energies of phonons are good to 1-2 %, and harmonic ones lie 1-2 %
above those at room temperature."""
MIN_LINES: Final = 3
"""Fewer compared lines say little about the rest of the spectrum."""
FEW_LINES_RELATIVE_ERROR: Final = 0.05
"""Added for the rest of the spectrum where fewer than `MIN_LINES` were compared: a judgement."""
IMAGINARY_RELATIVE_ERROR: Final = 0.03
"""Added where modes are imaginary, or their fraction if that is larger: their neighbours are too soft, and the atoms do
not rest where they do in nature. A judgement."""
MAX_IMAGINARY_FRACTION: Final = 0.01
"""Fraction of imaginary modes above which the confidence is low: more than acoustic modes near Γ. A judgement."""
MISSING_LO_RELATIVE_ERROR: Final = 0.03
"""Added where the LO modes of a polar crystal are missing: root mean square over all modes of the energies without Born
charges over those with them, which is 4 % in NaCl, 2.3 % for another functional, and 2.4 % in ZnS."""
MAX_AGREEING_BIAS: Final = 0.05
"""Largest median deviation of a potential that agrees with measurement, some lines above and some below."""
MAX_UNIFORM_SCATTER: Final = 0.10
"""Scatter about the median up to which one energy scale corrects a bias: the rest is no worse than
`DOCUMENTED_RELATIVE_ERROR`."""


@dataclass(frozen=True)
class Evidence:
    """Evidence for a grade.

    Attributes
    ----------
    standing
        Whether the potential's accuracy is documented in general.
    comparison
        With measured phonons of the same crystal; None where there are none.
    imaginary_fraction
        Of the harmonic modes; None where they were not calculated.
    outside_training
        Whether the structure is known to lie outside the training set of the potential.
    displaced
        Whether the atoms moved far when they were relaxed.
    lacks_lo_modes
        Whether the crystal is polar, and its forecast has no LO–TO splitting.
    """

    standing: Standing
    comparison: Comparison | None = None
    imaginary_fraction: float | None = None
    outside_training: bool = False
    displaced: bool = False
    lacks_lo_modes: bool = False


@dataclass(frozen=True)
class Grade:
    """Accuracy of a forecast's energies.

    Attributes
    ----------
    badge
        "agrees" and "biased" were compared with measured phonons of this crystal; "unchecked" was not; "doubtful" has
        an objection (see `objections`).
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


def objections(evidence: Evidence) -> tuple[Notice, ...]:
    """Return the reasons that make a forecast doubtful."""
    comparison, fraction = evidence.comparison, evidence.imaginary_fraction or 0.0
    reasons = []
    if comparison is not None and comparison.n_collapsed:
        counted = {"n_collapsed": comparison.n_collapsed, "n_lines": len(comparison.lines)}
        reasons.append(Notice("phonon_lines_collapsed", counted))
    if comparison is not None and comparison.ratios and comparison.scatter > MAX_UNIFORM_SCATTER:
        low, high = comparison.ratios[0], comparison.ratios[-1]
        reasons.append(Notice("phonon_ratios_scattered", {"lowest_ratio": low, "highest_ratio": high}))
    if fraction >= MAX_IMAGINARY_FRACTION:
        reasons.append(Notice("many_imaginary_modes", {"imaginary_fraction": fraction}))
    if evidence.outside_training:
        reasons.append(Notice("structure_outside_training"))
    if evidence.displaced:
        reasons.append(Notice("atoms_displaced_by_relaxation"))
    return tuple(reasons)


def grade(evidence: Evidence) -> Grade:
    """Grade a forecast; independent errors add in squares."""
    comparison, fraction = evidence.comparison, evidence.imaginary_fraction or 0.0
    imaginary = max(IMAGINARY_RELATIVE_ERROR, fraction) if fraction else 0.0
    wrong = math.hypot(imaginary, MISSING_LO_RELATIVE_ERROR if evidence.lacks_lo_modes else 0.0)
    doubtful = bool(objections(evidence))
    badge: Badge
    if comparison is None or not comparison.ratios:
        documented = evidence.standing == "documented"
        general = DOCUMENTED_RELATIVE_ERROR if documented else UNDOCUMENTED_RELATIVE_ERROR
        badge = "doubtful" if doubtful else "unchecked"
        return Grade(badge, math.hypot(general, wrong), None, None)
    others = math.hypot(wrong, FEW_LINES_RELATIVE_ERROR if len(comparison.ratios) < MIN_LINES else 0.0)
    bias = comparison.median - 1
    badge = "doubtful" if doubtful else "agrees" if abs(bias) <= MAX_AGREEING_BIAS else "biased"
    return Grade(
        badge,
        math.hypot(max(MIN_RELATIVE_ERROR, comparison.rms), others),
        bias,
        math.hypot(max(MIN_RELATIVE_ERROR, comparison.scatter), others),
    )
