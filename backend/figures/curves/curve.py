"""A curve of a figure of spectra."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from backend.figures.curves.elastic import elastic_foot, largest_beyond
from scattering.crystal.view import Cut
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View


@dataclass(frozen=True, eq=False)
class CutSpectrum:
    """The cut of a single crystal, as a curve needs it: it has no parts, and NaN where no zone is measured."""

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None
    unit: str
    per_element: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    banks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    per_order: Mapping[int, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of(cls, cut: Cut, unit: str) -> Self:
        """Return a cut whose intensities are in `unit`."""
        return cls(cut.energy, cut.intensity, cut.error, unit)


@dataclass(frozen=True, eq=False)
class Curve:
    """A spectrum with the facts that distinguish it from the others.

    Attributes
    ----------
    spectrum
        The spectrum of a powder, or the cut of a single crystal.
    instrument
        Its name, or a name for the ideal spectrum.
    view
        The view, whose resolution the search of peaks needs; None if it is unknown.
    colour
        As `#rrggbb`; None: one of the theme.
    """

    spectrum: Spectrum | CutSpectrum
    instrument: str
    method: str
    label: str
    view: View | None = None
    colour: str | None = None

    @property
    def of_crystal(self) -> bool:
        """Whether it is the cut of a single crystal."""
        return isinstance(self.spectrum, CutSpectrum)

    @property
    def elastic_mev(self) -> float:
        """Half of the range around ω = 0 that belongs to the elastic line, meV."""
        return elastic_foot(self.spectrum.energy, self.method, self.view)

    @property
    def highest(self) -> float:
        """Largest intensity without the foot of the elastic line, which would dwarf everything else."""
        spectrum = self.spectrum
        beyond = largest_beyond(spectrum.energy, spectrum.intensity, self.elastic_mev)
        return beyond or largest_beyond(spectrum.energy, spectrum.intensity, -1.0)

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
