"""A forecast map on the bins of a measured one: one scale, the difference, how well both agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.comparison.goodness import Goodness
from scattering.measured import MeasuredMap
from scattering.observe import Map


@dataclass(frozen=True, eq=False)
class MapComparison:
    """A forecast map scaled to a measured one, in the measured bins.

    Attributes
    ----------
    q, energy
        Shapes (n_q + 1,), Å⁻¹, and (n_energy + 1,), meV: edges of the measured bins.
    measured
        Shape (n_q, n_energy), in the data's unit; NaN where nothing was measured.
    forecast
        Shape (n_q, n_energy): the forecast times `scale`, plus `background`, in the data's unit; NaN where forecast or
        window do not reach.
    difference
        Shape (n_q, n_energy): measured − forecast, in the data's unit; NaN where one of them is.
    scale, background
        1 and 0 where they were not fitted. The background is in the data's unit.
    standard_errors
        Of the fitted ones of "scale" and "background"; NaN where the data do not determine them.
    goodness
        In the bins that were used.
    used
        Shape (n_q, n_energy): bins that were fitted.
    warnings
        What the reader should know.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    measured: NDArray[np.float64]
    forecast: NDArray[np.float64]
    difference: NDArray[np.float64]
    scale: float
    background: float
    standard_errors: Mapping[str, float]
    goodness: Goodness
    used: NDArray[np.bool_]
    warnings: tuple[str, ...]


def compare_maps(
    measured: MeasuredMap,
    forecast: Map,
    *,
    scale: bool = True,
    background: bool = False,
    range_mev: tuple[float, float] | None = None,
) -> MapComparison:
    """Bring a forecast map to the bins of a measured one and scale it to the data by weighted least squares."""
    raise NotImplementedError
