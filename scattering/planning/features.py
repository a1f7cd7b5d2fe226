"""Target features, found in the forecast or given, and pairs of them to resolve.

Features belong to the sample, not to an instrument. They are sought at the narrowest resolution of any instrument at
each energy, so they are the same in every plan. A plan can then state that an instrument does not resolve two of them.
Where the simulation itself resolves less, they are sought with what it resolves: a bin of its energies, the length of a
run, or the energy between neighbouring wave vectors of a mesh.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.core.energy_axis import MIN_FWHM_MEV, MIN_RELATIVE_FWHM
from scattering.core.errors import InvalidPlan
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.measured.comparison.peaks import Peak, composition, find_peaks
from scattering.observe.bounds import MAX_FWHM_MEV
from scattering.observe.spectrum import Spectrum, observe
from scattering.observe.view import View

Measure = Literal["peak", "intensity"]
_Place = tuple[float, float, Measure]
"""Energy and FWHM of a feature, meV, and its measure."""

MAX_FEATURES: Final = 8
MIN_PROMINENCE_FRACTION: Final = 0.04
"""Smallest prominence of a feature, as a fraction of that of the largest peak."""
MIN_BINS_PER_WIDTH: Final = 2.0
"""Bins of the simulation in the FWHM with which features are looked for, at least."""
MIN_ENERGY_FRACTION, MAX_MIN_ENERGY_MEV = 0.05, 5.0
"""Lowest energy of a feature that is found: this fraction of the highest energy, at most this many meV. Peaks below
belong to acoustic branches or to the elastic line; users can add features there."""
ERROR_CORRELATION: Final = 0.9
"""Correlation of the errors of a potential's energies: one that is too soft makes all of them too low. A choice,
between 1, when all separations would scale alike, and what neighbours in a phonon spectrum were never compared for."""


@dataclass(frozen=True)
class Feature:
    """A target feature.

    Attributes
    ----------
    energy
        meV.
    from_forecast
        Whether it was found in the forecast; otherwise the user has given it.
    measure
        Which counts are signal: "peak", those above the baseline; "intensity", all.
    fwhm
        Of the sample itself, meV; 0 where it is narrower than what the simulation resolves.
    energy_uncertainty
        One standard deviation, meV.
    relative_error
        Of the intensity, statistical.
    elements
        Element → fraction of the intensity.
    """

    energy: float
    from_forecast: bool
    measure: Measure
    fwhm: float
    energy_uncertainty: float
    relative_error: float
    elements: Mapping[str, float]


@dataclass(frozen=True)
class Pair:
    """Two features to resolve, the lower one first."""

    low: Feature
    high: Feature

    @property
    def separation(self) -> float:
        """meV."""
        return self.high.energy - self.low.energy

    @property
    def uncertainty(self) -> float:
        """Standard deviation of the separation, meV, with errors of both energies correlated by `ERROR_CORRELATION`."""
        a, b = self.low.energy_uncertainty, self.high.energy_uncertainty
        return float(np.sqrt(max(a**2 + b**2 - 2 * ERROR_CORRELATION * a * b, 0.0)))


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features and pairs of a sample, and the spectrum that they are of, with its view.

    Attributes
    ----------
    search_fwhm
        Shape of `spectrum.energy`, meV. FWHM with which features were looked for: structure that is narrower is below
        what the simulation resolves, or any instrument.
    """

    features: tuple[Feature, ...]
    pairs: tuple[Pair, ...]
    spectrum: Spectrum
    view: View
    search_fwhm: NDArray[np.float64]
    warnings: tuple[Notice, ...]


def find_features(
    partials: Partials,
    view: View,
    *,
    given: Sequence[float] | None,
    pairs: Sequence[tuple[float, float]] | None,
    energy_relative_uncertainty: float,
) -> FeatureSet:
    """Find the features of a sample, or look at the given ones.

    Parameters
    ----------
    view
        Of the sample itself: no instrument.
    given
        Energies in meV; None: the largest peaks, `MAX_FEATURES` at most.
    pairs
        Energies of pairs to resolve, each near a feature; None: neighbours.
    energy_relative_uncertainty
        Of the forecast's energies, one standard deviation.

    Raises
    ------
    InvalidPlan
        A given energy or pair is beyond the forecast, or there is no feature.
    """
    highest = float(partials.energy[-1]) * view.energy_scale
    highest_seen = min(partials.extent * view.energy_scale, highest)
    finest = _finest_view(partials, view)
    spectrum = observe(partials, finest)
    own_width = _own_width(partials, finest)
    search_fwhm = spectrum.search_fwhm(own_width(spectrum.energy))
    peaks = find_peaks(
        spectrum.energy,
        spectrum.intensity,
        spectrum.error,
        resolution_mev=search_fwhm,
        elastic_mev=lowest_feature(highest_seen) if given is None else finest.fwhm_mev,
        correlated=True,
    )
    places = _largest_peaks(peaks) if given is None else _given_places(given, peaks, own_width, highest)
    if not places:
        raise InvalidPlan.at("features_mev", Notice("no_peaks_found"))
    features = [
        _feature(
            place,
            spectrum,
            broadening=float(own_width(place[0])),
            search_fwhm=search_fwhm,
            from_forecast=given is None,
            energy_uncertainty=energy_relative_uncertainty * place[0],
        )
        for place in sorted(places)
    ]
    return FeatureSet(
        tuple(features), _pairs(features, pairs), spectrum, finest, search_fwhm, _warnings(features, given)
    )


def _feature(
    place: _Place,
    spectrum: Spectrum,
    *,
    broadening: float,
    search_fwhm: NDArray[np.float64],
    from_forecast: bool,
    energy_uncertainty: float,
) -> Feature:
    """Return the feature at a place; `broadening` is the FWHM of a sharp line in the spectrum there, meV."""
    energy, fwhm, measure = place
    at = int(np.argmin(np.abs(spectrum.energy - energy)))
    error = 0.0 if spectrum.error is None else float(spectrum.error[at] / max(spectrum.intensity[at], 1e-30))
    width = max(fwhm, float(search_fwhm[at]))
    elements = composition(energy, width, spectrum.energy, spectrum.per_element, {}).elements
    # A mesh does not broaden a line, it leaves gaps in it: only the broadening of the spectrum is taken off
    intrinsic = float(np.sqrt(max(fwhm**2 - broadening**2, 0.0)))
    return Feature(energy, from_forecast, measure, intrinsic, energy_uncertainty, min(error, 1.0), elements)


def most_prominent(peaks: Sequence[Peak], most: int) -> list[Peak]:
    """Return the peaks that are prominent enough for a feature, the most prominent first, at most `most`."""
    largest = sorted(peaks, key=lambda peak: peak.prominence, reverse=True)[:most]
    return [peak for peak in largest if peak.prominence >= MIN_PROMINENCE_FRACTION * largest[0].prominence]


def lowest_feature(highest_mev: float) -> float:
    """Return the lowest energy in meV of a feature that is found, for spectra up to an energy."""
    return min(MIN_ENERGY_FRACTION * highest_mev, MAX_MIN_ENERGY_MEV)


def _largest_peaks(peaks: Sequence[Peak]) -> list[_Place]:
    return [(round(peak.energy, 2), peak.fwhm, "peak") for peak in most_prominent(peaks, MAX_FEATURES)]


def _given_places(
    given: Sequence[float], peaks: Sequence[Peak], own_width: Callable[[float], NDArray[np.float64]], end: float
) -> list[_Place]:
    """Given energies, each with the width of the peak that it is in, or else of the search; `end` is the forecast's."""
    places: list[_Place] = []
    for index, energy in enumerate(given):
        if energy in given[:index]:
            continue
        if energy > end:
            raise InvalidPlan.at(f"features_mev.{index}", Notice("beyond_forecast", {"end_mev": end}))
        near = [peak for peak in peaks if abs(peak.energy - energy) <= peak.fwhm / 2]
        peak = min(near, key=lambda one: abs(one.energy - energy), default=None)
        places.append((energy, float(own_width(energy)), "intensity") if peak is None else (energy, peak.fwhm, "peak"))
    return places


def _finest_view(partials: Partials, view: View) -> View:
    """Return the view of the ideal spectrum at the narrowest resolution of any instrument that the bins can carry."""
    energy, widths = partials.energy * view.energy_scale, partials.energy_widths * view.energy_scale
    needed = MIN_BINS_PER_WIDTH * widths[: max(int(np.searchsorted(partials.energy, partials.extent)), 1) + 1]
    elastic = max(MIN_FWHM_MEV, float(needed[0]))
    # The rest of what bins need that become wider with energy
    growth = np.sqrt(np.maximum(needed[1:] ** 2 - elastic**2, 0.0)) / energy[1 : len(needed)]
    return View(
        isotopes=view.isotopes,
        quantum_correction=view.quantum_correction,
        energy_scale=view.energy_scale,
        fwhm_mev=min(elastic, MAX_FWHM_MEV),
        relative_fwhm=max(MIN_RELATIVE_FWHM, float(growth.max(initial=0.0))),
    )


def _own_width(partials: Partials, finest: View) -> Callable[[float | NDArray[np.float64]], NDArray[np.float64]]:
    """Return the FWHM in meV of a sharp line in the spectrum of a view, as a function of energy."""
    simulated = max(float(partials.metadata.get("energy_resolution_mev", 0.0)), 0.0)

    def width(energy: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.hypot(finest.ideal_fwhm(np.asarray(energy)), simulated)

    return width


def _pairs(features: Sequence[Feature], wanted: Sequence[tuple[float, float]] | None) -> tuple[Pair, ...]:
    if wanted is None:
        return tuple(Pair(low, high) for low, high in pairwise(features))
    found: dict[tuple[float, float], Pair] = {}
    for index, energies in enumerate(wanted):
        low, high = (_nearest(features, energy) for energy in sorted(energies))
        for energy, nearest in zip(sorted(energies), (low, high), strict=True):
            if abs(nearest.energy - energy) > max(nearest.fwhm, 0.05 * energy):
                stated = {"energy_mev": energy, "features_mev": [one.energy for one in features]}
                raise InvalidPlan.at(f"pairs_mev.{index}", Notice("no_feature_at_energy", stated))
        if low is high:
            raise InvalidPlan.at(f"pairs_mev.{index}", Notice("pair_of_one_feature"))
        found[low.energy, high.energy] = Pair(low, high)
    return tuple(found.values())


def _nearest(features: Sequence[Feature], energy: float) -> Feature:
    return min(features, key=lambda one: abs(one.energy - energy))


def _warnings(features: Sequence[Feature], given: Sequence[float] | None) -> tuple[Notice, ...]:
    flat = [one.energy for one in features if given is not None and one.measure == "intensity"]
    return (Notice("no_peak_at_features", {"energies_mev": flat}),) if flat else ()
