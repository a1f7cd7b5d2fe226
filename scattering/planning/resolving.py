"""Whether two features are resolved, with the uncertainties of the resolution and of the forecast's energies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from scattering.planning.features import Pair

Verdict = Literal["resolved", "likely", "unlikely", "not resolved", "not reachable"]

UNVALIDATED_RESOLUTION_UNCERTAINTY: Final = 0.15
"""Relative uncertainty of a width that was never compared with a measurement: a choice, between the 12 % by which
ARCS's model is too narrow on median and the 24 % that it scatters by."""
MIN_RESOLVED_PROBABILITY, MIN_LIKELY_PROBABILITY = 0.95, 0.5


@dataclass(frozen=True)
class PairResolution:
    """A pair at a resolution.

    Attributes
    ----------
    ratio
        Separation over FWHM.
    uncertainty
        Standard deviation of that ratio.
    probability
        That it is above 1; None where a feature is not reached or not measured.
    unmeasured
        Energies in meV of features that are reached but not measured, for which a pair is not resolved.
    """

    ratio: float | None
    uncertainty: float | None
    probability: float | None
    verdict: Verdict
    unmeasured: tuple[float, ...] = ()

    @property
    def is_resolved(self) -> bool:
        """Whether the pair is resolved, or likely so."""
        return self.verdict in ("resolved", "likely")

    def without(self, unmeasured: Sequence[float]) -> PairResolution:
        """Return the verdict if features at these energies, meV, are not measured: no peak, or too slow."""
        if not unmeasured or not self.is_resolved:
            return self
        return replace(self, probability=None, verdict="not resolved", unmeasured=tuple(unmeasured))


NOT_REACHABLE: Final = PairResolution(None, None, None, "not reachable")


def resolve_pair(pair: Pair, fwhm_low: float, fwhm_high: float, *, resolution_uncertainty: float) -> PairResolution:
    """Determine whether a pair is resolved: whether its separation exceeds one full width at half maximum.

    Two equal Gaussians then have a dip of 6 % between them. With the separation Δ ± δ and the mean W ± w of
    both widths, of resolution and sample together, P = Φ((Δ − W)/√(δ² + w²)).

    Parameters
    ----------
    fwhm_low, fwhm_high
        Of the resolution at both features, meV.
    resolution_uncertainty
        Relative, one standard deviation.
    """
    low, high = (math.hypot(fwhm, one.fwhm) for fwhm, one in ((fwhm_low, pair.low), (fwhm_high, pair.high)))
    width = (low + high) / 2
    # Of the width only the instrument's part is uncertain so: dW/dF of W = √(F² + f²)
    instrument = resolution_uncertainty * (fwhm_low**2 / low + fwhm_high**2 / high) / 2
    spread = math.hypot(pair.uncertainty, instrument)
    probability = _normal_cdf((pair.separation - width) / spread) if spread > 0 else float(pair.separation > width)
    ratio = pair.separation / width
    uncertainty = math.hypot(pair.uncertainty / width, ratio * instrument / width)
    return PairResolution(ratio, uncertainty, probability, _verdict(probability))


def _normal_cdf(x: float) -> float:
    return math.erfc(-x / math.sqrt(2)) / 2


def _verdict(probability: float) -> Verdict:
    if probability >= MIN_RESOLVED_PROBABILITY:
        return "resolved"
    if probability >= MIN_LIKELY_PROBABILITY:
        return "likely"
    return "unlikely" if probability > 1 - MIN_RESOLVED_PROBABILITY else "not resolved"
