"""Isotopes of the species of a sample: their names, their masses, and choices that override others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import periodictable
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray

from scattering.core.species import element, is_site

Substitution = str | Mapping[str, float]
"""An isotope ("2H"), or isotopes with their fractions ({"1H": 0.02, "2H": 0.98})."""
Isotopes = Mapping[str, Substitution]
"""Species, or element for all its sites, → its isotope or mixture. That of a site overrides that of its element."""

NAMED: Final[Mapping[str, str]] = {"D": "2H", "T": "3H"}
_LABEL: Final = re.compile(r"(\d{0,3})([A-Z][a-z]?)")


def parts(label: str) -> tuple[int, str]:
    """Return the mass number (0 at natural abundance) and the chemical symbol of a label.

    Raises
    ------
    KeyError
        The label is not an element or an isotope.
    """
    match = _LABEL.fullmatch(NAMED.get(label, label))
    if match is None:
        raise KeyError(f"{label!r} is not an element or an isotope such as 2H")
    return int(match.group(1) or 0), match.group(2)


@lru_cache(maxsize=512)
def nuclide_mass(label: str) -> float:
    """Return the mass in u of an isotope, or the mean mass of an element at natural abundance, as ASE has it.

    Raises
    ------
    KeyError
        There is no such isotope.
    """
    number, symbol = parts(label)
    if not number:
        return float(atomic_masses[atomic_numbers[symbol]])
    try:
        return float(periodictable.elements.symbol(symbol)[number].mass)
    except ValueError as error:
        raise KeyError(f"there is no isotope {label}") from error


def mean_mass(substitution: Substitution) -> float:
    """Return the mass in u of an isotope, or the mean mass of a mixture."""
    if isinstance(substitution, str):
        return nuclide_mass(substitution)
    return sum(share * nuclide_mass(label) for label, share in substitution.items())


def nucleus_of(species: str, isotopes: Isotopes) -> Substitution:
    """Return the isotope or mixture of a species: that of its site, or else of its element, or else the element."""
    symbol = element(species)
    return isotopes.get(species, isotopes.get(symbol, symbol))


def species_masses(species: Sequence[str], isotopes: Isotopes) -> NDArray[np.float64]:
    """Return the masses in u of species, shape (n_species,): mean masses of mixtures."""
    return np.array([mean_mass(nucleus_of(one, isotopes)) for one in species], dtype=float)


def override(below: Isotopes, above: Isotopes) -> dict[str, Substitution]:
    """Return isotopes in which the choices `above` replace those `below`.

    The choice for an element replaces also the choices for its sites.
    """
    replaced = {name for name in below if element(name) in above}
    return {**{name: nucleus for name, nucleus in below.items() if name not in replaced}, **above}


def simplify(isotopes: Isotopes) -> dict[str, Substitution]:
    """Return the same isotopes with the usual names, without those that are as in nature.

    D becomes 2H. A mixture of one isotope becomes this isotope.
    """
    usual = {name: _usual(nucleus) for name, nucleus in isotopes.items()}
    natural_elements = {name for name, nucleus in usual.items() if name == nucleus}
    kept = {name: nucleus for name, nucleus in usual.items() if name not in natural_elements}
    # A natural site says something only beside another choice for its element
    return {name: nucleus for name, nucleus in kept.items() if nucleus != element(name) or element(name) in kept}


def _usual(nucleus: Substitution) -> Substitution:
    if isinstance(nucleus, str):
        return NAMED.get(nucleus, nucleus)
    shares: dict[str, float] = {}
    for label, share in nucleus.items():
        if share > 0:
            usual = NAMED.get(label, label)
            shares[usual] = shares.get(usual, 0.0) + float(share)
    return next(iter(shares)) if len(shares) == 1 else shares


def differ(species: Sequence[str], one: Isotopes, other: Isotopes) -> list[str]:
    """Return the species whose nuclei are not the same in two choices of isotopes."""
    return [name for name in species if _usual(nucleus_of(name, one)) != _usual(nucleus_of(name, other))]


def names_sites(isotopes: Isotopes) -> bool:
    """Tell whether isotopes distinguish sites of an element; names that are none of a species count as elements."""
    return any(map(is_site, isotopes))


def stored_isotopes(metadata: Mapping[str, Any]) -> dict[str, Substitution]:
    """Return the isotopes of the simulation in the metadata of partials; none in those of older versions.

    Raises
    ------
    ValueError
        They are not names with isotopes or fractions.
    """
    stored = metadata.get("isotopes", {})
    if not isinstance(stored, dict):
        raise ValueError("isotopes must be a mapping")
    for name, nucleus in stored.items():
        shares = nucleus if isinstance(nucleus, dict) else {nucleus: 1.0}
        if not all(isinstance(label, str) and isinstance(share, int | float) for label, share in shares.items()):
            raise ValueError(f"isotopes of {name} are neither a name nor fractions")
    return dict(stored)
