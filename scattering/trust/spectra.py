"""Measures of the reliability of spectra: mean energies, the energy that classical nuclei lack, noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.partials import Partials
from scattering.core.quantum import harmonic_correction
from scattering.crystal.partials import CrystalPartials

LOW_Q_INV_ANGSTROM: Final = (0.5, 1.5)
"""Range of |q| in which nearly all scattering is by one phonon: with ⟨u²⟩ = 0.04 Å² along q, as for hydrogen, all but
2 %."""
END_OVER_EXTENT: Final = 1.1
"""End of a density of states over the extent of the harmonic spectrum: beyond, ω² would magnify the noise of a
classical spectrum."""
MODE_FRACTION: Final = 0.95
"""Fraction of the states below the highest mode: the rest may be overtones or noise, which ω² magnifies."""
MIN_VISIBLE_FRACTION: Final = 0.01
"""Intensity over the maximum of a spectrum from which on its relative error counts."""

AnyPartials = Partials | CrystalPartials


def density_of_states(partials: AnyPartials, *, end_mev: float) -> NDArray[np.float64]:
    """Return the density of vibrational states of each species, from the incoherent scattering at small q.

    One phonon of a crystal scatters as S(q, ω) ∝ q² g(ω)/ω · (n + 1), so g ∝ ω² S / f with f = βħω/(1 − exp(−βħω)) for
    a quantum S, and f = 1 for a classical or Kubo-transformed one.

    Parameters
    ----------
    end_mev
        There are no states at higher energies.

    Returns
    -------
    Shape (n_species, n_energy), 1/meV, each normalised to 1; zeros if a species does not scatter.
    """
    return _densities(partials.incoherent, partials, end_mev)


def _densities(incoherent: NDArray[Any], partials: AnyPartials, end_mev: float) -> NDArray[np.float64]:
    q, energy = partials.q, partials.energy
    rows = (q >= LOW_Q_INV_ANGSTROM[0]) & (q <= LOW_Q_INV_ANGSTROM[1])
    if not rows.any():
        rows = np.arange(len(q)) == np.abs(q - np.mean(LOW_Q_INV_ANGSTROM)).argmin()
    weight = np.where(energy <= end_mev, energy**2, 0.0)
    if partials.statistics == "quantum":
        weight = weight / harmonic_correction(energy, partials.temperature)
    # Equal weight for each q: one-phonon scattering grows as q²
    states = (incoherent[..., rows, :] / q[rows, None] ** 2).sum(axis=-2) * weight
    area = (states * partials.energy_widths).sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(states, area, out=np.zeros_like(states, dtype=float), where=area > 0))


def highest_mode(partials: AnyPartials) -> float:
    """Return the energy in meV below which `MODE_FRACTION` of the states lie; the extent if there are no states."""
    one_phonon = partials.incoherent if isinstance(partials, CrystalPartials) else _one_phonon(partials)
    states = _densities(one_phonon, partials, END_OVER_EXTENT * partials.extent)
    shared = (partials.concentration @ states * partials.energy_widths).cumsum()
    if not shared[-1] > 0:
        return partials.extent
    return float(partials.energy[np.searchsorted(shared, MODE_FRACTION * shared[-1])])


def _one_phonon(partials: Partials) -> NDArray[Any]:
    return partials.incoherent if partials.orders is None else partials.orders[0]


@dataclass(frozen=True)
class MeanEnergies:
    """Mean vibrational energies of a harmonic crystal and of dynamics, in meV for each species.

    Attributes
    ----------
    error
        Standard error of the means of dynamics from its runs; None if there is one run.
    """

    harmonic: dict[str, float]
    dynamics: dict[str, float]
    error: dict[str, float] | None

    @property
    def shifts(self) -> dict[str, float]:
        """Dynamics over harmonic, less 1, for each species."""
        return {one: self.dynamics[one] / energy - 1 for one, energy in self.harmonic.items() if energy > 0}


def mean_energies(harmonic: Partials, dynamics: Partials) -> MeanEnergies | None:
    """Compare the first moments of the densities of states; return None if the two have different species."""
    if harmonic.species != dynamics.species:
        return None
    end = END_OVER_EXTENT * harmonic.extent

    def means(partials: Partials, incoherent: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(_densities(incoherent, partials, end) @ (partials.energy * partials.energy_widths))

    names, error = harmonic.species, None
    if dynamics.incoherent_runs is not None:
        runs = means(dynamics, dynamics.incoherent_runs)
        error = dict(zip(names, (runs.std(axis=0, ddof=1) / np.sqrt(len(runs))).tolist(), strict=True))
    return MeanEnergies(
        dict(zip(names, means(harmonic, _one_phonon(harmonic)).tolist(), strict=True)),
        dict(zip(names, means(dynamics, dynamics.incoherent).tolist(), strict=True)),
        error,
    )


def missing_energy(partials: AnyPartials) -> dict[str, float]:
    """Return the fraction of the vibrational energy that classical nuclei of each species lack.

    1 − k_BT / ∫g(ω) (ħω/2) coth(βħω/2) dω: 0 at high temperature, 1 at 0 K, where all is zero-point motion.
    """
    energy, thermal = partials.energy[1:], BOLTZMANN_MEV_PER_K * partials.temperature
    quantum = energy / 2 / np.tanh(energy / (2 * thermal))
    states = density_of_states(partials, end_mev=END_OVER_EXTENT * partials.extent)[:, 1:]
    means = states @ (quantum * partials.energy_widths[1:])
    return {
        species: max(0.0, 1 - thermal / mean)
        for species, mean in zip(partials.species, means.tolist(), strict=True)
        if mean > 0
    }


def relative_error(intensity: NDArray[np.float64], error: NDArray[np.float64] | None) -> float | None:
    """Return the median of standard error over intensity, where the intensity is visible.

    Parameters
    ----------
    intensity, error
        Shape (n,) each, in any unit; NaN where unknown.

    Returns
    -------
    None if there is no error or no visible intensity.
    """
    if error is None or not (np.isfinite(intensity) & (intensity > 0)).any():
        return None
    seen = intensity > MIN_VISIBLE_FRACTION * np.nanmax(intensity)
    return float(np.median(error[seen] / intensity[seen]))
