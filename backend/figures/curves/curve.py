"""A curve of a figure of spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scattering.measured.comparison.forecast_grid import fwhm
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View

ELASTIC_FRACTION: Final = 0.03
"""Fraction of the energy range next to the elastic line that does not count as the largest intensity of a spectrum."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A spectrum with the facts that distinguish it from the others.

    Attributes
    ----------
    instrument
        Its name, or a name for the ideal spectrum.
    view
        The view, whose resolution the search of peaks needs; None if it is unknown.
    colour
        As `#rrggbb`; None: one of the theme.
    """

    spectrum: Spectrum
    instrument: str
    method: str
    label: str
    view: View | None = None
    colour: str | None = None

    @property
    def elastic_mev(self) -> float:
        """Half of the range around ω = 0 that belongs to the elastic line, meV."""
        energy = self.spectrum.energy
        foot = float(ELASTIC_FRACTION * (energy[-1] - energy[0]))
        if self.method != "harmonic" or self.view is None or self.view.elastic:
            return foot
        # Phonons without an elastic line: lattice modes may lie within that part, and be the highest of all
        nearest = energy[[np.argmin(np.abs(energy))]].astype(np.float64)
        return min(foot, float(fwhm(self.view, nearest)[0]))

    @property
    def highest(self) -> float:
        """Largest intensity without the foot of the elastic line, which would dwarf everything else."""
        spectrum = self.spectrum
        return largest(spectrum.energy, spectrum.intensity, self.elastic_mev) or float(
            spectrum.intensity.max(initial=0.0)
        )

    def scaled(self, factor: float, unit: str) -> Self:
        """Return the curve with all its intensities times a factor, in another unit."""
        spectrum = self.spectrum
        changed = replace(
            spectrum,
            intensity=factor * spectrum.intensity,
            error=None if spectrum.error is None else factor * spectrum.error,
            unit=unit,
            per_element={name: factor * values for name, values in spectrum.per_element.items()},
            banks={name: factor * values for name, values in spectrum.banks.items()},
            per_order={order: factor * values for order, values in spectrum.per_order.items()},
        )
        return replace(self, spectrum=changed)


def largest(energy: NDArray[np.floating[Any]], intensity: NDArray[np.floating[Any]], elastic_mev: float) -> float:
    """Return the largest intensity beyond the elastic line, at least 0."""
    return float(intensity[np.abs(energy) > elastic_mev].max(initial=0.0))
