"""Kinematic window of a spectrometer in (|q|, ω), from the conservation of energy and momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scattering.core.constants import NEUTRON_ENERGY_MEV_A2
from scattering.instruments import Instrument


def momentum_transfer(
    *, incident_energy: ArrayLike, final_energy: ArrayLike, two_theta: ArrayLike
) -> NDArray[np.float64]:
    """Return the momentum transfer of neutrons scattered through 2θ.

    ħ²q²/2mₙ = E_i + E_f − 2 √(E_i E_f) cos 2θ

    Parameters
    ----------
    incident_energy, final_energy
        meV, ≥ 0; NaN gives NaN.
    two_theta
        Scattering angle in degrees.

    Returns
    -------
    |q| in Å⁻¹, broadcast shape.

    References
    ----------
    G. L. Squires, Introduction to the Theory of Thermal Neutron Scattering (1978), Eq. 4.2 and 4.3.
    """
    e_i, e_f = np.asarray(incident_energy, dtype=float), np.asarray(final_energy, dtype=float)
    energy = e_i + e_f - 2 * np.sqrt(e_i * e_f) * np.cos(np.radians(two_theta))
    return np.asarray(np.sqrt(np.maximum(energy, 0.0) / NEUTRON_ENERGY_MEV_A2))


def incident_and_final(
    instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return E_i and E_f in meV at energy transfers ω = E_i − E_f, with validated settings.

    In direct geometry E_i is set and E_f = E_i − ω. In indirect geometry E_f is fixed and E_i = E_f + ω. Both hold for
    either sign of ω. The results have the shape of `energy`; whether they are positive is not checked.
    """
    energy = np.asarray(energy, dtype=float)
    final = instrument.final_energy(settings)
    if final is None:
        incident = float(settings["e_init"])
        return np.full_like(energy, incident), incident - energy
    return final + energy, np.full_like(energy, final)


@dataclass(frozen=True, eq=False)
class Line:
    """A line in (q, ω) along which a narrow bank measures. Arrays of shape (n_energy,), meV and Å⁻¹."""

    label: str
    energy: NDArray[np.float64]
    q: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """The region of (q, ω) that an instrument reaches.

    Attributes
    ----------
    energy
        Shape (n_energy,), meV.
    q_min, q_max
        Shape (n_energy,), Å⁻¹: the edges of the region, or the envelope of the `lines`; NaN at energies that the
        instrument does not measure.
    lines
        The banks of an instrument that measures along lines; empty otherwise.
    """

    energy: NDArray[np.float64]
    q_min: NDArray[np.float64]
    q_max: NDArray[np.float64]
    lines: tuple[Line, ...]


def window(
    instrument: Instrument,
    settings: Mapping[str, Any],
    energy: NDArray[np.float64] | None = None,
    *,
    beyond: float = 0.0,
) -> Window:
    """Return the kinematic window of an instrument.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings; a missing setting has its default.
    energy
        Shape (n_energy,), meV. Default: 256 points over the measured range.
    beyond
        meV by which the window goes on beyond the ends of the measured range, as far as energy is conserved: the
        resolution brings neutrons into the range from there.

    Raises
    ------
    InvalidSettings
        The instrument does not allow the settings.
    """
    checked = instrument.validate(settings)
    if energy is None:
        energy = np.linspace(*instrument.energy_range(checked), 256)
    low, high = instrument.measured_range(checked)
    measured = np.where((energy >= low - beyond) & (energy <= high + beyond), energy, np.nan)
    e_i, e_f = incident_and_final(instrument, checked, measured)
    possible = (e_i > 0) & (e_f >= 0)
    e_i, e_f = np.where(possible, e_i, np.nan), np.where(possible, e_f, np.nan)

    def q(two_theta: float) -> NDArray[np.float64]:
        return momentum_transfer(incident_energy=e_i, final_energy=e_f, two_theta=two_theta)

    angles = instrument.two_theta(checked)
    if angles is not None:
        return Window(energy, q(angles[0]), q(angles[1]), ())
    lines = tuple(Line(label, energy, q(angle)) for label, angle in instrument.coverage.lines.items())
    stacked = np.array([line.q for line in lines])
    return Window(energy, stacked.min(axis=0), stacked.max(axis=0), lines)


def coverage(window: Window, q: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the weight of each (q, ω) bin in the projection on ω of each bank.

    A bank that covers a range of angles weights each q bin by its solid angle, q dq/(k_i k_f), and by the part of the
    bin inside the range. A bank on a line interpolates linearly between the two nearest bins. In both cases a range
    narrower than a bin never falls between two bins.

    Parameters
    ----------
    window
        As from `window`, of n_energy energies.
    q
        Shape (n_q,), Å⁻¹. Centres of equal bins.

    Returns
    -------
    Bank name → shape (n_q, n_energy); each column sums to 1, or to 0 if the bank reaches none of the bins.
    The name of a single bank is "".
    """
    if window.lines:
        return {line.label: _line_share(line.q, q) for line in window.lines}
    measured = np.isfinite(window.q_min)
    low, high = np.where(measured, window.q_min, 0.0), np.where(measured, window.q_max, 0.0)
    step = q[1] - q[0]
    edges = np.append(q - step / 2, q[-1] + step / 2)
    # ∫ q dq over the covered part of each bin, up to a factor of 2
    share = np.diff(np.clip(edges[:, None], low, high) ** 2, axis=0)
    total = share.sum(axis=0)
    share *= np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return {"": share}


def _line_share(line: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix of linear interpolation at |q| = line(ω), shape (n_q, n_energy); columns sum to 1 or 0."""
    share = np.zeros((len(q), len(line)))
    position = (line - q[0]) / (q[1] - q[0])
    seen = np.flatnonzero((position > -1) & (position < len(q)))  # not where it is NaN
    below = np.floor(position[seen]).astype(int)
    rows = np.stack([below, below + 1])
    weights = np.stack([1 - (position[seen] - below), position[seen] - below])
    weights[(rows < 0) | (rows >= len(q))] = 0.0
    total = weights.sum(axis=0)
    weights *= np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    for row, weight in zip(rows, weights, strict=True):
        there = weight > 0
        share[row[there], seen[there]] = weight[there]
    return share


def k_ratio(instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return k_f/k_i = √(E_f/E_i), the ratio of the double-differential cross-section to S(q, ω).

    Parameters
    ----------
    instrument, settings
        An instrument and its settings; a missing setting has its default.
    energy
        Any shape, meV.

    Returns
    -------
    Shape of `energy`; NaN at energy transfers that are impossible.

    References
    ----------
    G. L. Squires, Introduction to the Theory of Thermal Neutron Scattering (1978), Ch. 2.
    """
    e_i, e_f = incident_and_final(instrument, instrument.validate(settings), energy)
    return np.sqrt(np.where((e_f >= 0) & (e_i > 0), e_f, np.nan) / np.where(e_i > 0, e_i, np.nan))
