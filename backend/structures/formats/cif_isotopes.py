"""Isotopes in a CIF: type symbols such as D or 7Li, and isotopes or ions of one element that share a site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from backend.structures.formats.expansion import MERGE_ANGSTROM, distances
from scattering.core.isotopes import NAMED, Substitution, parts
from scattering.observe import weights

FULL_OCCUPANCY: Final = 0.99
"""Refined occupancies of full sites scatter by some thousandths."""
SHARE_DECIMALS: Final = 6
_NUMBERED = re.compile(r"([0-9]{1,3})([A-Z][a-z]?)(?![a-z])")
_HYDROGEN = re.compile(r"[HD](?![A-Za-z])")
_ELEMENT = re.compile(r"[A-Z][a-z]?(?![A-Za-z])")


def _isotopes(symbol: str) -> tuple[str, ...]:
    return weights.isotopes(symbol) if symbol in chemical_symbols[1:] else ()


@dataclass(frozen=True)
class SiteName:
    """The isotope in a type symbol or a label ("" if it names none), and the symbol without its mass number.

    `D1` is deuterium. Whether `T1` is tritium or a tetrahedral site, the elements of all sites decide.
    """

    isotope: str
    symbol: str

    @classmethod
    def of(cls, text: str) -> SiteName:
        """Return the isotope of a text such as D, D1 or 7Li."""
        if (numbered := _NUMBERED.match(text)) and numbered[0] in _isotopes(numbered[2]):
            return cls(numbered[0], text[len(numbered[1]) :])
        hydrogen = _HYDROGEN.match(text)
        return cls(NAMED.get(hydrogen[0], "") if hydrogen else "", text)

    @property
    def in_mixture(self) -> str:
        """The isotope or the element in a mixture, or "": an H beside D is ¹H, and Fe2+ is iron."""
        if self.isotope or _HYDROGEN.match(self.symbol):
            return self.isotope or "1H"
        element = _ELEMENT.match(self.symbol)
        return element[0] if element and element[0] in chemical_symbols[1:] else ""

    @property
    def kind(self) -> tuple[str, bool]:
        """The element in a mixture, and whether it is as in nature."""
        mass_number, element = parts(self.in_mixture)
        return element, not mass_number


@dataclass(frozen=True)
class Mixtures:
    """Isotopes, or ions of one element, that share sites.

    Attributes
    ----------
    of_row
        First row of a shared site → its isotope or mixture; "" where as in nature.
    other_rows
        The other rows of these sites.
    partly
        First row of a shared site that is partly empty → its occupancy.
    """

    of_row: Mapping[int, Substitution]
    other_rows: frozenset[int]
    partly: Mapping[int, float]


def find_mixtures(
    names: Mapping[int, SiteName],
    occupancies: Mapping[int, float],
    positions: Mapping[int, NDArray[np.float64]],
    cell: NDArray[np.float64],
    *,
    partly: bool,
) -> Mixtures:
    """Return the fully occupied sites that isotopes or ions of one element share.

    Parameters
    ----------
    names, occupancies, positions
        Of the rows that are not fully occupied; fractional positions of shape (3,).
    cell
        Shape (3, 3), Å.
    partly
        Whether to return also the sites that isotopes share, and that are partly empty.
    """
    empty: dict[int, float] = {}
    of_row: dict[int, Substitution] = {}
    others: set[int] = set()
    by_kind: dict[tuple[str, bool], list[int]] = {}
    # The most abundant isotope gives the position
    for row in sorted(occupancies, key=lambda row: -occupancies[row]):
        if names[row].in_mixture:
            by_kind.setdefault(names[row].kind, []).append(row)
    waiting = list(by_kind.values())
    while waiting:
        rows = waiting.pop()
        points = np.array([positions[row] for row in rows])
        is_there = distances(points - points[0], cell) < MERGE_ANGSTROM
        together = [row for row, there in zip(rows, is_there, strict=True) if there]
        if rest := [row for row, there in zip(rows, is_there, strict=True) if not there]:
            waiting.append(rest)
        total = sum(occupancies[row] for row in together)
        first = together[0]
        excess = total - 1 if abs(total - 1) > 1 - FULL_OCCUPANCY + 1e-9 else 0.0
        if len(together) < 2 or excess > 0 or (excess < 0 and not (partly and names[first].isotope)):
            continue
        if excess < 0:
            empty[first] = total
        others |= set(together) - {first}
        if not any(names[row].isotope for row in together):
            of_row[first] = ""
            continue
        shares: dict[str, float] = {}
        for row in together:
            share = round(occupancies[row] / total, SHARE_DECIMALS)
            shares[names[row].in_mixture] = shares.get(names[row].in_mixture, 0.0) + share
        of_row[first] = shares if len(shares) > 1 else next(iter(shares))
    return Mixtures(of_row, frozenset(others), empty)
