"""One instrument as it is set, and what it does for the features: reach, resolution, counts, hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidSettings
from scattering.core.notices import Notice
from scattering.instruments import Instrument, flux, resolution
from scattering.planning import rates as counting_rates
from scattering.planning.calibration import Calibration
from scattering.planning.counting import Counted, count, hours_for
from scattering.planning.features import Feature, Pair
from scattering.planning.projection import Weighted
from scattering.planning.rates import Basis, Rates, combined
from scattering.planning.resolving import NOT_REACHABLE, UNKNOWN_RESOLUTION, Resolved, tell_apart
from scattering.sample import Sample

WIDTH_NODES: Final = 48
ELASTIC_WIDTHS: Final = 1.5
"""Full widths of the elastic line within which it hides everything: a Gaussian has fallen to 0.2 % there, and the
elastic line is a hundred times what stands beside it."""
NOMINAL_UA: Final = 160.0
"""Beam current that ISIS's fluxes are stated for, and that µA h are hours of: that of target station 1."""
SLICES: Final = {"direct": 40, "indirect": 1}
"""Of |q|, that a measurement is divided into where nobody says: 0.2 Å⁻¹ each over some 8 Å⁻¹, or all banks together."""
FAR: Final = 1000.0
"""Hours beyond which a feature counts as never measured: no facility gives six weeks."""


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    Attributes
    ----------
    signal_to_noise
        Of each feature.
    source_power
        As a part of what fluxes are stated for.
    background
        Multiplies what the room is assumed to count.
    beam_current
        Of the protons at ISIS, µA, or None: says the power of its instruments in place of `source_power`.
    slices
        Of |q|, each of which must reach it; None: `SLICES` of the geometry.
    """

    signal_to_noise: float = 20.0
    source_power: float = 1.0
    background: float = 1.0
    slices: int | None = None
    beam_current: float | None = None

    def power(self, instrument: Instrument) -> float:
        """Of an instrument's source, as a part of what its flux is stated for."""
        if self.beam_current is not None and instrument.facility.startswith("ISIS"):
            return self.beam_current / NOMINAL_UA
        return self.source_power

    def hours(self, counted: Counted, instrument: Instrument, factor: float = 1.0) -> float:
        """Until a feature reaches the target, if all but the room counts so many times faster; infinite for never."""
        slices = self.slices or SLICES[instrument.geometry]
        background = factor * (counted.background - counted.room) + counted.room
        return hours_for(factor * counted.signal / slices, background / slices, self.signal_to_noise)


@dataclass(frozen=True, eq=False)
class Specimen:
    """What stands in the beam.

    Attributes
    ----------
    sample
        Mass, shape, container.
    scattering
        Of the sample, per atom.
    container
        Of the container's material, per atom, on the same axes; None: there is none.
    """

    sample: Sample
    scattering: Weighted
    container: Weighted | None


@dataclass(frozen=True)
class FeatureAt:
    """A feature on an instrument as it is set; None where it is not reached.

    Attributes
    ----------
    why
        Why it is not reached.
    fwhm, fwhm_uncertainty
        Of the resolution, meV.
    counted
        Counts an hour, in the basis of the rates.
    hours
        For the target, in that basis: real hours unless it is "relative"; infinite where the peak is washed out.
    hours_low, hours_high
        With rates at the high and the low end of what is known of them.
    """

    feature: Feature
    why: Notice | None
    fwhm: float | None = None
    fwhm_uncertainty: float | None = None
    counted: Counted | None = None
    hours: float = float("inf")
    hours_low: float = float("inf")
    hours_high: float = float("inf")

    @property
    def reachable(self) -> bool:
        """Whether the instrument sees it with these settings."""
        return self.why is None


@dataclass(frozen=True, eq=False)
class Evaluated:
    """An instrument as it is set.

    Attributes
    ----------
    hours, hours_low, hours_high
        For all features that are reached and not washed out; infinite where there is none.
    resolution_percent
        FWHM over energy of the worst of them.
    """

    instrument: Instrument
    settings: Mapping[str, Any]
    basis: Basis
    features: tuple[FeatureAt, ...]
    pairs: tuple[Resolved, ...]

    @property
    def measured(self) -> tuple[FeatureAt, ...]:
        """Features that are counted within any time."""
        return tuple(one for one in self.features if one.hours < FAR)

    @property
    def hours(self) -> float:
        """Of the slowest feature that is counted at all."""
        return max((one.hours for one in self.measured), default=float("inf"))

    @property
    def hours_low(self) -> float:
        """The same, rates being at their high end."""
        return max((one.hours_low for one in self.measured), default=float("inf"))

    @property
    def hours_high(self) -> float:
        """The same, rates being at their low end."""
        return max((one.hours_high for one in self.measured), default=float("inf"))

    @property
    def resolution_percent(self) -> float | None:
        """FWHM over energy transfer, per cent, of the worst feature that is counted at all."""
        return max((100 * one.fwhm / one.feature.energy for one in self.measured if one.fwhm is not None), default=None)

    @property
    def n_resolved(self) -> int:
        """Pairs that are resolved, or likely so."""
        return sum(pair.verdict in ("resolved", "likely") for pair in self.pairs)


def shape_of(
    instrument: Instrument, settings: Mapping[str, Any], specimen: Specimen, calibration: Calibration | None
) -> Rates:
    """Rates per flux, calibrated, or relative: whatever can be said.

    Choppers change none of it, but for what a calibration says of an instrument whose flux is not known: it holds for
    the settings of its data.
    """
    parts = (instrument, settings, specimen.scattering, specimen.sample, specimen.container)
    own = calibration is not None and calibration.settings == instrument.validate(settings)
    if calibration is not None and calibration.kappa is not None and own:
        return calibration.rates(*parts)
    if instrument.detectors is not None and flux.known(instrument):
        return counting_rates.per_flux(*parts)
    return counting_rates.relative(*parts)


def evaluate(
    instrument: Instrument,
    settings: Mapping[str, Any],
    shape: Rates,
    features: Sequence[Feature],
    pairs: Sequence[Pair],
    target: Target,
    calibration: Calibration | None = None,
) -> Evaluated | None:
    """Say what an instrument as it is set does; None where its choppers let nothing through.

    Parameters
    ----------
    shape
        As `shape_of` gives it for these settings, or for other choppers where those change none of it.
    """
    checked = instrument.validate(settings)
    try:
        sigma = widths(instrument, checked, shape.energy)
    except InvalidSettings:
        return None
    rates = brought_to_flux(instrument, checked, shape, target, calibration)
    if rates is None:
        return None
    known = resolution.relative_uncertainty(instrument, checked)
    u = UNKNOWN_RESOLUTION if known is None else known
    found = tuple(_feature_at(instrument, checked, feature, rates, sigma, target, u) for feature in features)
    resolved = []
    for pair in pairs:
        low, high = (_of(found, feature) for feature in (pair.low, pair.high))
        if low.fwhm is None or high.fwhm is None:
            resolved.append(NOT_REACHABLE)
        else:
            resolved.append(tell_apart(pair, low.fwhm, high.fwhm, resolution_uncertainty=u))
    return Evaluated(instrument, checked, rates.basis, found, tuple(resolved))


def brought_to_flux(
    instrument: Instrument,
    settings: Mapping[str, Any],
    shape: Rates,
    target: Target,
    calibration: Calibration | None,
) -> Rates | None:
    """Rates with the choppers as they are set; None where nothing gets through."""
    if shape.basis == "calibrated":
        return counting_rates.scaled(shape, target.power(instrument), target.background)
    if shape.basis == "relative":
        return shape
    found = counting_rates.known_flux(instrument, settings)
    if found is None:
        # Beyond the tables of flux: hours are what a plan is for, and others of its settings have them
        return None
    rates = counting_rates.at_flux(shape, found, source_power=target.power(instrument), background=target.background)
    return rates if calibration is None else calibration.corrected(rates)


def _of(found: Sequence[FeatureAt], feature: Feature) -> FeatureAt:
    return next(one for one in found if one.feature is feature)


def _feature_at(
    instrument: Instrument,
    settings: Mapping[str, Any],
    feature: Feature,
    rates: Rates,
    sigma: NDArray[np.float64],
    target: Target,
    uncertainty: float,
) -> FeatureAt:
    why = _out_of_reach(instrument, settings, feature, rates, sigma)
    if why:
        return FeatureAt(feature, why)
    counted = count(feature, rates, sigma)
    off = 1 + combined(rates.relative_uncertainty, feature.relative_error)
    fwhm = FWHM_PER_SIGMA * float(np.interp(feature.energy, rates.energy, sigma))
    return FeatureAt(
        feature,
        None,
        fwhm,
        uncertainty * fwhm,
        counted,
        target.hours(counted, instrument),
        target.hours(counted, instrument, off),
        target.hours(counted, instrument, 1 / off),
    )


def _out_of_reach(
    instrument: Instrument,
    settings: Mapping[str, Any],
    feature: Feature,
    rates: Rates,
    sigma: NDArray[np.float64],
) -> Notice | None:
    """Return why a feature is not reached; None where it is.

    It must be within the range even if it lies one standard deviation higher than forecast.
    """
    low, high = instrument.energy_range(settings)
    elastic = FWHM_PER_SIGMA * float(np.interp(0.0, rates.energy, sigma))
    if feature.energy > high:
        if instrument.geometry == "direct":
            fraction = instrument.coverage.largest_energy_fraction
            return Notice("above_incident_fraction", {"end_mev": high, "incident_fraction": fraction})
        return Notice("above_range", {"end_mev": high})
    if feature.energy + feature.energy_uncertainty > high:
        uncertain = {"energy_uncertainty_mev": feature.energy_uncertainty}
        return Notice("perhaps_above_range", {"end_mev": high, **uncertain})
    if feature.energy < ELASTIC_WIDTHS * elastic:
        return Notice("under_elastic_line", {"fwhm_mev": elastic})
    if feature.energy < low:
        return Notice("below_range", {"start_mev": low})
    if not float(np.interp(feature.energy, rates.energy, rates.sample)) > 0:
        return Notice("no_intensity_in_window")
    return None


def widths(instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation of the resolution at each energy, interpolated between a few: widths are smooth.

    At the gain side it is the elastic line's, which is all that its tail among the losses needs.
    """
    nodes = np.linspace(0.0, max(float(energy[-1]), 1e-6), WIDTH_NODES)
    return np.interp(energy, nodes, resolution.sigma(instrument, settings, nodes))
