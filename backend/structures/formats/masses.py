"""Isotopes from masses that a file states, such as 2.014 u for the hydrogen of deuterium."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import periodictable
from ase.data import chemical_symbols

from backend.structures.formats.reading import Lines
from scattering.core.isotopes import Substitution, nuclide_mass
from scattering.core.notices import Notice
from scattering.observe import weights

REVISION: Final = 5e-4
"""Relative; revisions of atomic weights differ by less."""
FRACTION_DECIMALS: Final = 4
MAX_LISTED: Final = 4
"""Masses that a notice names."""


class Masses:
    """Masses in u that a file states for its atoms or elements, as isotopes; keeps those that are of no isotope."""

    def __init__(self) -> None:
        self._unknown: dict[tuple[str, str], None] = {}

    def isotope(self, number: int, word: str, lines: Lines, *, unit_u: float = 1.0) -> Substitution:
        """Return the isotope or the mixture that has a mass, or "" for the natural element.

        Parameters
        ----------
        number
            Atomic number.
        word
            The mass as the file writes it: its digits tell how far it is rounded.
        lines
            The lines of the file, at that of the mass.
        unit_u
            Unit of the mass in u.

        Raises
        ------
        Unreadable
            The mass is not a number.
        """
        (value,) = lines.numbers([word], 1, "mass")
        rounding = 0.5 * 10.0 ** -_decimals(word) * unit_u
        found = isotope_of_mass(number, value * unit_u, rounding)
        if found is None:
            self._unknown[chemical_symbols[number], word[:20]] = None
        return found or ""

    def notices(self) -> list[Notice]:
        """Return a notice of masses that are of no isotope."""
        if not self._unknown:
            return []
        listed: Sequence[tuple[str, str]] = list(self._unknown)[:MAX_LISTED]
        return [Notice("masses_of_no_isotope", {"masses": [f"{symbol} {word}" for symbol, word in listed]})]


def isotope_of_mass(number: int, mass: float, rounding: float = 0.0) -> Substitution | None:
    """Return the isotope or the mixture with a mass in u; "" for the natural element; None for no isotope.

    A mass between those of the only two stable isotopes of an element is that of their mixture.

    Parameters
    ----------
    rounding
        Largest error of the mass, u, by the number of its digits.
    """
    symbol = chemical_symbols[number]
    tolerance = max(rounding, REVISION * mass)
    if abs(mass - nuclide_mass(symbol)) <= tolerance:
        return ""
    near = [label for label in _isotopes(symbol) if abs(mass - nuclide_mass(label)) <= tolerance]
    if near:
        return min(near, key=lambda label: abs(mass - nuclide_mass(label)))
    stable = [label for label in _isotopes(symbol) if periodictable.elements[number][_number(label)].abundance > 0]
    if len(stable) == 2:
        light, heavy = (nuclide_mass(label) for label in stable)
        share = round((mass - light) / (heavy - light), FRACTION_DECIMALS)
        if 0 < share < 1:
            return {stable[1]: share, stable[0]: round(1 - share, FRACTION_DECIMALS)}
    return None


@cache
def _isotopes(symbol: str) -> tuple[str, ...]:
    """Return the isotopes of an element with neutron data, lightest first."""
    return weights.isotopes(symbol)


def _number(label: str) -> int:
    return int("".join(char for char in label if char.isdigit()))


def _decimals(word: str) -> int:
    """Return the number of decimals of a number in a file; negative if it is rounded to tens or more."""
    mantissa, _, exponent = word.lower().replace("d", "e").partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)
