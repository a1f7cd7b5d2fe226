"""How to simulate a structure: time steps, supercells and ranges that follow from its atoms and its cell.

Every number here is a choice that the user may overrule; the reason stands beside it. `scattering.options` makes
complete options of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.constants import PLANCK_MEV_FS
from scattering.instruments import kinematics

MIN_HARMONIC_HEIGHT: Final = 12.0
"""Å. Twice the radial cutoff of NEP89: no atom then meets its own image within the cutoff of another."""
ENERGY_STEP_MEV: Final = 0.25
"""Largest bins of the partials of a run, and the bins of a single crystal: of a harmonic powder see `energy_axis`."""
Q_STEP: Final = 0.1
"""Å⁻¹. Bins of the partials."""
MAX_ORDERS: Final = 10
"""Of the phonons that a harmonic prediction counts."""


@dataclass(frozen=True)
class TimeScales:
    """How fast the lightest element moves.

    Attributes
    ----------
    timestep_fs
        About a twentieth of the period of its stiffest usual vibration.
    sample_fs
        Between two stored frames: under half of that period, so that its frequency is resolved (Nyquist).
    highest_mev
        The stiffest usual vibration with room for overtones that matter.
    typical_mev
        Where the vibrations of most such materials end.
    """

    timestep_fs: float
    sample_fs: float
    highest_mev: float
    typical_mev: float


def time_scales(numbers: NDArray[np.integer[Any]]) -> TimeScales:
    """Choose time step and sampling from the lightest element.

    O-H and C-H stretch at 370 to 460 meV (period 9 to 11 fs), N≡N and C≡O at 290 meV, Si-Si at 65 meV.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return TimeScales(timestep_fs=0.5, sample_fs=3.0, highest_mev=500.0, typical_mev=430.0)
    if lightest <= 10:
        return TimeScales(timestep_fs=1.0, sample_fs=6.0, highest_mev=300.0, typical_mev=170.0)
    return TimeScales(timestep_fs=2.0, sample_fs=14.0, highest_mev=140.0, typical_mev=65.0)


def cell_heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances between opposite faces of a cell, shape (3,), Å."""
    return np.asarray(1 / np.linalg.norm(np.linalg.inv(cell), axis=0))


def choose_supercell(
    cell: NDArray[np.float64], *, min_height: float = 0.0, n_atoms: int = 1, target: int = 0
) -> list[int]:
    """Repeat a cell along its shortest sides until it is high enough and has about as many atoms as wanted.

    Sides of equal length grow together, so that a cubic cell stays cubic; it stops short of twice the atoms wanted.
    """
    side, repeats = cell_heights(cell), np.ones(3, dtype=int)
    while True:
        shortest = (side * repeats).min()
        larger = repeats + (side * repeats < 1.02 * shortest)
        wanted = n_atoms * repeats.prod() < target and n_atoms * larger.prod() <= 2 * target
        if shortest >= min_height and not wanted:
            return [int(repeat) for repeat in repeats]
        repeats = larger


def max_q(numbers: NDArray[np.integer[Any]], names: Sequence[str]) -> float:
    """Largest |q| in Å⁻¹ that the instruments with their defaults see of such a sample, to a whole number.

    Hydrogen scatters incoherently and is looked at over all |q|, up to 18 Å⁻¹; else 12 Å⁻¹ suffice, beyond which the
    Debye–Waller factor and multi-phonon scattering have blurred everything.
    """
    cap = 18.0 if 1 in numbers else 12.0
    if not names:
        return cap
    return min(cap, math.ceil(accessible_q(names, time_scales(numbers).highest_mev)[1] + 0.5))


def accessible_q(names: Sequence[str], end_mev: float) -> tuple[float, float]:
    """Smallest and largest |q| in Å⁻¹ that instruments with their defaults reach up to an energy; all without names."""
    low, high = math.inf, 0.0
    for name in names:
        instrument = instruments.get(name)
        first, last = instrument.energy_range(instrument.defaults)
        window = kinematics.window(instrument, {}, np.linspace(first, max(first, min(last, end_mev)), 50))
        low, high = min(low, float(np.nanmin(window.q_min))), max(high, float(np.nanmax(window.q_max)))
    return (low, high) if names else (0.0, math.inf)


def nyquist_energy(sample_fs: float) -> float:
    """Highest energy in meV that frames so far apart can tell."""
    return PLANCK_MEV_FS / (2 * sample_fs)
