"""Views of partials: instrument, isotopes, corrections, bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from scattering.core.errors import FieldError, InvalidView
from scattering.core.quantum import Correction, Statistics, reduced_energy
from scattering.instruments import Instrument, resolution
from scattering.observe.form_factors import Probe
from scattering.observe.weights import Substitution

Contribution = Literal["total", "coherent", "incoherent"]

MAX_BINS = 4000
DEFAULT_BINS = 1600
NICE_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0)
TAIL_SIGMAS = 5.0
"""Range that a figure shows beyond the last line, in σ of the resolution."""
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
        Species, or element for all its sites, → isotope or mixture, e.g. {"H": "2H"}. Changes the scattering only,
        not the dynamics.
    contribution
        Part of the scattering.
    quantum_correction
        Correction that gives classical partials detailed balance. Quantum partials are not changed.
    energy_scale
        Factor on every energy of the sample, for a potential that is known to be too soft.
    energy_mev
        Bins of the result. Default: from the range and the resolution of the instrument. The neutron gains energy at
        energies below 0.
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
        Width of a constant Gaussian resolution without an instrument, meV.
    path
        Choices for partials along a path; None: defaults.
    """

    instrument: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    isotopes: Mapping[str, Substitution] = field(default_factory=dict)
    contribution: Contribution = "total"
    quantum_correction: Correction = "harmonic"
    energy_scale: float = 1.0
    energy_mev: EnergyGrid | None = None
    order: int | None = None
    per_order: bool = False
    elastic: bool = False
    kf_over_ki: bool = False
    q_range: tuple[float, float] | None = None
    probe: Probe = "neutron"
    fwhm_mev: float = 0.0
    path: PathView | None = None


class Viewed(Protocol):
    """Partials of a powder or a crystal, as far as a view depends on them."""

    @property
    def q(self) -> NDArray[np.float64]: ...
    @property
    def q_step(self) -> float: ...
    @property
    def energy(self) -> NDArray[np.float64]: ...
    @property
    def energy_step(self) -> float: ...
    @property
    def extent(self) -> float: ...
    @property
    def temperature(self) -> float: ...
    @property
    def statistics(self) -> Statistics: ...
    @property
    def n_orders(self) -> int: ...


def check(partials: Viewed, view: View) -> None:
    """Check that the partials can give a view.

    Raises
    ------
    InvalidView
        Names every wrong field and its remedy.
    """
    errors: list[FieldError] = []

    def refuse(loc: str, msg: str) -> None:
        errors.append({"loc": loc, "msg": msg})

    if view.instrument is None:
        if view.settings:
            refuse("settings", "Settings belong to an instrument; none was chosen.")
        if view.kf_over_ki:
            refuse("kf_over_ki", "k_f/k_i belongs to an instrument; choose one.")
        if not 0 <= view.fwhm_mev <= 1000:
            refuse("fwhm_mev", "Choose a width between 0 and 1000 meV.")
    else:
        if view.probe != "neutron":
            refuse("probe", "The instruments are neutron spectrometers; leave the instrument out for another probe.")
        if view.fwhm_mev:
            refuse("fwhm_mev", "An instrument has a resolution of its own; a width is for the sample alone.")
    if view.probe != "neutron" and view.isotopes:
        refuse("isotopes", "Isotopes differ for neutrons only.")
    if view.probe != "neutron" and view.contribution == "incoherent":
        refuse("contribution", "X-rays and electrons scatter coherently from the atoms; choose total or coherent.")
    if not 0.5 <= view.energy_scale <= 2.0:
        refuse("energy_scale", "Choose a factor between 0.5 and 2.")
    if view.order is not None and not 1 <= view.order <= partials.n_orders:
        has = f"orders 1 to {partials.n_orders}" if partials.n_orders else "all orders together"
        refuse("order", f"This prediction holds {has}; single orders come with the harmonic method.")
    if partials.statistics == "kubo" and view.quantum_correction not in ("none", "harmonic"):
        refuse(
            "quantum_correction",
            "Path-integral dynamics is quantum but for its Kubo transform, which 'harmonic' undoes exactly; "
            f"{view.quantum_correction!r} would count it twice.",
        )
    if partials.statistics == "classical" and view.quantum_correction in ("schofield", "mixed"):
        largest = float(reduced_energy(partials.energy[-1:] * view.energy_scale, partials.temperature)[0])
        if largest > MAX_REDUCED_ENERGY:
            refuse(
                "quantum_correction",
                f"{view.quantum_correction!r} grows as an exponential of βħω, which reaches {largest:.0f} here; "
                "choose 'harmonic'.",
            )
    if view.q_range is not None:
        low, high = view.q_range
        if not (np.isfinite([low, high]).all() and 0 <= low < high):
            refuse("q_inv_angstrom", "min must be 0 or more, and max above it.")
        elif not ((partials.q + partials.q_step / 2 > low) & (partials.q - partials.q_step / 2 < high)).any():
            covered = f"{partials.q[0]:.1f} to {partials.q[-1]:.1f} Å⁻¹"
            refuse("q_inv_angstrom", f"The simulation covers {covered}; choose a range within.")
    if view.energy_mev is not None:
        grid = view.energy_mev
        if not all(np.isfinite([grid.min, grid.max, grid.step])):
            refuse("energy_mev", "Give finite energies in meV.")
        elif grid.step <= 0 or grid.max <= grid.min:
            refuse("energy_mev", "max must be above min, and step above 0.")
        elif not 2 <= (grid.max - grid.min) / grid.step + 1 <= MAX_BINS:
            refuse("energy_mev.step", f"Choose between 2 and {MAX_BINS} bins.")
    if errors:
        raise InvalidView(errors)


def default_grid(
    partials: Viewed, view: View, instrument: Instrument | None, settings: Mapping[str, Any]
) -> EnergyGrid:
    """Choose energy bins on the loss side, up to the end of the scattering, with a step from the resolution."""
    low, end = 0.0, float(partials.energy[-1]) * view.energy_scale
    shown = np.array([min(1.05 * partials.extent * view.energy_scale, end)])
    if instrument is None:
        high = min(float(shown[0]) + 2 * view.fwhm_mev + 2 * partials.energy_step, end)
        finest = max(partials.energy_step, view.fwhm_mev / 3)
    else:
        low, reach = instrument.energy_range(settings)
        tail = TAIL_SIGMAS * float(resolution.sigma(instrument, settings, shown)[0])
        high = min(float(shown[0]) + tail, end, reach)
        high = high if high > low else reach
        finest = float(resolution.sigma(instrument, settings, np.linspace(low, high, 50)).min())
    step = next(
        (nice for nice in NICE_STEPS if nice >= max(finest / 3, (high - low) / DEFAULT_BINS)),
        NICE_STEPS[-1],
    )
    low = step * np.ceil(low / step - 1e-9)
    return EnergyGrid(low, max(high, low + 2 * step), step)
