"""Error of a potential that was trained for one crystal: its own against the reference, and that of the reference."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scattering.trust.calibration import COLLAPSED_LOG_RATIO, FUNCTIONAL_RELATIVE_ERRORS, log_ratios

GIVEN_RELATIVE_ERROR: Final = 0.15
"""Error of phonons, or of a trajectory, of a level of theory that was not compared with measurements. A cautious
judgement."""


@dataclass(frozen=True)
class TrainedErrors:
    """Errors of the phonons of a trained potential, one standard deviation, relative.

    Attributes
    ----------
    own
        Against the reference that it was trained on.
    reference
        Of the reference, against measurements.
    """

    own: float
    reference: float

    @property
    def relative(self) -> float:
        """Both together: independent errors add in squares."""
        return math.hypot(self.own, self.reference)


def own_error(reference: Mapping[str, Sequence[float]], trained: Mapping[str, Sequence[float]]) -> float | None:
    """Return the root mean square of ln(trained/reference) of the modes at the special points that both have.

    Parameters
    ----------
    reference, trained
        Special point → energies, meV; negative if imaginary. A mode that has collapsed counts as in the calibration.

    Returns
    -------
    None if there is no mode to compare.
    """
    pairs = [
        pair
        for point, energies in reference.items()
        if len(trained.get(point, ())) == len(energies)
        for pair in zip(sorted(energies), sorted(trained[point]), strict=True)
    ]
    ratios, n_collapsed = log_ratios(pairs)
    deviations = [*ratios, *[COLLAPSED_LOG_RATIO] * n_collapsed]
    return float(np.sqrt(np.mean(np.square(deviations)))) if deviations else None


def reference_error(level_of_theory: str) -> float:
    """Return the error of phonons of a level of theory: that of its functional if it was compared with measurements."""
    words = {word.casefold() for word in re.findall(r"\w+", level_of_theory)}
    for functional, error in FUNCTIONAL_RELATIVE_ERRORS.items():
        if functional.casefold() in words:
            return error
    return GIVEN_RELATIVE_ERROR
