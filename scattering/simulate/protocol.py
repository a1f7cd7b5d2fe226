"""Default settings of simulations: time steps, supercells and ranges that follow from the atoms and the cell.

The user may change every number here; the reason stands beside it. `scattering.options` uses these numbers to
complete the options of a simulation.
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

MIN_HARMONIC_HEIGHT_ANGSTROM: Final = 12.0
"""Å. Smallest height of the supercell of harmonic phonons: twice the radial cutoff of NEP89. No atom then has another
atom and an image of this atom within its cutoff."""
ENERGY_STEP_MEV: Final = 0.25
"""Largest bin width of partials from dynamics, and bin width of single crystals. Harmonic powders use `energy_axis`."""
Q_STEP: Final = 0.1
"""Å⁻¹. Bin width of the partials."""
MAX_ORDERS: Final = 10
"""Largest phonon order of a harmonic prediction."""


@dataclass(frozen=True)
class TimeScales:
    """Time scales of the lightest element, and the phonon energies of such materials.

    Attributes
    ----------
    timestep_fs
        Time step: about a twentieth of the period of the stiffest usual vibration.
    sample_fs
        Time between two stored frames: under half of that period, so that the frames resolve it (Nyquist).
    highest_mev
        Energy of the stiffest usual vibration, with room for its strong overtones.
    typical_mev
        Highest phonon energy of most such materials.
    """

    timestep_fs: float
    sample_fs: float
    highest_mev: float
    typical_mev: float


def time_scales(numbers: NDArray[np.integer[Any]]) -> TimeScales:
    """Return the time scales of the lightest element.

    O-H and C-H stretch at 370 to 460 meV (period 9 to 11 fs), N≡N and C≡O at 290 meV, Si-Si at 65 meV.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return TimeScales(timestep_fs=0.5, sample_fs=3.0, highest_mev=500.0, typical_mev=430.0)
    if lightest <= 10:
        return TimeScales(timestep_fs=1.0, sample_fs=6.0, highest_mev=300.0, typical_mev=170.0)
    return TimeScales(timestep_fs=2.0, sample_fs=14.0, highest_mev=140.0, typical_mev=65.0)


def cell_heights(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between opposite faces of a cell, shape (3,), Å."""
    return np.asarray(1 / np.linalg.norm(np.linalg.inv(cell), axis=0))


def choose_supercell(
    cell: NDArray[np.float64], *, min_height: float = 0.0, n_atoms: int = 1, target: int = 0
) -> list[int]:
    """Repeat a cell along its shortest sides to a minimum height (Å) and about `target` atoms.

    Sides of equal height are repeated together, so that a cubic cell stays cubic. There are more than twice `target`
    atoms only if the minimum height requires them.
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
    """Return the largest |q| in Å⁻¹ that the instruments need for a sample, rounded up to a whole number.

    Settings are the defaults. Hydrogen scatters incoherently and is measured over all |q|, up to 18 Å⁻¹. Other elements
    need 12 Å⁻¹: beyond, the Debye–Waller factor and multiphonon scattering leave no structure.
    """
    cap = 18.0 if 1 in numbers else 12.0
    if not names:
        return cap
    return min(cap, math.ceil(accessible_q(names, time_scales(numbers).highest_mev)[1] + 0.5))


def accessible_q(names: Sequence[str], end_mev: float) -> tuple[float, float]:
    """Return the smallest and largest |q| in Å⁻¹ that instruments reach up to an energy; without names (0, ∞)."""
    low, high = math.inf, 0.0
    for name in names:
        instrument = instruments.get(name)
        first, last = instrument.energy_range(instrument.defaults)
        window = kinematics.window(instrument, {}, np.linspace(first, max(first, min(last, end_mev)), 50))
        low, high = min(low, float(np.nanmin(window.q_min))), max(high, float(np.nanmax(window.q_max)))
    return (low, high) if names else (0.0, math.inf)


def nyquist_energy(sample_fs: float) -> float:
    """Return the highest energy in meV that frames `sample_fs` apart resolve."""
    return PLANCK_MEV_FS / (2 * sample_fs)
