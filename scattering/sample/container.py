"""Scattering of a can of aluminium or vanadium, as partials."""

from __future__ import annotations

from typing import Final

import numpy as np
import periodictable
from numpy.typing import NDArray
from scipy import fft

from scattering.core.bins import bin_edges, linear_means
from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.core.partials import Partials
from scattering.sample.specimen import ContainerElement
from scattering.simulate.phonons import occupation

DEBYE_TEMPERATURE_K: Final[dict[ContainerElement, float]] = {"Al": 428.0, "V": 380.0}
"""Kittel, Introduction to Solid State Physics (8th ed., 2005), Ch. 5, Table 1."""
STEP_MEV: Final = 0.125
"""Bins of the Debye spectrum, less than 1/260 of its end; its convolutions are linear between them."""
TAIL_WIDTHS: Final = 10.0
"""End of the scattering beyond the recoil energy, in standard deviations and highest phonon energies."""
Q_CHUNK: Final = 64
"""Momentum transfers that are computed together."""


def container_partials(
    element: ContainerElement, *, temperature: float, q: NDArray[np.float64], energy: NDArray[np.float64]
) -> Partials:
    """Return the partials of an isotropic Debye solid in the incoherent approximation, with all phonon orders.

    S(q, ω) = ∫ dt/2πħ exp(−iωt) exp(−q²U) [exp(q²γ(t)) − 1],  γ(t) = ∫ B(ω) exp(iωt) dω,  U = γ(0)
    B(±ω) = ħ²/2M · 3ω/ω_D³ · (n + ½ ± ½) up to ω_D

    The atoms of a real can interfere. Here the Bragg peaks and the dispersion of aluminium are smeared over |q|, with
    the right mean intensity. The elastic line exp(−q²U) is stored apart, as in all partials.

    Parameters
    ----------
    element
        Metal of the can.
    temperature
        Kelvin; 0 is allowed.
    q, energy
        Axes as in `Partials`, Å⁻¹ and meV.

    References
    ----------
    Squires (1978), Ch. 3, Eq. 3.36 and 3.123 for the incoherent approximation.
    """
    edges = bin_edges(energy)
    at, strength = displacements(element, temperature, STEP_MEV)
    first, second = (float(strength @ at**power) * STEP_MEV for power in (1, 2))
    reach = float(q.max()) ** 2 * first + TAIL_WIDTHS * (float(q.max()) * np.sqrt(second) + at.max())
    half = int(np.ceil(max(float(edges[-1]), reach) / STEP_MEV)) + 1
    length = fft.next_fast_len(2 * half + 1)
    circular = np.zeros(length)
    circular[np.rint(at / STEP_MEV).astype(int)] = strength
    gamma = fft.fft(circular) * STEP_MEV
    # From one node below 0 on, for the bin about 0
    place = np.arange(-1, int(np.ceil(edges[-1] / STEP_MEV)) + 1)
    nodes = np.asarray(STEP_MEV * place, dtype=np.float64)
    inelastic = np.empty((len(q), len(energy)), dtype=np.float32)
    squared, total = q[:, None] ** 2, gamma[0].real
    for start in range(0, len(q), Q_CHUNK):
        part = squared[start : start + Q_CHUNK]
        decay = np.exp(part * (gamma - total)) - np.exp(-part * total)
        spectrum = fft.ifft(decay, axis=1).real / STEP_MEV
        binned = linear_means(nodes, spectrum[:, place % length], edges)
        inelastic[start : start + Q_CHUNK] = np.maximum(binned, 0)
    elastic = np.exp(-(q**2) * total)[None]
    return Partials(
        q=q,
        energy=energy,
        species=(element,),
        concentration=np.ones(1),
        coherent=inelastic[None],
        incoherent=inelastic[None].copy(),
        coherent_elastic=elastic,
        incoherent_elastic=elastic.copy(),
        temperature=temperature,
        statistics="quantum",
        metadata={"method": "Debye solid", "debye_temperature_k": DEBYE_TEMPERATURE_K[element]},
    )


def displacements(
    element: ContainerElement, temperature: float, step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return energies of both signs, meV, and the spectrum B of the displacements along any direction, Å²/meV.

    The density of states is integrated over each bin, so that the first moment, ∫ωB dω = ħ²/2M, is exact.
    """
    highest = BOLTZMANN_MEV_PER_K * DEBYE_TEMPERATURE_K[element]
    recoil = RECOIL_MEV_A2_AMU / float(periodictable.elements.symbol(element).mass)
    above: NDArray[np.float64] = step * np.arange(1, int(np.ceil(highest / step + 0.5)), dtype=np.float64)
    edges = np.clip(np.append(above - step / 2, above[-1] + step / 2), 0, highest)
    per_energy = recoil * np.diff(edges**3) / highest**3 / above / step
    thermal = occupation(above, temperature) if temperature > 0 else np.zeros_like(above)
    at_zero = 3 * recoil * BOLTZMANN_MEV_PER_K * temperature / highest**3
    return (
        np.concatenate([-above[::-1], [0.0], above]),
        np.concatenate([(per_energy * thermal)[::-1], [at_zero], per_energy * (thermal + 1)]),
    )
