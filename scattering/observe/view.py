"""Views of partials: instrument, isotopes, corrections, bins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

from scattering.core.bins import Bins
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidView, NotSimulated, field_error
from scattering.core.isotopes import Substitution
from scattering.core.notices import Notice
from scattering.core.partials import lacks_interference
from scattering.core.quantum import Correction, Statistics, reduced_energy
from scattering.instruments import Instrument, resolution
from scattering.observe.bounds import ENERGY_SCALES, MAX_FWHM_MEV
from scattering.observe.form_factors import Probe

Contribution = Literal["total", "coherent", "incoherent"]

MAX_BINS = 4000
MIN_BINS = 3
BINS_PER_FWHM = 6.0
"""Default bins in the FWHM of the resolution: the highest of a line is then at most 2 % below its maximum."""
CENTRE_DECIMALS = 5
"""Decimals of the centres of default bins in meV; the narrowest bins are 0.0003 meV wide."""
CLOSE_BINS = 600
"""Bins in an enlarged range."""
WIDTH_NODES = 512
"""Energies at which the resolution is evaluated for the default bins."""
SHOWN_OVER_EXTENT = 1.05
"""Range that a figure shows, over the extent of the scattering."""
TAIL_SIGMAS = 5.0
"""Range that a figure shows beyond the last line, in σ of the resolution."""
EDGE_SIGMAS = 3.0
"""Distance of the last default bin from the end of what is known, in σ of the resolution: 99.9 % of the intensity of a
flat spectrum."""
MAX_REDUCED_ENERGY = 160.0
"""Largest βħω for which exp(βħω/2) stays in the range of single precision."""


@dataclass(frozen=True)
class EnergyGrid:
    """Equal energy bins in meV: centre of the first bin, largest centre of the last bin, and width."""

    min: float
    max: float
    step: float

    @property
    def centres(self) -> NDArray[np.float64]:
        """Centres of the bins, shape (n,), meV."""
        return np.asarray(self.min + self.step * np.arange(int(np.floor((self.max - self.min) / self.step + 1e-9)) + 1))


@dataclass(frozen=True)
class EnergyRange:
    """Centres of the first and the last bin in meV; between them the bins are as fine as the resolution."""

    min: float
    max: float


@dataclass(frozen=True)
class PathView:
    """Choices for a single crystal: how its Brillouin zones are averaged, and where it is cut.

    Attributes
    ----------
    divide_debye_waller
        Divide each zone and pair of species by its Debye–Waller factor, so that far zones count like near ones.
    divide_q_squared
        Divide by |k + G|², with which one-phonon scattering grows.
    zone
        Index of a single Brillouin zone, or None for the average over the reached zones.
    point
        Place of the cut: the name of a special point or the index of a wave vector; None for no cut.
    times_energy_squared
        Multiply the cut by ω², which compensates the slope from occupation and 1/ω.
    """

    divide_debye_waller: bool = True
    divide_q_squared: bool = True
    zone: int | None = None
    point: str | int | None = None
    times_energy_squared: bool = False


@dataclass(frozen=True)
class View:
    """Choices for a spectrum.

    Attributes
    ----------
    instrument
        Name, or None for the ideal S(q, ω): no window, averaged over all |q|.
    settings
        Instrument settings; a missing one has its default.
    isotopes
        Species, or element for all its sites, → isotope or mixture, e.g. {"H": "2H"}, where the scattering is not that
        of the isotopes of the simulation. Changes the scattering only, not the dynamics.
    contribution
        Part of the scattering.
    quantum_correction
        Correction that gives classical partials detailed balance. Quantum partials are not changed.
    energy_scale
        Factor on every energy of the sample, for a potential that is known to be too soft.
    energy_mev
        Bins of the result. Default: from the range and the resolution of the instrument. The neutron gains energy at
        energies below 0.
    finer_mev
        Range of energy in meV that is looked at closely: in it, bins that are not given are narrower by default.
    order
        A single phonon order, or None for all.
    per_order
        Add the spectrum of each phonon order, if the partials have separate orders.
    elastic
        Add the elastic line, with the width of the simulation and the instrument.
    kf_over_ki
        Multiply by k_f/k_i: the double-differential cross-section as it is counted, not reduced to S.
    q_range
        Smallest and largest |q| in Å⁻¹ of the average, or None for the whole reached range.
    probe
        The scattered particle. X-rays and electrons have no instrument.
    fwhm_mev
        Width of a Gaussian resolution without an instrument at the elastic line, meV.
    relative_fwhm
        The part of that width that grows with energy, over the energy: FWHM(ω)² = `fwhm_mev`² + (`relative_fwhm` ω)².
        Without `fwhm_mev` it counts for nothing.
    path
        Choices for partials along a path; None: defaults.
    """

    instrument: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    isotopes: Mapping[str, Substitution] = field(default_factory=dict)
    contribution: Contribution = "total"
    quantum_correction: Correction = "harmonic"
    energy_scale: float = 1.0
    energy_mev: EnergyGrid | EnergyRange | None = None
    finer_mev: tuple[float, float] | None = None
    order: int | None = None
    per_order: bool = False
    elastic: bool = False
    kf_over_ki: bool = False
    q_range: tuple[float, float] | None = None
    probe: Probe = "neutron"
    fwhm_mev: float = 0.0
    relative_fwhm: float = 0.0
    path: PathView | None = None

    def ideal_fwhm(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the FWHM in meV of the resolution without an instrument, at energies in meV."""
        return resolution.quadrature(energy, elastic_fwhm=self.fwhm_mev, relative_fwhm=self.relative_fwhm)


class Viewed(Protocol):
    """Partials of a powder or a crystal, as far as a view depends on them."""

    @property
    def q(self) -> NDArray[np.float64]: ...
    @property
    def q_step(self) -> float: ...
    @property
    def energy(self) -> NDArray[np.float64]: ...
    @property
    def energy_widths(self) -> NDArray[np.float64]: ...
    @property
    def extent(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def statistics(self) -> Statistics: ...
    @property
    def n_orders(self) -> int: ...
    @property
    def metadata(self) -> Mapping[str, Any]: ...


def check(partials: Viewed, view: View) -> None:
    """Check that the partials can give a view.

    Raises
    ------
    InvalidView
        Names every wrong field and its remedy.
    NotSimulated
        The partials have no coherent scattering of their own.
    """
    if view.contribution == "coherent" and lacks_interference(partials.metadata):
        raise NotSimulated.at("contribution", Notice("no_interference"))
    wrong = [
        *_wrong_for_instrument(view),
        *_wrong_for_probe(view),
        *_wrong_scattering(partials, view),
        *_wrong_ranges(partials, view),
    ]
    if wrong:
        raise InvalidView([field_error(loc, notice) for loc, notice in wrong])


def _wrong_for_instrument(view: View) -> Iterator[tuple[str, Notice]]:
    if view.instrument is None:
        if view.settings:
            yield "settings", Notice("instrument_needed")
        if view.kf_over_ki:
            yield "kf_over_ki", Notice("instrument_needed")
        if not 0 <= view.fwhm_mev <= MAX_FWHM_MEV:
            stated = {"minimum": 0, "maximum": MAX_FWHM_MEV, "unit": "meV", "value": view.fwhm_mev}
            yield "fwhm_mev", Notice("out_of_range", stated)
    else:
        if view.probe != "neutron":
            yield "probe", Notice("neutron_instrument")
        if view.fwhm_mev:
            yield "fwhm_mev", Notice("width_beside_instrument")


def _wrong_for_probe(view: View) -> Iterator[tuple[str, Notice]]:
    if view.probe != "neutron" and view.isotopes:
        yield "isotopes", Notice("isotopes_without_neutrons")
    if view.probe != "neutron" and view.contribution == "incoherent":
        yield "contribution", Notice("incoherent_without_neutrons")


def _wrong_scattering(partials: Viewed, view: View) -> Iterator[tuple[str, Notice]]:
    """Yield errors of orders, contributions and corrections that the simulation does not have."""
    low, high = ENERGY_SCALES
    if not low <= view.energy_scale <= high:
        stated = {"minimum": low, "maximum": high, "unit": "", "value": view.energy_scale}
        yield "energy_scale", Notice("out_of_range", stated)
    if view.order is not None and not 1 <= view.order <= partials.n_orders:
        yield "order", Notice("phonon_order_not_held", {"n_orders": partials.n_orders})
    if partials.statistics == "kubo" and view.quantum_correction not in ("none", "harmonic"):
        yield "quantum_correction", Notice("kubo_correction", {"correction": view.quantum_correction})
    if partials.statistics == "classical" and view.quantum_correction in ("schofield", "mixed"):
        largest = float(reduced_energy(partials.energy[-1:] * view.energy_scale, partials.temperature)[0])
        if largest > MAX_REDUCED_ENERGY:
            stated = {"correction": view.quantum_correction, "reduced_energy": largest}
            yield "quantum_correction", Notice("diverging_correction", stated)


def _wrong_ranges(partials: Viewed, view: View) -> Iterator[tuple[str, Notice]]:
    if view.q_range is not None:
        low, high = view.q_range
        if not (np.isfinite([low, high]).all() and 0 <= low < high):
            yield "q_inv_angstrom", Notice("empty_q_range")
        elif not ((partials.q + partials.q_step / 2 > low) & (partials.q - partials.q_step / 2 < high)).any():
            covered = {"minimum_inv_angstrom": float(partials.q[0]), "maximum_inv_angstrom": float(partials.q[-1])}
            yield "q_inv_angstrom", Notice("q_range_not_simulated", covered)
    if view.energy_mev is not None:
        shown = view.energy_mev
        step = shown.step if isinstance(shown, EnergyGrid) else None
        if not np.isfinite([shown.min, shown.max, 0.0 if step is None else step]).all():
            yield "energy_mev", Notice("not_a_number")
        elif shown.max <= shown.min or (step is not None and step <= 0):
            yield "energy_mev", Notice("empty_energy_grid")
        elif step is not None and not 2 <= (shown.max - shown.min) / step + 1 <= MAX_BINS:
            yield "energy_mev.step", Notice("number_of_bins", {"minimum": 2, "maximum": MAX_BINS})
    if view.finer_mev is not None and not (np.isfinite(view.finer_mev).all() and np.diff(view.finer_mev) > 0):
        yield "zoom_mev", Notice("empty_energy_grid")


def recorded_bins(
    partials: Viewed, view: View, instrument: Instrument | None, settings: Mapping[str, Any]
) -> tuple[Bins, tuple[Notice, ...]]:
    """Return the energy bins of a view; by default those of the loss side, up to the end of the scattering.

    Bins that are not given are as fine as the resolution at each energy. By default they end where the resolution would
    bring in neutrons from beyond what was simulated, or from beyond the incident energy, and intensities would be too
    low; a notice says so if bins were left out.
    """
    if isinstance(view.energy_mev, EnergyGrid):
        return Bins.of(view.energy_mev.centres), ()
    if view.energy_mev is not None:
        return _bins_between(view.energy_mev.min, view.energy_mev.max, partials, view, instrument, settings), ()
    end = float(partials.energy[-1]) * view.energy_scale
    shown = min(SHOWN_OVER_EXTENT * partials.extent * view.energy_scale, end)
    if instrument is None and not view.fwhm_mev and view.finer_mev is None:
        # Without a resolution, the bins of the simulation as they are
        energy = partials.energy * view.energy_scale
        last = min(max(int(np.searchsorted(energy, shown)) + 1, MIN_BINS), len(energy))
        return Bins.of(energy[: last : -(-last // MAX_BINS)]), ()
    if instrument is None:
        last, tail = view.ideal_fwhm(np.array([end, shown]))
        low, wanted = 0.0, min(shown + 2 * float(tail), end)
        known = end - EDGE_SIGMAS * float(last) / FWHM_PER_SIGMA
    else:
        low, reach = instrument.energy_range(settings)
        if instrument.geometry == "direct":
            end = min(end, float(settings["e_init"]))
        last, tail = resolution.sigma(instrument, settings, np.array([end, shown]))
        known = end - EDGE_SIGMAS * float(last)
        wanted = min(shown + TAIL_SIGMAS * float(tail), reach)
        wanted = wanted if wanted > low else reach
    notices: tuple[Notice, ...] = ()
    if low < known < wanted:
        wanted, notices = known, (Notice("cut_at_known_end", {"end_mev": known, "known_mev": end}),)
    return _bins_between(low, wanted, partials, view, instrument, settings), notices


def _bins_between(
    low: float,
    high: float,
    partials: Viewed,
    view: View,
    instrument: Instrument | None,
    settings: Mapping[str, Any],
) -> Bins:
    """Return bins with the first and the last centre at given energies, `BINS_PER_FWHM` in each FWHM."""
    nodes = np.linspace(low, high, WIDTH_NODES)
    if view.finer_mev is not None:
        nodes = np.union1d(nodes, np.clip(np.linspace(*view.finer_mev, WIDTH_NODES), low, high))
    if instrument is None:
        fwhm = view.ideal_fwhm(nodes)
    else:
        fwhm = FWHM_PER_SIGMA * resolution.sigma(instrument, settings, nodes)
    width = fwhm / BINS_PER_FWHM
    if instrument is None and not view.fwhm_mev:
        width = view.energy_scale * np.interp(
            np.abs(nodes) / view.energy_scale, partials.energy, partials.energy_widths
        )
    if view.finer_mev is not None:
        first, last = view.finer_mev
        close = (nodes >= first) & (nodes <= last)
        width[close] = np.minimum(width[close], (last - first) / CLOSE_BINS)
    passed = integrate.cumulative_trapezoid(1 / width, nodes, initial=0.0)
    n = int(np.clip(np.ceil(passed[-1]) + 1, MIN_BINS, MAX_BINS))
    centres = np.interp(np.linspace(0.0, passed[-1], n), passed, nodes)
    return Bins.of(np.round(centres, CENTRE_DECIMALS))


def simulated_fwhm(partials: Viewed) -> float:
    """Return the FWHM in meV of the narrowest line that a run gives: that of its correlation time; 0 of phonons."""
    return 0.0 if partials.statistics == "quantum" else float(partials.metadata.get("energy_resolution_mev", 0.0))
