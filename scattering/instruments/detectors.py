"""Detectors of an instrument: solid angle, efficiency, beam size, and the ambient background over energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from scattering.core.constants import MEV

HELIUM_ABSORPTION_BARN: Final = 5333.0
"""Absorption cross-section of ³He at 2200 m/s: Sears, Neutron News 3 (1992) 26."""
THERMAL_SPEED_M_S: Final = 2200.0
GAS_TEMPERATURE_K: Final = 293.0
SPEED_M_S_PER_SQRT_MEV: Final[float] = float(np.sqrt(2 * MEV / constants.m_n))
"""Speed of a neutron of 1 meV."""
N_CHORDS: Final = 64
"""Chords of a tube over which its efficiency is averaged: within 1e-4 of the integral."""


@dataclass(frozen=True)
class Detectors:
    """Tubes of ³He around a sample.

    Attributes
    ----------
    solid_angle
        Solid angle of all tubes, sr.
    pressure
        Of ³He, atm.
    diameter
        Of a tube, mm.
    beam
        Width and height of the beam at the sample, mm.
    frame_frequency
        Frequency of the frames of time of flight, Hz.
    """

    solid_angle: float
    pressure: float
    diameter: float
    beam: tuple[float, float]
    frame_frequency: float

    def efficiency(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the efficiency of a tube, 0 to 1: 1 − exp(−n σ(E) x), averaged over its chords x.

        σ goes as 1/v. The wall of the tube, which absorbs a few per cent of slow neutrons, is left out.

        Parameters
        ----------
        energy
            Shape (n,), meV, of the scattered neutron; the efficiency is 0 at 0 or below.
        """
        per_cm3 = self.pressure * constants.atm / (constants.k * GAS_TEMPERATURE_K) * 1e-6
        speed = SPEED_M_S_PER_SQRT_MEV * np.sqrt(np.maximum(energy, 1e-9))
        per_cm = per_cm3 * HELIUM_ABSORPTION_BARN * 1e-24 * THERMAL_SPEED_M_S / speed
        across = (np.arange(N_CHORDS) + 0.5) / N_CHORDS
        chords = self.diameter / 10 * np.sqrt(1 - across**2)
        counted = 1 - np.exp(-np.multiply.outer(per_cm, chords)).mean(axis=-1)
        return np.where(energy > 0, counted, 0.0)

    def tube_length(self, sample_detector: float) -> float:
        """Return the total length of the tubes, m, that fill the solid angle at a distance in m."""
        return self.solid_angle * sample_detector**2 / (self.diameter * 1e-3)


def frame_share(
    final_energy: NDArray[np.float64], *, flight_path: float, frame_frequency: float
) -> NDArray[np.float64]:
    """Return the fraction of the time in which neutrons of a final energy arrive, per meV: f |dt/dE_f|, t = L/v(E_f).

    It spreads counts that are constant in time, such as the ambient background, over energy transfers.

    Parameters
    ----------
    final_energy
        Shape (n,), meV, > 0; the fraction is 0 elsewhere.
    flight_path
        From sample to detector, m.
    frame_frequency
        Frequency of the frames, Hz.

    Returns
    -------
    Shape (n,), 1/meV.
    """
    slow = np.maximum(final_energy, 1e-9)
    share = frame_frequency * flight_path / (2 * SPEED_M_S_PER_SQRT_MEV * slow**1.5)
    return np.where(final_energy > 0, share, 0.0)


def read_detectors(raw: Mapping[str, Any] | None) -> Detectors | None:
    """Read the table `detectors` of an instrument, if there is one."""
    if raw is None:
        return None
    return Detectors(
        solid_angle=float(raw["solid_angle_sr"]),
        pressure=float(raw["pressure_atm"]),
        diameter=float(raw["diameter_mm"]),
        beam=(float(raw["beam_mm"][0]), float(raw["beam_mm"][1])),
        frame_frequency=float(raw["frame_hz"]),
    )
