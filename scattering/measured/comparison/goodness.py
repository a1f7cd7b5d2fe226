"""Goodness of fit in the measures of the field: χ²ᵣ, R factors, correlation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice

FAILED_R_FACTOR: Final = 0.9
"""R factor of a fit that leaves nearly all of the data unexplained; nothing at all gives 1."""
NEGLIGIBLE_FRACTION: Final = 0.01
"""Root mean square of the scaled forecast over that of the data, below which its scale is practically 0."""


@dataclass(frozen=True)
class Goodness:
    """Goodness of fit of a model.

    Attributes
    ----------
    chi2_reduced
        χ²/(n − p) = Σ((y − m)/σ)²/(n − p). None without errors, or with no more points than parameters.
    r_factor
        Σ|y − m|/Σ|y|. None if all data are zero.
    r_weighted
        √(Σ((y − m)/σ)²/Σ(y/σ)²); None without errors.
    correlation
        Pearson's, between data and model; it does not depend on the scale. None if either is constant.
    n_points
        n, the number of compared bins.
    n_parameters
        p, the number of fitted parameters.
    """

    chi2_reduced: float | None
    r_factor: float | None
    r_weighted: float | None
    correlation: float | None
    n_points: int
    n_parameters: int


def goodness(
    intensity: NDArray[np.float64],
    model: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    *,
    n_parameters: int,
) -> Goodness:
    """Compare a model with data, bin by bin.

    Parameters
    ----------
    intensity, model
        Shape (n,): data and model, finite, in one unit.
    error
        Shape (n,): standard deviations of their difference, > 0; or None.
    n_parameters
        Number of parameters that were fitted to the data.

    References
    ----------
    R factors as in powder refinement: R. A. Young (ed.), The Rietveld Method (1993), Table 1.3.
    """
    difference = intensity - model
    degrees = len(intensity) - n_parameters
    chi2_reduced = r_weighted = None
    if error is not None:
        chi2 = float(np.sum((difference / error) ** 2))
        chi2_reduced = chi2 / degrees if degrees > 0 else None
        r_weighted = _ratio(chi2, float(np.sum((intensity / error) ** 2)))
        r_weighted = None if r_weighted is None else float(np.sqrt(r_weighted))
    return Goodness(
        chi2_reduced=chi2_reduced,
        r_factor=_ratio(float(np.sum(np.abs(difference))), float(np.sum(np.abs(intensity)))),
        r_weighted=r_weighted,
        correlation=_correlation(intensity, model),
        n_points=len(intensity),
        n_parameters=n_parameters,
    )


def _ratio(above: float, below: float) -> float | None:
    return above / below if below > 0 else None


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float | None:
    """Return Pearson's correlation, or None if either is constant but for rounding."""
    if len(first) < 2:
        return None
    deviations = [values - values.mean() for values in (first, second)]
    norms = [float(np.linalg.norm(deviation)) for deviation in deviations]
    if any(norm <= 1e-12 * np.linalg.norm(values) for norm, values in zip(norms, (first, second), strict=True)):
        return None
    return float(np.clip(deviations[0] / norms[0] @ (deviations[1] / norms[1]), -1.0, 1.0))


def failures(
    model: NDArray[np.float64],
    background: NDArray[np.float64],
    intensity: NDArray[np.float64],
    at_bound: Collection[str],
) -> list[Notice]:
    """Return a notice if a fit has failed, so that nobody reads its numbers as a result.

    Parameters
    ----------
    model, background, intensity
        Shape (n,): scaled forecast with background, background, and data of the fitted bins.
    at_bound
        Names of the parameters that ended at a bound.
    """
    reasons = []
    total = float(np.abs(intensity).sum())
    if total and float(np.abs(intensity - model).sum()) > FAILED_R_FACTOR * total:
        reasons.append("data_unexplained")
    scaled, data = (float(np.sqrt(np.mean(values**2))) for values in (model - background, intensity))
    if scaled < NEGLIGIBLE_FRACTION * data:
        reasons.append("forecast_negligible")
    if stuck := sorted(set(at_bound) - {"extra_fwhm_mev", "scale"}):
        reasons.append("parameter_at_bound")
    return [Notice("fit_failed", {"reasons": reasons, "parameters": stuck})] if reasons else []
