"""A forecast as an instrument's detectors average it over |q|, before the resolution blurs it.

A scan of thousands of settings needs it once for each incident energy: choppers only blur and attenuate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scattering.core.partials import Partials
from scattering.instruments import Instrument, kinematics
from scattering.observe.components import components_of
from scattering.observe.spectrum import sample_factor
from scattering.observe.view import View, check


@dataclass(frozen=True, eq=False)
class WeightedScattering:
    """Partials with the weights of neutrons, added up.

    Attributes
    ----------
    q
        Shape (n_q,), Å⁻¹.
    energy
        Shape (2 n − 1,), meV: centres of bins on both sides of 0.
    intensity
        Shape (n_q, 2 n − 1), barn/(sr meV) per atom, with quantum statistics on both sides.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float32]


def weigh(partials: Partials, view: View, *, elastic: bool = False) -> WeightedScattering:
    """Add up partials with the neutron weights of a view of the sample: its isotopes, correction and energy scale.

    Parameters
    ----------
    elastic
        Add the elastic line to the bin at 0.

    Raises
    ------
    InvalidView
        The partials cannot be viewed so.
    """
    check(partials, view)
    total = np.zeros((len(partials.q), len(partials.energy)), dtype=np.float32)
    for component in components_of(partials, view):
        total += component.weight[:, None] * component.values
        if elastic:
            total[:, 0] += component.weight * component.elastic / partials.energy_widths[0]
    energy = partials.energy * view.energy_scale
    both = np.concatenate([-energy[:0:-1], energy])
    factor = sample_factor(partials, view, both).astype(np.float32)
    intensity = np.concatenate([total[:, :0:-1], total], axis=1) * factor
    return WeightedScattering(partials.q, both, intensity)


def unsimulated_fraction(q_end: float, instrument: Instrument, settings: Mapping[str, Any], energy: float) -> float:
    """Return the fraction of the solid angle in which detectors see |q| beyond the simulation, at an energy transfer.

    Parameters
    ----------
    q_end
        Where the simulation ends, Å⁻¹.
    energy
        meV.
    """
    window = kinematics.window(instrument, instrument.validate(settings), np.array([energy]))
    if window.lines:
        return float(np.mean([line.q[0] > q_end for line in window.lines]))
    low, high = float(window.q_min[0]), float(window.q_max[0])
    if not high > max(low, q_end):
        return 0.0
    # A solid angle is q dq/(k_i k_f)
    return float((high**2 - max(low, q_end) ** 2) / (high**2 - low**2))


def detector_average(
    sample: WeightedScattering, instrument: Instrument, settings: Mapping[str, Any], energy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return S averaged over the |q| of the detectors at each energy transfer, all banks alike, without k_f/k_i.

    Parameters
    ----------
    energy
        Shape (n,), a contiguous part of `sample.energy`, also beyond the measured range: from there the resolution
        brings neutrons into it.

    Returns
    -------
    Shape (n,), barn/(sr meV) per atom; 0 where nothing is reached.
    """
    window = kinematics.window(instrument, settings, energy, beyond=np.inf)
    shares = kinematics.coverage(window, sample.q)
    first = int(np.searchsorted(sample.energy, energy[0]))
    part = sample.intensity[:, first : first + len(energy)]
    banks = [np.einsum("qe,qe->e", part, share.astype(np.float32)) for share in shares.values()]
    return np.asarray(np.mean(banks, axis=0), dtype=float)
