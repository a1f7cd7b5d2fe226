"""Evaluate an instrument with its settings: reachable features, resolution, counts, hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.notices import Notice
from scattering.instruments import Instrument, flux, resolution
from scattering.planning.calibration import Calibration
from scattering.planning.counting import FeatureCounts, count, hours_for, interpolate
from scattering.planning.features import Feature, Pair
from scattering.planning.projection import WeightedScattering
from scattering.planning.rates import (
    Basis,
    Rates,
    Scale,
    apply_scale,
    combine_uncertainties,
    known_flux,
    rates_per_flux,
    relative_rates,
    scale_at_flux,
)
from scattering.planning.resolving import (
    NOT_REACHABLE,
    UNVALIDATED_RESOLUTION_UNCERTAINTY,
    PairResolution,
    resolve_pair,
)
from scattering.sample import Sample

WIDTH_NODES: Final = 48
ELASTIC_WIDTHS: Final = 1.5
"""Full widths of the elastic line within which it hides everything: a Gaussian has fallen to 0.2 % there, and the
elastic line is a hundred times as intense as its surroundings."""
NOMINAL_UA: Final = 160.0
"""Nominal beam current of ISIS, µA, that of target station 1: its fluxes are stated for it."""
N_Q_SLICES: Final = {"direct": 40, "indirect": 1}
"""Default number of |q| slices of a measurement: of 0.2 Å⁻¹ each over some 8 Å⁻¹, or all banks together."""
MAX_HOURS: Final = 1000.0
"""Beyond, a feature counts as never measured: no facility gives six weeks."""


@dataclass(frozen=True)
class Target:
    """The goal of a measurement.

    Attributes
    ----------
    signal_to_noise
        Of each feature.
    source_power
        Fraction of nominal source power.
    background
        Multiplies the assumed ambient background.
    beam_current
        Of the protons at ISIS, µA, or None: replaces `source_power` for its instruments.
    slices
        Number of |q| slices, each of which must reach the ratio; None: `N_Q_SLICES` of the geometry.
    """

    signal_to_noise: float = 20.0
    source_power: float = 1.0
    background: float = 1.0
    slices: int | None = None
    beam_current: float | None = None

    def power(self, instrument: Instrument) -> float:
        """Return the fraction of nominal power of an instrument's source."""
        if self.beam_current is not None and instrument.facility.startswith("ISIS"):
            return self.beam_current / NOMINAL_UA
        return self.source_power

    def hours(self, counted: FeatureCounts, instrument: Instrument, factor: float = 1.0) -> float:
        """Return the hours until a feature reaches the target; infinite for never.

        `factor` multiplies all rates but the ambient background.
        """
        slices = self.slices or N_Q_SLICES[instrument.geometry]
        background = factor * (counted.background - counted.ambient) + counted.ambient
        return hours_for(factor * counted.signal / slices, background / slices, self.signal_to_noise)


@dataclass(frozen=True, eq=False)
class Specimen:
    """The sample in the beam, with its scattering.

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
    scattering: WeightedScattering
    container: WeightedScattering | None


@dataclass(frozen=True)
class FeatureAt:
    """A feature on an instrument with its settings; None where it is not reached.

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
        With rates at the high and the low end of their uncertainty.
    """

    feature: Feature
    why: Notice | None
    fwhm: float | None = None
    fwhm_uncertainty: float | None = None
    counted: FeatureCounts | None = None
    hours: float = float("inf")
    hours_low: float = float("inf")
    hours_high: float = float("inf")

    @property
    def reachable(self) -> bool:
        """Whether the instrument reaches it with these settings."""
        return self.why is None

    @property
    def measured(self) -> bool:
        """Whether it is reached, visible as a peak, and measured within `MAX_HOURS`."""
        return self.hours < MAX_HOURS


@dataclass(frozen=True, eq=False)
class Evaluation:
    """An instrument with its settings.

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
    pairs: tuple[PairResolution, ...]

    @property
    def measured(self) -> tuple[FeatureAt, ...]:
        """Features that are measured within `MAX_HOURS`."""
        return tuple(one for one in self.features if one.measured)

    @property
    def hours(self) -> float:
        """Hours for the slowest measured feature."""
        return max((one.hours for one in self.measured), default=float("inf"))

    @property
    def hours_low(self) -> float:
        """The same, with rates at their high end."""
        return max((one.hours_low for one in self.measured), default=float("inf"))

    @property
    def hours_high(self) -> float:
        """The same, with rates at their low end."""
        return max((one.hours_high for one in self.measured), default=float("inf"))

    @property
    def resolution_percent(self) -> float | None:
        """FWHM over energy transfer, per cent, of the worst measured feature."""
        return max((100 * one.fwhm / one.feature.energy for one in self.measured if one.fwhm is not None), default=None)


def shape_of(
    instrument: Instrument, settings: Mapping[str, Any], specimen: Specimen, calibration: Calibration | None
) -> Rates:
    """Return rates before they are scaled to a flux: calibrated, per flux, or relative.

    They are the same for all chopper settings, except where a calibration replaces an unknown flux: it holds for the
    settings of its data.
    """
    parts = (instrument, settings, specimen.scattering, specimen.sample, specimen.container)
    own = calibration is not None and calibration.settings == instrument.validate(settings)
    if calibration is not None and calibration.kappa is not None and own:
        return calibration.rates(*parts)
    if instrument.detectors is not None and flux.is_published(instrument):
        return rates_per_flux(*parts)
    return relative_rates(*parts)


def evaluate(
    instrument: Instrument,
    variants: Sequence[Mapping[str, Any]],
    shape: Rates,
    features: Sequence[Feature],
    pairs: Sequence[Pair],
    target: Target,
    calibration: Calibration | None = None,
) -> list[Evaluation]:
    """Evaluate an instrument with several settings; those with which its choppers transmit no neutrons are left out.

    Parameters
    ----------
    variants
        Settings with the same `shape`, which differ only in their choppers.
    shape
        Rates that `shape_of` returns for any of these settings.
    """
    checked = [instrument.validate(one) for one in variants]
    sigma = resolution_sigmas(instrument, checked, shape.energy)
    scales = {
        index: scale
        for index in np.flatnonzero(np.isfinite(sigma[:, 0]))
        if (scale := scale_of(instrument, checked[index], shape, target, calibration)) is not None
    }
    if not scales:
        return []
    settings, sigma = [checked[index] for index in scales], sigma[list(scales)]
    known = [resolution.relative_uncertainty(instrument, one) for one in settings]
    uncertainties = [UNVALIDATED_RESOLUTION_UNCERTAINTY if one is None else one for one in known]
    measured = _features_at(instrument, settings, features, shape, list(scales.values()), sigma, target, uncertainties)
    return [
        Evaluation(instrument, one, scale.basis, found, _resolved(found, pairs, uncertainty))
        for one, scale, found, uncertainty in zip(settings, scales.values(), measured, uncertainties, strict=True)
    ]


def scale_of(
    instrument: Instrument,
    settings: Mapping[str, Any],
    shape: Rates,
    target: Target,
    calibration: Calibration | None,
) -> Scale | None:
    """Return the factors that scale rates to the flux of a setting; None where the choppers transmit nothing."""
    if shape.basis == "calibrated":
        return Scale(target.power(instrument), target.background, shape.basis, shape.relative_uncertainty)
    if shape.basis == "relative":
        return Scale(1.0, 1.0, shape.basis, shape.relative_uncertainty)
    found = known_flux(instrument, settings)
    if found is None:
        # Beyond the tables of flux. Other settings of the instrument have hours, which a plan is made for
        return None
    scale = scale_at_flux(shape, found, source_power=target.power(instrument), background=target.background)
    return scale if calibration is None else calibration.correct_scale(scale)


def rates_at_flux(
    instrument: Instrument,
    settings: Mapping[str, Any],
    shape: Rates,
    target: Target,
    calibration: Calibration | None,
) -> Rates | None:
    """Return rates with the choppers of a setting; None where they transmit nothing."""
    scale = scale_of(instrument, settings, shape, target, calibration)
    return None if scale is None else apply_scale(shape, scale)


def _features_at(
    instrument: Instrument,
    settings: Sequence[Mapping[str, Any]],
    features: Sequence[Feature],
    shape: Rates,
    scales: Sequence[Scale],
    sigma: NDArray[np.float64],
    target: Target,
    uncertainties: Sequence[float],
) -> list[tuple[FeatureAt, ...]]:
    """Evaluate every feature with every setting; `sigma` has shape (n_settings, n_energy)."""
    energies = np.array([one.energy for one in features])
    visible = np.interp(energies, shape.energy, shape.sample) > 0
    elastic = FWHM_PER_SIGMA * np.array([np.interp(0.0, shape.energy, one) for one in sigma])
    why = [
        [_out_of_reach(instrument, one, feature, width, seen) for feature, seen in zip(features, visible, strict=True)]
        for one, width in zip(settings, elastic.tolist(), strict=True)
    ]
    setting, feature = np.nonzero([[reason is None for reason in row] for row in why])
    counts = count([features[index] for index in feature.tolist()], shape, sigma, setting)
    fwhm = FWHM_PER_SIGMA * interpolate(energies[feature], shape.energy, sigma, setting)
    found = [[FeatureAt(each, reason) for each, reason in zip(features, row, strict=True)] for row in why]
    for row, column, width, counted in zip(
        setting.tolist(), feature.tolist(), fwhm.tolist(), counts.of(setting, scales), strict=True
    ):
        one = features[column]
        off = 1 + combine_uncertainties(scales[row].relative_uncertainty, one.relative_error)
        hours = (target.hours(counted, instrument, factor) for factor in (1.0, off, 1 / off))
        found[row][column] = FeatureAt(one, None, width, uncertainties[row] * width, counted, *hours)
    return [tuple(row) for row in found]


def _resolved(found: Sequence[FeatureAt], pairs: Sequence[Pair], uncertainty: float) -> tuple[PairResolution, ...]:
    """Resolve pairs; `uncertainty` is that of the resolution, relative. A pair needs both features measured."""
    at = {id(one.feature): one for one in found}
    resolved = []
    for pair in pairs:
        both = at[id(pair.low)], at[id(pair.high)]
        low, high = (one.fwhm for one in both)
        if low is None or high is None:
            resolved.append(NOT_REACHABLE)
            continue
        one = resolve_pair(pair, low, high, resolution_uncertainty=uncertainty)
        resolved.append(one.without([each.feature.energy for each in both if not each.measured]))
    return tuple(resolved)


def _out_of_reach(
    instrument: Instrument,
    settings: Mapping[str, Any],
    feature: Feature,
    elastic: float,
    visible: bool,
) -> Notice | None:
    """Return why a feature is not reached; None where it is.

    It must be within the range even if it lies one standard deviation higher than forecast. `elastic` is the FWHM of
    the elastic line, meV; `visible`, whether anything is scattered there.
    """
    low, high = instrument.energy_range(settings)
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
    if not visible:
        return Notice("no_intensity_in_window")
    return None


def resolution_sigmas(
    instrument: Instrument, settings: Sequence[Mapping[str, Any]], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the standard deviation of the resolution at each energy, interpolated between a few: it is smooth.

    On the gain side it is that of the elastic line, which is all that its tail among the losses needs.

    Parameters
    ----------
    settings
        Validated, n of them.
    energy
        Shape (n_energy,), meV.

    Returns
    -------
    Shape (n, n_energy), meV; NaN for settings with which the choppers transmit no neutrons.
    """
    nodes = np.linspace(0.0, max(float(energy[-1]), 1e-6), WIDTH_NODES)
    return np.array([np.interp(energy, nodes, one) for one in resolution.sigmas(instrument, settings, nodes)])
