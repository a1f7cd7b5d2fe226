"""Grade the energies of a forecast: one word and one number from everything that is known of their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from scattering.core.notices import Notice
from scattering.trust.calibration import MAX_IMAGINARY_FRACTION, Spread
from scattering.trust.measured_phonons import Comparison
from scattering.trust.trained import GIVEN_RELATIVE_ERROR, TrainedErrors

Badge = Literal["agrees", "biased", "unchecked", "doubtful"]

UNCALIBRATED_RELATIVE_ERROR: Final = 0.20
"""Error of a potential that was not calibrated: that of a general potential (NEP89) in a crystal of any class. A
cautious judgement."""
UNCALIBRATED_SCATTER: Final = 0.10
"""Error that remains after one energy scale, in a potential that was not calibrated. A judgement."""
MIN_RELATIVE_ERROR: Final = 0.02
"""No comparison with measurement is better: neutron energies of phonons are good to 1-2 %, and harmonic ones lie 1-2 %
above those at room temperature."""
MIN_LINES: Final = 3
"""Fewer compared lines say little about the rest of the spectrum: the scatter that the potential has in such crystals
is added."""
MIN_LINES_OF_SCALE: Final = 2
"""One line gives an energy scale, and nothing tells how well it fits the rest."""
IMAGINARY_RELATIVE_ERROR: Final = 0.03
"""Added where modes are imaginary, or their fraction if that is larger: their neighbours are too soft, and the atoms do
not rest where they do in nature. A judgement."""
MISSING_LO_RELATIVE_ERROR: Final = 0.03
"""Added where the LO modes of a polar crystal are missing: root mean square over all modes of the energies without Born
charges over those with them, which is 4 % in NaCl, 2.3 % for another functional, and 2.4 % in ZnS."""
MAX_AGREEING_BIAS: Final = 0.05
"""Largest median deviation of a potential that agrees with measurement, some lines above and some below."""
MAX_UNIFORM_SCATTER: Final = 0.10
"""Scatter about the median up to which one energy scale corrects a bias. A judgement."""


@dataclass(frozen=True)
class Evidence:
    """Evidence for a grade.

    Attributes
    ----------
    spread
        How far the potential is off in crystals of this class; None for a potential that was not calibrated.
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
    is_given
        Whether the phonons or the trajectory come from the user: no potential of the server is judged.
    trained
        Errors of a potential that was trained for this crystal; None for others, and if its phonons were not compared
        with those of the reference.
    """

    spread: Spread | None = None
    comparison: Comparison | None = None
    imaginary_fraction: float | None = None
    outside_training: bool = False
    displaced: bool = False
    lacks_lo_modes: bool = False
    is_given: bool = False
    trained: TrainedErrors | None = None

    @property
    def accuracy_documented(self) -> bool:
        """Whether the error of the potential in such a crystal is known."""
        return self.spread is not None or self.trained is not None


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
        What is left of the uncertainty once energies are divided by 1 + bias; None where fewer than
        `MIN_LINES_OF_SCALE` lines could be compared.
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
    comparison, spread = evidence.comparison, evidence.spread
    doubtful = bool(objections(evidence))
    missing_lo = MISSING_LO_RELATIVE_ERROR if evidence.lacks_lo_modes else 0.0
    badge: Badge
    if comparison is None or not comparison.ratios:
        badge = "doubtful" if doubtful else "unchecked"
        return Grade(badge, math.hypot(_general_error(evidence), missing_lo), None, None)
    n, bias = len(comparison.ratios), comparison.median - 1
    scatter = spread.scatter if spread is not None else UNCALIBRATED_SCATTER
    others = math.hypot(_unstable(evidence), missing_lo, scatter if n < MIN_LINES else 0.0)
    scaled = None
    if n >= MIN_LINES_OF_SCALE:
        # The scale takes one degree of freedom
        scaled = math.hypot(max(MIN_RELATIVE_ERROR, comparison.scatter * math.sqrt(n / (n - 1))), others)
    badge = "doubtful" if doubtful else "agrees" if abs(bias) <= MAX_AGREEING_BIAS else "biased"
    return Grade(badge, math.hypot(max(MIN_RELATIVE_ERROR, comparison.rms), others), bias, scaled)


def _general_error(evidence: Evidence) -> float:
    """Return the error without a comparison; the spread of a potential includes what imaginary modes do."""
    if evidence.spread is not None:
        return evidence.spread.relative
    general = GIVEN_RELATIVE_ERROR if evidence.is_given else UNCALIBRATED_RELATIVE_ERROR
    if evidence.trained is not None:
        general = evidence.trained.relative
    return math.hypot(general, _unstable(evidence))


def _unstable(evidence: Evidence) -> float:
    """Return the error that imaginary modes of a forecast add."""
    fraction = evidence.imaginary_fraction or 0.0
    return max(IMAGINARY_RELATIVE_ERROR, fraction) if fraction else 0.0
