"""Covariances and correlations of fitted parameters; parameters that the data do not determine are NaN."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

MIN_RELATIVE_EFFECT: Final = 1e-9
"""Change of the model by a large change of a parameter, over the data, below which the parameter is not determined."""
MIN_SINGULAR_VALUE: Final = 1e-7
"""Singular value over the largest one below which a combination of parameters does not change the model."""
MAX_NULL_COMPONENT: Final = 1e-2
"""Component of a parameter in such a combination above which the parameter is not determined."""


def covariance(jacobian: NDArray[np.float64], units: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """Return (JᵀJ)⁻¹, NaN in rows and columns of parameters that are not determined.

    Parameters
    ----------
    jacobian
        Shape (n, p): derivatives of the model by the parameters, in standard deviations of the data.
    units
        Shape (p,): a large change of each parameter.
    size
        √Σ(y/σ)² of the data.

    Returns
    -------
    Shape (p, p).
    """
    norms = np.linalg.norm(jacobian, axis=0)
    determined = norms * units > MIN_RELATIVE_EFFECT * size
    norms = np.where(determined, norms, 1.0)
    _, singular, rows = np.linalg.svd(jacobian[:, determined] / norms[determined], full_matrices=False)
    kept = singular > MIN_SINGULAR_VALUE * singular.max(initial=0.0)
    inverse = (rows[kept].T / singular[kept] ** 2) @ rows[kept]
    full = np.full((len(norms), len(norms)), np.nan)
    places = np.flatnonzero(determined)
    places = places[np.abs(rows[~kept]).max(axis=0, initial=0.0) <= MAX_NULL_COMPONENT]
    among = np.searchsorted(np.flatnonzero(determined), places)
    full[np.ix_(places, places)] = inverse[np.ix_(among, among)] / np.outer(norms[places], norms[places])
    return full


def correlations(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations, shape (p, p), within ±1; NaN if a parameter is not determined."""
    deviation = np.sqrt(np.diag(covariances))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.clip(covariances / np.outer(deviation, deviation), -1.0, 1.0))
