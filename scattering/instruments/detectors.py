"""What of the scattered neutrons an instrument counts, and how large its beam is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from scattering.core.constants import MEV

HELIUM_ABSORPTION_BARN: Final = 5333.0
"""Of ³He for neutrons of 2200 m/s: Sears, Neutron News 3 (1992) 26."""
THERMAL_SPEED_M_S: Final = 2200.0
GAS_TEMPERATURE_K: Final = 293.0
SPEED_M_S_PER_SQRT_MEV: Final[float] = float(np.sqrt(2 * MEV / constants.m_n))
"""Speed of a neutron of 1 meV."""
CHORDS: Final = 64
"""Across a tube, over which its efficiency is averaged: within 1e-4 of the integral."""


@dataclass(frozen=True)
class Detectors:
    """Tubes of ³He around a sample.

    Attributes
    ----------
    solid_angle
        sr, all of them together.
    pressure
        Of ³He, atm.
    diameter
        Of a tube, mm.
    beam
        Width and height of the beam at the sample, mm.
    frame_frequency
        How many times a second the time of flight starts anew, Hz.
    """

    solid_angle: float
    pressure: float
    diameter: float
    beam: tuple[float, float]
    frame_frequency: float

    def efficiency(self, energy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the neutrons that reach a tube and are counted: 1 − exp(−n σ(E) x), averaged over its chords x.

        σ goes as 1/v. The tube's wall is left out, which takes a few per cent of slow neutrons.

        Parameters
        ----------
        energy
            Shape (n,), meV, of the scattered neutron; nothing is counted at 0 or below.
        """
        per_cm3 = self.pressure * constants.atm / (constants.k * GAS_TEMPERATURE_K) * 1e-6
        speed = SPEED_M_S_PER_SQRT_MEV * np.sqrt(np.maximum(energy, 1e-9))
        per_cm = per_cm3 * HELIUM_ABSORPTION_BARN * 1e-24 * THERMAL_SPEED_M_S / speed
        across = (np.arange(CHORDS) + 0.5) / CHORDS
        chords = self.diameter / 10 * np.sqrt(1 - across**2)
        counted = 1 - np.exp(-np.multiply.outer(per_cm, chords)).mean(axis=-1)
        return np.where(energy > 0, counted, 0.0)

    def tube_length(self, sample_detector: float) -> float:
        """All tubes end to end, m, that fill the solid angle at a distance in m."""
        return self.solid_angle * sample_detector**2 / (self.diameter * 1e-3)


def frame_share(
    final_energy: NDArray[np.float64], *, flight_path: float, frame_frequency: float
) -> NDArray[np.float64]:
    """Share of the time in which neutrons of a final energy arrive, per meV: f |dt/dE_f| with t = L/v(E_f).

    Counts that come evenly in time, as those of the room, are spread so over energy transfers.

    Parameters
    ----------
    final_energy
        Shape (n,), meV, > 0; elsewhere the share is 0.
    flight_path
        From sample to detector, m.
    frame_frequency
        Hz.

    Returns
    -------
    Shape (n,), 1/meV.
    """
    slow = np.maximum(final_energy, 1e-9)
    share = frame_frequency * flight_path / (2 * SPEED_M_S_PER_SQRT_MEV * slow**1.5)
    return np.where(final_energy > 0, share, 0.0)


def read_detectors(raw: Mapping[str, Any] | None) -> Detectors | None:
    """Read an instrument's table `detectors`, if it has one."""
    if raw is None:
        return None
    return Detectors(
        solid_angle=float(raw["solid_angle_sr"]),
        pressure=float(raw["pressure_atm"]),
        diameter=float(raw["diameter_mm"]),
        beam=(float(raw["beam_mm"][0]), float(raw["beam_mm"][1])),
        frame_frequency=float(raw["frame_hz"]),
    )
