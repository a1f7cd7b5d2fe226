"""Absolute rates from the user's own data: counts of a known mass in a known time.

Counts are found in data that were reduced: of a Poisson variable c n with the error c √n, n = (value/error)².
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_widths
from scattering.core.errors import InvalidPlan
from scattering.core.notices import Notice
from scattering.instruments import Instrument, kinematics
from scattering.measured.data import MeasuredSpectrum
from scattering.planning.projection import WeightedScattering
from scattering.planning.rates import Rates, Scale, energy_losses, rates_of_atoms, relative_per_atom
from scattering.sample import Sample

N_STRETCHES: Final = 24
"""Parts of the fitted range. In each of them the ratio of counts to intensity is one number, since it varies slowly."""
MIN_COUNTS: Final = 20.0
RATE_UNCERTAINTY: Final = 0.2
"""Relative, of a calibrated rate: another thickness, errors of the fit, another day. A choice."""


def unlike_forecast() -> InvalidPlan:
    """Return the error of data that have nothing in common with the forecast."""
    return InvalidPlan.at("calibrations", Notice("calibration_unlike_forecast"))


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts behind a dataset.

    Attributes
    ----------
    energy
        Shape (n,), meV: middles of stretches.
    per_intensity
        Shape (n,): counts per meV for a recorded intensity of 1.
    """

    energy: NDArray[np.float64]
    per_intensity: NDArray[np.float64]


def counts_of(measured: MeasuredSpectrum, used: NDArray[np.bool_]) -> Counts:
    """Return the counts behind data with errors, averaged over stretches of energy.

    With y = c n and e² = c² n in a stretch, Σy/Σe² = 1/c: counts per bin for y = 1, whatever the noise of single bins.

    Raises
    ------
    InvalidPlan
        There are no errors, or too few counts.
    """
    if measured.error is None:
        raise InvalidPlan.at("calibrations", Notice("calibration_without_errors"))
    # A bin without counts has the error of one: it says nothing of c. One below 0 had a background taken off it
    good = used & np.isfinite(measured.error) & (measured.error > 0) & (measured.intensity != 0)
    if not good.any():
        raise InvalidPlan.at("calibrations", Notice("calibration_without_errors_in_range"))
    widths = measured.high - measured.low
    groups = np.array_split(np.flatnonzero(good), min(N_STRETCHES, max(int(good.sum()) // 8, 1)))
    energy, per_intensity = [], []
    for group in groups:
        values, squares = measured.intensity[group], measured.error[group] ** 2
        counts = float(values.sum() ** 2 / squares.sum())
        if values.sum() > 0 and counts >= MIN_COUNTS:
            energy.append(float(np.mean(measured.energy[group])))
            per_intensity.append(float(values.sum() / squares.sum() / widths[group].mean()))
    if not energy:
        raise InvalidPlan.at("calibrations", Notice("calibration_with_few_counts", {"minimum": MIN_COUNTS}))
    return Counts(np.array(energy), np.array(per_intensity))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Count rates of an instrument, from data.

    Attributes
    ----------
    instrument
        Its name.
    settings
        With which the data were measured. Where the flux is not known, nothing is known of any other.
    energy, kappa
        Shape (n,), meV, and counts an hour and meV for one atom that scatters 1 barn/(sr meV) and that nothing
        shields, of an instrument whose flux is not known; None of one whose is.
    ambient
        Shape (n,): counts an hour and meV beside the forecast; 0 for an instrument whose flux is known.
    factor
        Measured over computed counts, of an instrument whose flux is known; 1 of others.
    source
        Where it comes from: the user's dataset, or counts of a standard.
    relative_uncertainty
        Of the rates that come of it.
    """

    instrument: str
    settings: Mapping[str, Any]
    energy: NDArray[np.float64]
    kappa: NDArray[np.float64] | None
    ambient: NDArray[np.float64]
    factor: float
    source: Notice
    relative_uncertainty: float = RATE_UNCERTAINTY

    @property
    def identity(self) -> tuple[object, ...]:
        """All that distinguishes it from another calibration."""
        kappa = None if self.kappa is None else self.kappa.tolist()
        return (
            self.instrument,
            dict(self.settings),
            self.energy.tolist(),
            kappa,
            self.ambient.tolist(),
            self.factor,
            self.source,
            self.relative_uncertainty,
        )

    def correct_scale(self, scale: Scale) -> Scale:
        """Return the scale of computed rates times measured over computed counts."""
        return Scale(scale.scattering * self.factor, scale.ambient, "calibrated", self.relative_uncertainty)

    def rates(
        self,
        instrument: Instrument,
        settings: Mapping[str, Any],
        scattering: WeightedScattering,
        sample: Sample,
        container: WeightedScattering | None = None,
    ) -> Rates:
        """Return the rates of another sample on an instrument whose flux is not known.

        The forecast's S counts as that of the data's fit did; k_f/k_i, efficiency and flux are in the calibration.
        Beyond the energies of the data counts go on as those do that are relative.
        """
        assert self.kappa is not None
        settings = instrument.validate(settings)
        energy = energy_losses(scattering, instrument, settings)
        over_relative = self.kappa / relative_per_atom(instrument, settings, self.energy)
        per_atom = relative_per_atom(instrument, settings, energy) * np.interp(energy, self.energy, over_relative)
        counted = rates_of_atoms(per_atom, instrument, settings, energy, scattering, sample, container)
        ambient = np.interp(energy, self.energy, self.ambient)
        return Rates(energy, *counted, ambient, "calibrated", self.relative_uncertainty)


def calibrate(
    instrument: Instrument,
    settings: Mapping[str, Any],
    counts: Counts,
    *,
    scale: float,
    background: NDArray[np.float64],
    hours: float,
    sample: Sample,
    source: Notice,
) -> Calibration:
    """Make the rates of an instrument absolute whose flux is not known.

    Parameters
    ----------
    settings
        Validated, of the data.
    counts
        Of the data.
    scale
        Data over forecast: intensity for 1 barn/(sr meV) per atom.
    background
        Shape of `counts.energy`: intensity that is not the forecast's.
    hours
        For which was counted, at the power that the instrument's numbers are for.
    sample
        Of the data.

    Raises
    ------
    InvalidPlan
        The data are nothing like the forecast.
    """
    if not scale > 0:
        raise unlike_forecast()
    incident, final = kinematics.incident_and_final(instrument, settings, counts.energy)
    atoms = sample.n_atoms * sample.illuminated_fraction(instrument.beam) * sample.shielding(incident, final)
    kappa = scale * counts.per_intensity / (hours * atoms)
    ambient = np.maximum(background, 0.0) * counts.per_intensity / hours
    return Calibration(instrument.name, settings, counts.energy, kappa, ambient, 1.0, source)


def correct(
    instrument: Instrument,
    settings: Mapping[str, Any],
    counts: Counts,
    measured: MeasuredSpectrum,
    signal: NDArray[np.float64],
    *,
    hours: float,
    expected: Rates,
    source: Notice,
) -> Calibration:
    """Correct the computed rates of an instrument whose flux is known by all measured counts.

    Parameters
    ----------
    settings
        Validated, of the data.
    signal
        Shape (n_data,): the part of each measured intensity that is the forecast's; NaN outside the fitted range.
    expected
        Rates that were computed for the sample of the data.

    Raises
    ------
    InvalidPlan
        The data are nothing like the forecast.
    """
    used = np.isfinite(signal)
    widths = measured.high - measured.low
    per_intensity = np.interp(measured.energy, counts.energy, counts.per_intensity)
    found = float((signal * widths * per_intensity)[used].sum()) / hours if used.any() else 0.0
    low, high = (measured.low[used].min(), measured.high[used].max()) if used.any() else (0.0, 0.0)
    inside = (expected.energy >= low) & (expected.energy <= high)
    computed = float((expected.sample * bin_widths(expected.energy))[inside].sum())
    if not (found > 0 and computed > 0):
        raise unlike_forecast()
    none = np.zeros_like(counts.energy)
    return Calibration(instrument.name, settings, counts.energy, None, none, found / computed, source)
