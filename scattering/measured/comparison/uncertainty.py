"""Standard errors and correlations of fitted parameters, and which of them the data do not determine."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

FLAT: Final = 1e-9
"""A parameter that over its whole unit changes the model by less than this share of the data does not matter."""
SINGULAR: Final = 1e-7
"""Of the largest singular value: below, a combination of parameters leaves the model as it is."""
IN_COMBINATION: Final = 1e-2
"""Component of a parameter in such a combination from which on it is not determined."""


def covariance(jacobian: NDArray[np.float64], units: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """(JᵀJ)⁻¹, NaN in rows and columns of parameters that are not determined.

    Parameters
    ----------
    jacobian
        Shape (n, p): of the model by the parameters, in standard deviations of the data.
    units
        Shape (p,): a large change of each parameter.
    size
        √Σ(y/σ)² of the data.

    Returns
    -------
    Shape (p, p).
    """
    norms = np.linalg.norm(jacobian, axis=0)
    determined = norms * units > FLAT * size
    norms = np.where(determined, norms, 1.0)
    _, singular, rows = np.linalg.svd(jacobian[:, determined] / norms[determined], full_matrices=False)
    kept = singular > SINGULAR * singular.max(initial=0.0)
    inverse = (rows[kept].T / singular[kept] ** 2) @ rows[kept]
    full = np.full((len(norms), len(norms)), np.nan)
    places = np.flatnonzero(determined)
    places = places[np.abs(rows[~kept]).max(axis=0, initial=0.0) <= IN_COMBINATION]
    among = np.searchsorted(np.flatnonzero(determined), places)
    full[np.ix_(places, places)] = inverse[np.ix_(among, among)] / np.outer(norms[places], norms[places])
    return full


def correlations(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (p, p), within ±1; NaN where a parameter is not determined."""
    deviation = np.sqrt(np.diag(covariances))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.clip(covariances / np.outer(deviation, deviation), -1.0, 1.0))
