"""Forecast of a recorded spectrum from partials: weights, statistics, window, resolution, projection.

A pure function of milliseconds. `response` caches everything that depends only on the settings of the instrument and on
the axes, so another slider costs a few matrix products.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from scattering import instruments
from scattering.core import quantum
from scattering.core.bins import Bins, bin_widths
from scattering.core.constants import FWHM_PER_SIGMA, INVERSE_CM_MEV
from scattering.core.notices import Notice
from scattering.core.partials import Partials, standard_error
from scattering.instruments import Instrument, resolution
from scattering.observe import weights
from scattering.observe.components import Component, components_of, sums_of_runs
from scattering.observe.form_factors import UNITS
from scattering.observe.response import Response, Share, response_to
from scattering.observe.view import SHOWN_OVER_EXTENT, EnergyGrid, View, Viewed, check, recorded_bins, simulated_fwhm

MAX_PEAK_LOSS = 0.03
"""Loss of height of a sharp line by the bins of the simulation from which on it is reported."""
MIN_LINE_MEV = 2.0
"""Lowest energy at which the bins are compared with the resolution: below there are acoustic modes, but no lines."""

__all__ = ["EnergyGrid", "Map", "Spectrum", "View", "observe", "to_inverse_cm"]


@dataclass(frozen=True, eq=False)
class Map:
    """Intensity over (|q|, ω).

    Attributes
    ----------
    q
        Shape (n_q,), Å⁻¹.
    energy
        Shape (n_energy,), meV.
    intensity
        Shape (n_q, n_energy), in the unit of the spectrum, inside and outside the window.
    inside
        Shape (n_q, n_energy): whether the instrument reaches a bin.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float32]
    inside: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Forecast of a measurement: intensity against energy transfer, and over (|q|, ω).

    Attributes
    ----------
    energy
        Shape (n,), meV. Bin centres.
    intensity
        Shape (n,), in `unit`: the double-differential cross-section, without k_f/k_i unless the view asks for it,
        averaged over the solid angle of the detectors. With several banks, their mean.
    error
        Shape (n,): standard error of `intensity` from the scatter of independent runs, or None.
    per_element, banks
        Name → shape (n,). Elements (or separate sites) add up to `intensity`; the interference of an unlike pair is
        divided equally between both.
    per_order
        Phonon order → shape (n,); empty if the view does not ask for them or the partials have no orders. They add up
        to `intensity` without the elastic line.
    map
        The map of the same view.
    notices
        Remarks for the reader of the figure.
    mesh_fwhm
        Shape (n,), meV: FWHM of the narrowest structure that the mesh of a harmonic forecast resolves; narrower peaks
        are noise. None: no mesh, or of an older version.
    """

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None
    unit: str
    per_element: Mapping[str, NDArray[np.float64]]
    banks: Mapping[str, NDArray[np.float64]]
    per_order: Mapping[int, NDArray[np.float64]]
    map: Map
    notices: tuple[Notice, ...] = ()
    mesh_fwhm: NDArray[np.float64] | None = None

    def search_fwhm(self, broadening: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the FWHM in meV with which to search peaks, shape (n,), for that of the resolution of the spectrum."""
        return broadening if self.mesh_fwhm is None else np.hypot(broadening, self.mesh_fwhm)


def _elastic_line(partials: Partials, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shape of the elastic line in energy bins, 1/meV, with the width from the window of the run.

    The Fourier transform of cos²(πt/2T), |t| ≤ T, as in `correlation`: T sinc(x) / (2πħ (1 − (x/π)²)), x = ωT/ħ.
    Without correlation time the line is one bin wide.
    """
    width, steps = simulated_fwhm(partials), bin_widths(energy)
    if width <= steps[energy == 0].max(initial=0.0):
        return np.where(energy == 0, 1 / steps, 0.0)
    x = 2 * energy / width  # ωT/πħ, with T = h/width
    with np.errstate(divide="ignore", invalid="ignore"):
        line = np.sinc(x) / (1 - x**2)
    return np.where(np.abs(np.abs(x) - 1) < 1e-6, 0.5, line) / width


class _Projection:
    """Projection of partials to recorded bins, for one response."""

    def __init__(self, response: Response, factor: NDArray[np.float64], elastic: NDArray[np.float64] | None) -> None:
        self._response = response
        self._factor = factor.astype(np.float32)
        self._elastic = elastic
        # Partials are alike on both sides of 0: what gain adds to a map is added to its matrix
        self._map = response.map_broadening.scaled(factor).folded(response.n_gain)

    def spectra(self, components: Sequence[Sequence[Component]]) -> dict[str, NDArray[np.float64]]:
        """Average sums of components over |q|, and broaden them: bank → shape (n_sums, n_recorded)."""
        return {
            bank: self._response.broadening.apply(np.array([self._averages(one, share) for one in components]))
            * self._response.measured
            for bank, share in self._response.shares.items()
        }

    def _averages(self, components: Sequence[Component], share: Share) -> NDArray[np.float32]:
        """Return the sum of components at each true energy, averaged over |q| by the share that a bank sees."""
        n_gain = self._response.n_gain
        total, seen = np.zeros((2, len(self._factor)), dtype=np.float32)
        for component in components:
            # The weight of neutrons does not depend on |q|, and copying the share costs more than the average
            same = component.weight[0] if np.ptp(component.weight) == 0 else None
            gain, loss = share if same is not None else (part * component.weight[:, None] for part in share)
            # Backwards through memory an average takes three times as long: only its result is turned round
            seen[:n_gain] = np.einsum("qe,qe->e", component.values[:, 1 : n_gain + 1], gain)[::-1]
            np.einsum("qe,qe->e", component.values, loss, out=seen[n_gain:])
            seen *= self._factor
            if self._elastic is not None:
                seen += np.concatenate([(component.elastic @ gain)[::-1], component.elastic @ loss]) * self._elastic
            if same is not None:
                seen *= same
            total += seen
        return total

    def map(self, values: NDArray[np.float32], elastic: NDArray[np.float64]) -> NDArray[np.float32]:
        """Broaden along ω: (n_rows, n_energy) → (n_rows, n_map)."""
        found = self._map.apply(values)
        if self._elastic is not None:
            found += np.outer(elastic, self._response.map_broadening.apply(self._elastic)).astype(np.float32)
        return found


def energy_factor(partials: Viewed, view: View, response: Response) -> NDArray[np.float64]:
    """Return the factor of each energy: statistics, k_f/k_i, and the Jacobian of the energy scale."""
    return sample_factor(partials, view, response.energy) * (response.k_ratio if view.kf_over_ki else 1.0)


def sample_factor(partials: Viewed, view: View, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factor of energies of either sign, meV, without an instrument: statistics, Jacobian of the scale."""
    if partials.statistics == "quantum":
        factor = np.where(energy < 0, quantum.detailed_balance(np.abs(energy), partials.temperature), 1.0)
    else:
        factor = quantum.correction(view.quantum_correction, energy, partials.temperature)
    return factor / view.energy_scale


def _weighted(components: list[Component], rows: slice) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the weighted sum of components on the rows of a map, and that of their elastic lines."""
    total = sum(
        (component.weight[rows, None] * component.values[rows] for component in components),
        start=np.zeros((1, 1), dtype=np.float32),
    )
    elastic = sum((component.weight[rows] * component.elastic[rows] for component in components), start=np.zeros(1))
    return np.asarray(total), np.asarray(elastic)


def _mean_of_banks(spectra: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(np.mean(list(spectra.values()), axis=0))


def _per_order(partials: Partials, view: View, projection: _Projection) -> dict[int, NDArray[np.float64]]:
    """Return the spectrum of each phonon order."""
    orders = range(1, partials.n_orders + 1 if view.per_order and view.order is None else 1)
    if not orders:
        return {}
    components = [components_of(partials, replace(view, order=order)) for order in orders]
    return dict(zip(orders, _mean_of_banks(projection.spectra(components)), strict=True))


def _error(partials: Partials, view: View, projection: _Projection, pooled: float) -> NDArray[np.float64] | None:
    """Return the standard error of the spectrum: the scatter of the spectra of single runs.

    Its variance is averaged over neighbouring bins within the resolution, which are not independent, because a few runs
    determine a standard deviation only roughly.
    """
    runs = sums_of_runs(partials, view) if view.order is None else []
    if not runs:
        return None
    one, no_line = np.ones(len(partials.q), dtype=np.float32), np.zeros(len(partials.q))
    spectra = _mean_of_banks(projection.spectra([[Component(("", ""), one, values, no_line)] for values in runs]))
    width = int(np.clip(round(pooled), 1, spectra.shape[1]))
    variance = uniform_filter1d(standard_error(spectra) ** 2, width, mode="nearest")
    # The running sum of the filter may round below zero
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _notices(
    partials: Partials,
    view: View,
    instrument: Instrument | None,
    settings: Mapping[str, Any],
    response: Response,
    recorded: Bins,
) -> tuple[Notice, ...]:
    found = []
    if instrument is not None:
        name = {"instrument": instrument.name}
        if response.reach[1] > partials.q[-1] + partials.q_step:
            reach = {"reached_q_inv_angstrom": response.reach[1], "simulated_q_inv_angstrom": float(partials.q[-1])}
            found.append(Notice("reach_beyond_simulated_q", name | reach))
        if not response.sees_simulated:
            found.append(Notice("nothing_in_window", name))
        found += width_notices(partials, view, instrument, settings, recorded)
    if labels := weights.substituted(partials, view.isotopes):
        found.append(Notice("isotopes_in_scattering_only", {"substitutions": labels}))
    diffusing = [str(one) for one in partials.metadata.get("diffusing", [])]
    if diffusing and not view.elastic:
        found.append(Notice("diffusing_species", {"species": diffusing}))
    if view.elastic and view.contribution != "incoherent":
        found.append(Notice("no_bragg_peaks"))
    complete = recorded.centres[response.complete]
    scattering = np.abs(recorded.centres) <= SHOWN_OVER_EXTENT * partials.extent * view.energy_scale
    # Where nothing scatters nothing is missing
    lacking = ~response.complete & (scattering | ~response.measured)
    if len(complete) and lacking.any():
        known = {"from_mev": float(complete[0]), "to_mev": float(complete[-1])}
        found.append(Notice("intensity_incomplete", known))
    return tuple(found)


def width_notices(
    partials: Viewed, view: View, instrument: Instrument, settings: Mapping[str, Any], recorded: Bins
) -> list[Notice]:
    """Return notices of where the simulation is coarser than the resolution: by its correlation time, or its bins."""
    # At energy gain the resolution is wider, and lines are those of the loss
    first, last = np.maximum(recorded.centres[[0, -1]], 0.0)
    simulated = simulated_fwhm(partials)
    fwhm = FWHM_PER_SIGMA * resolution.sigma(instrument, settings, np.array([first, (first + last) / 2])).max()
    if simulated > fwhm:
        widths = {"simulated_fwhm_mev": simulated, "instrument_fwhm_mev": float(fwhm)}
        return [Notice("simulation_coarser_than_resolution", {"instrument": instrument.name, **widths})]
    energy = partials.energy * view.energy_scale
    shown = (energy >= max(first, MIN_LINE_MEV)) & (energy <= last)
    if not shown.any():
        return []
    sigma = np.hypot(resolution.sigma(instrument, settings, energy[shown]), simulated / FWHM_PER_SIGMA)
    bins = partials.energy_widths[shown] * view.energy_scale
    # A line in one bin, which is as broad, becomes so much lower and broader
    loss = 1 - sigma / np.hypot(sigma, bins / np.sqrt(12))
    coarse = np.flatnonzero(loss > MAX_PEAK_LOSS)
    if not len(coarse):
        return []
    worst = coarse[np.argmax(loss[coarse])]
    params = {
        "instrument": instrument.name,
        "from_mev": float(energy[shown][coarse[0]]),
        "to_mev": float(energy[shown][coarse[-1]]),
        "bin_mev": float(bins[worst]),
        "fwhm_mev": float(FWHM_PER_SIGMA * sigma[worst]),
        "peak_loss_fraction": float(loss[worst]),
    }
    return [Notice("bins_coarser_than_resolution", params)]


def observe(partials: Partials, view: View) -> Spectrum:
    """Forecast the spectrum that an instrument records.

    The weighted partials get quantum occupation on both sides of the elastic line. They are projected on ω within the
    window (each bank by the solid angle that it covers), and broadened by the resolution at their energy. The map is
    broadened along ω, and marked where the instrument reaches. Projection and broadening commute: the spectrum is the
    projection of the map masked before broadening, while the edge of the map is not dimmed by the mask.

    Parameters
    ----------
    partials
        From a simulation.
    view
        The choices of the view.

    Raises
    ------
    UnknownInstrument, InvalidSettings, InvalidView
        The view is impossible; the message names the field and the remedy.

    References
    ----------
    Lindgren et al. (2025), Eqs. 5 and 6 and Sect. II C.
    """
    instrument = instruments.get(view.instrument) if view.instrument is not None else None
    check(partials, view)
    settings = instrument.validate(view.settings) if instrument is not None else {}
    recorded, notices = recorded_bins(partials, view, instrument, settings)
    components = components_of(partials, view)
    seen = response_to(partials, view, instrument, settings, recorded, view.q_range)
    line = _elastic_line(partials, seen.energy) if view.elastic else None
    projection = _Projection(seen, energy_factor(partials, view, seen), line)

    spectra = projection.spectra([[component] for component in components])
    banks = {label: values.sum(axis=0) for label, values in spectra.items()}
    parts = {species: np.zeros(len(recorded.centres)) for species in partials.species}
    for component, values in zip(components, _mean_of_banks(spectra), strict=True):
        for species in component.species:
            parts[species] += values / 2
    weighted, elastic = _weighted(components, seen.rows)
    shape = (len(partials.q[seen.rows]), len(partials.energy))
    intensity = projection.map(np.broadcast_to(weighted, shape), np.broadcast_to(elastic, shape[:1]))
    width = _pooled_width(partials, view, instrument, settings, recorded)
    return Spectrum(
        energy=recorded.centres,
        intensity=_mean_of_banks(banks),
        error=_error(partials, view, projection, width / float(np.median(recorded.widths))),
        unit=UNITS[view.probe],
        per_element=parts,
        banks=banks if len(banks) > 1 else {},
        per_order=_per_order(partials, view, projection),
        map=Map(partials.q[seen.rows], seen.map_energy, intensity, seen.inside),
        notices=(*notices, *_notices(partials, view, instrument, settings, seen, recorded)),
        mesh_fwhm=_mesh_fwhm(partials, view, recorded.centres),
    )


def _mesh_fwhm(partials: Partials, view: View, energy: NDArray[np.float64]) -> NDArray[np.float64] | None:
    if partials.mesh_spacing is None:
        return None
    return view.energy_scale * partials.mesh_spacing.fwhm_at(energy / view.energy_scale)


def _pooled_width(
    partials: Partials, view: View, instrument: Instrument | None, settings: Mapping[str, Any], recorded: Bins
) -> float:
    """Return the energy range in meV in which errors are pooled: two resolution widths, in the middle of the bins."""
    middle = np.array([(recorded.centres[0] + recorded.centres[-1]) / 2])
    width = max(float(view.ideal_fwhm(middle)[0]), float(partials.metadata.get("energy_resolution_mev", 0.0)))
    if instrument is not None:
        width = max(width, FWHM_PER_SIGMA * float(resolution.sigma(instrument, settings, middle)[0]))
    return 2 * width


def to_inverse_cm(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert energies from meV to cm⁻¹."""
    return energy / INVERSE_CM_MEV
