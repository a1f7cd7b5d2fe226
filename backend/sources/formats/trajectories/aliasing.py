"""Whether the frames of a trajectory are close enough to follow the vibrations, and precise enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_ATOMS: Final = 16
"""Atoms of each species that are looked at."""
MAX_STEPS: Final = 2048
"""Steps that are looked at."""
TOP: Final = 0.8
"""Begin of the energies next to the largest that frames resolve, relative to it."""
MAX_TOP_POWER: Final = 0.03
"""Fraction of the power of the steps in these energies. It is 0.2 for motion without memory from frame to frame."""

MIN_POWER_OVER_ROUNDING: Final = 3.0
"""Power of steps that shows motion, relative to that of the rounding of positions, which it includes."""
SMOOTH_PARTS: Final = 60
"""Parts of the spectrum over which a power is averaged."""


class StepSampler:
    """The moves of some atoms of each species between frames.

    Frames too far apart fold vibrations into lower energies. The moves of a species then turn back from frame to frame,
    and have power up to the largest energy that the frames resolve. Either alone also has other causes: all vibrations
    may lie in the upper half of the energies, or a few of the atoms vibrate there.

    Parameters
    ----------
    nuclei
        Species of each atom.
    """

    def __init__(self, nuclei: Sequence[str]) -> None:
        names = np.array(nuclei)
        self._atoms = {name: np.flatnonzero(names == name)[:MAX_ATOMS] for name in sorted(set(nuclei))}
        self._chosen = np.concatenate(list(self._atoms.values()))
        self._steps = list[NDArray[np.float32]]()

    def add(self, step: NDArray[np.float64]) -> None:
        """Add the moves from one frame to the next, shape (n_atoms, 3), Å."""
        if len(self._steps) < MAX_STEPS:
            self._steps.append(step[self._chosen].astype(np.float32))

    def folded(self) -> list[str]:
        """Return the species whose vibrations are folded into lower energies."""
        steps = np.array(self._steps)
        steps -= steps.mean(axis=0)
        found, begin = [], 0
        for name, atoms in self._atoms.items():
            if _is_folded(steps[:, begin : begin + len(atoms)]):
                found.append(name)
            begin += len(atoms)
        return found

    def rounding_limit(self, rounding_angstrom: float) -> float:
        """Return the energy above which no motion outweighs the rounding of positions, relative to the largest one.

        Rounding errors are taken as independent from frame to frame, uniform within a step: their power is that of
        the differences of white noise.
        """
        steps = np.array(self._steps)
        window = np.hanning(len(steps))
        angles = np.linspace(0, np.pi, len(steps) // 2 + 1)
        noise = rounding_angstrom**2 / 12 * 2 * (1 - np.cos(angles)) * (window**2).sum()
        limit, begin = 0.0, 0
        for atoms in self._atoms.values():
            power = _power(steps[:, begin : begin + len(atoms)]) / (3 * len(atoms))
            above = np.flatnonzero(_smooth(power) > MIN_POWER_OVER_ROUNDING * noise)
            limit = max(limit, above[-1] / (len(power) - 1) if len(above) else 0.0)
            begin += len(atoms)
        return limit


def _power(steps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the power spectrum of steps, with a window that leaves little in distant energies."""
    moves = steps - steps.mean(axis=0)
    window = np.hanning(len(moves))[:, None, None]
    return np.asarray((np.abs(np.fft.rfft(moves * window, axis=0)) ** 2).sum(axis=(1, 2)))


def _smooth(power: NDArray[np.float64]) -> NDArray[np.float64]:
    width = max(3, len(power) // SMOOTH_PARTS)
    return np.convolve(power, np.ones(width) / width, mode="same")


def _is_folded(steps: NDArray[np.float32]) -> bool:
    if float((steps[1:] * steps[:-1]).sum()) >= 0:
        return False
    power = _power(steps)
    top = power[int(TOP * (len(power) - 1)) + 1 :].sum()
    return bool(top > MAX_TOP_POWER * power.sum())
