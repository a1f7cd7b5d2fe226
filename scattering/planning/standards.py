"""Absolute rates from a facility's own numbers: counts of a standard, of known mass, in bands of energy transfer.

The same as a calibration with a dataset, without the data: each band stands for a stretch of the spectrum.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_edges
from scattering.core.errors import InvalidPlan
from scattering.core.notices import Notice
from scattering.instruments import Instrument
from scattering.observe.view import View
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import Specimen, Target, rates_at_flux, shape_of
from scattering.planning.projection import weigh
from scattering.planning.rates import Rates, relative_per_atom
from scattering.sample import CONTAINERS, Material, Sample, SampleSpec, resolve
from scattering.sample.container import container_partials

VANADIUM_END_MEV: Final = 150.0
"""End of the scattering of vanadium that is calculated."""
VANADIUM_Q: Final = np.arange(0.05, 30.0, 0.1)
VANADIUM_STEP_MEV: Final = 0.125


@dataclass(frozen=True)
class Band:
    """Counts between two energy transfers.

    Attributes
    ----------
    low, high
        meV. A band from 0, or below, holds the elastic line.
    counts
        Of the sample alone, per hour, all detectors together, at nominal source power.
    background
        Of everything else in the same band, per hour.
    """

    low: float
    high: float
    counts: float
    background: float = 0.0

    @property
    def middle(self) -> float:
        """Energy transfer that the band stands for, meV."""
        return 0.0 if self.elastic else (self.low + self.high) / 2

    @property
    def elastic(self) -> bool:
        """Whether the elastic line is in it."""
        return self.low <= 0


def vanadium(instrument: Instrument, mass_g: float, temperature: float) -> Specimen:
    """Return a plate of vanadium as large as the beam, without a can, with the scattering of a Debye solid."""
    energy = np.arange(0.0, VANADIUM_END_MEV + VANADIUM_STEP_MEV, VANADIUM_STEP_MEV)
    partials = container_partials("V", temperature=temperature, q=VANADIUM_Q, energy=energy)
    plate = plate_of_beam(instrument, CONTAINERS["vanadium"], mass_g)
    return Specimen(plate, weigh(partials, View(), elastic=True), None)


def plate_of_beam(instrument: Instrument, material: Material, mass_g: float) -> Sample:
    """Return a plate of the size of the beam, all of whose mass is in it."""
    width, height = instrument.beam
    return resolve(SampleSpec(mass_g=mass_g, width_mm=width, height_mm=height, container=None), material)


def calibrate_with_standard(
    instrument: Instrument,
    settings: Mapping[str, Any],
    bands: Sequence[Band],
    standard: Specimen,
    *,
    elastic_line: bool,
    relative_uncertainty: float,
    source: Notice,
) -> Calibration:
    """Make the rates of an instrument absolute, or correct those of a known flux, with the counts of a standard.

    Parameters
    ----------
    settings
        With which the standard was measured.
    bands
        At least one.
    elastic_line
        Whether the scattering of the standard has its elastic line.
    relative_uncertainty
        Of the rates that come of it.

    Raises
    ------
    InvalidSettings, InvalidPlan
        A setting or a band is impossible: the error names it.
    """
    settings = instrument.validate(settings)
    start, end = instrument.measured_range(settings)
    end = min(end, float(standard.scattering.energy[-1]))
    _check(instrument, bands, start, end, elastic_line=elastic_line)
    expected = rates_at_flux(instrument, settings, shape_of(instrument, settings, standard, None), Target(), None)
    if expected is None:
        raise InvalidPlan.at("settings", Notice("standard_without_flux", {"instrument": instrument.name}))
    computed = [_counts(expected, band) for band in bands]
    for number, (band, found) in enumerate(zip(bands, computed, strict=True)):
        if not found > 0:
            stated = {"from_mev": band.low, "to_mev": band.high}
            raise InvalidPlan.at(f"bands.{number}", Notice("no_standard_in_band", stated))
    order = np.argsort([band.middle for band in bands])
    energy = np.array([bands[index].middle for index in order])
    if expected.basis != "relative":
        factor = sum(band.counts for band in bands) / sum(computed)
        none = np.zeros_like(energy)
        return Calibration(instrument.name, settings, energy, None, none, factor, source, relative_uncertainty)
    ratio = np.array([bands[index].counts / computed[index] for index in order])
    ambient = np.array([bands[index].background / (bands[index].high - bands[index].low) for index in order])
    kappa = ratio * relative_per_atom(instrument, settings, energy)
    return Calibration(instrument.name, settings, energy, kappa, ambient, 1.0, source, relative_uncertainty)


def _check(instrument: Instrument, bands: Sequence[Band], start: float, end: float, *, elastic_line: bool) -> None:
    for number, band in enumerate(bands):
        if not band.low < band.high:
            raise InvalidPlan.at(f"bands.{number}", Notice("empty_band"))
        if band.high <= 0 or band.low < start or band.high > end:
            stated = {"instrument": instrument.name, "start_mev": start, "end_mev": end}
            raise InvalidPlan.at(f"bands.{number}", Notice("band_out_of_range", stated))
        if band.elastic and not elastic_line:
            raise InvalidPlan.at(f"bands.{number}", Notice("elastic_band_of_forecast"))
        # Its incident energy, that of the final neutrons, is far from all others; between them nothing is known of the
        # spectrum of a white beam, which is not 1/E there
        if band.elastic and instrument.geometry == "indirect":
            raise InvalidPlan.at(f"bands.{number}", Notice("elastic_band_of_white_beam"))
    for first, second in itertools.pairwise(sorted(bands, key=lambda band: band.low)):
        if second.low < first.high:
            raise InvalidPlan.at("bands", Notice("bands_overlap", {"at_mev": second.low}))


def _counts(rates: Rates, band: Band) -> float:
    """Return the counts of a sample an hour in a band, by true energies; a band from 0 has the whole elastic line."""
    edges = bin_edges(rates.energy)
    low = -np.inf if band.elastic else band.low
    inside: NDArray[np.float64] = np.minimum(edges[1:], band.high) - np.maximum(edges[:-1], low)
    inside = np.clip(inside, 0.0, None)
    if band.elastic:
        inside[0] = edges[1] - edges[0]
    return float((rates.sample * inside).sum())
