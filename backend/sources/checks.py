"""Doubts about phonons: what their numbers say of the calculation, and of files that do not belong together."""

from __future__ import annotations

from typing import Final

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.notices import Notice
from scattering.core.polarity import is_polar
from scattering.simulate.constant_checks import acoustic_sum_error, asymmetry

MAX_ACOUSTIC_SUM: Final = 0.02
"""Sum of the force constants of an atom, over its force constant with itself."""
MAX_ASYMMETRY: Final = 0.02
"""Difference of two force constants that must be the same, over the largest one of an atom with itself."""


def find_doubts(crystal: HarmonicCrystal, *, unsymmetrised: HarmonicCrystal | None = None) -> list[Notice]:
    """Return doubts about force constants, and whether Born charges are missing.

    Parameters
    ----------
    unsymmetrised
        The force constants before they were made symmetric, which hides errors.
    """
    raw = unsymmetrised or crystal
    found = []
    if (error := acoustic_sum_error(raw)) > MAX_ACOUSTIC_SUM:
        found.append(Notice("acoustic_sum_rule", {"percent": round(100 * error, 1)}))
    if (error := asymmetry(raw)) > MAX_ASYMMETRY:
        found.append(Notice("constants_not_symmetric", {"percent": round(100 * error, 1)}))
    if crystal.dipoles is None and is_polar(crystal.symbols):
        found.append(Notice("no_nac"))
    return found
