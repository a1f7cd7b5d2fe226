"""Neutron scattering lengths and cross-sections of elements and isotopes.

One source: Sears, Neutron News 3 (1992) 26, with the later revisions that `periodictable` tabulates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import periodictable
from numpy.typing import NDArray

from scattering.constants import BARN_PER_FM2
from scattering.errors import FieldError, InvalidView

_ISOTOPE = re.compile(r"^(\d{1,3})?([A-Z][a-z]?)$")
_NAMED_ISOTOPES = {"D": "2H", "T": "3H"}


@dataclass(frozen=True)
class Scatterer:
    """What a nucleus contributes: bound coherent length in fm (complex) and incoherent cross-section in barn."""

    label: str
    coherent_length: complex
    incoherent_cross_section: float


@lru_cache(maxsize=512)
def scatterer(label: str) -> Scatterer:
    """Look up an element at natural abundance ("H") or an isotope ("2H", "D").

    Raises
    ------
    KeyError
        No such element or isotope, or no neutron data for it.
    """
    match = _ISOTOPE.match(_NAMED_ISOTOPES.get(label, label))
    if match is None:
        raise KeyError(f"{label!r} is not an element or an isotope such as 2H")
    mass_number, symbol = match.groups()
    try:
        element = periodictable.elements.symbol(symbol)
        nuclide = element[int(mass_number)] if mass_number else element
    except (KeyError, ValueError) as error:
        raise KeyError(f"there is no isotope {label}") from error
    neutron = nuclide.neutron
    if neutron is None or neutron.b_c is None or neutron.incoherent is None:
        raise KeyError(f"no neutron scattering length is tabulated for {label}")
    length = neutron.b_c_complex if neutron.b_c_complex is not None else neutron.b_c
    return Scatterer(label, complex(length), float(neutron.incoherent))


def isotopes(symbol: str) -> tuple[str, ...]:
    """Return the isotopes of an element that have neutron data, e.g. ("1H", "2H", "3H")."""
    element = periodictable.elements.symbol(symbol)
    found = []
    for mass_number in element.isotopes:
        try:
            found.append(scatterer(f"{mass_number}{symbol}").label)
        except KeyError:
            continue
    return tuple(found)


def scatterers(species: Sequence[str], substitutions: Mapping[str, str]) -> tuple[Scatterer, ...]:
    """Return the nucleus that stands for each species, natural abundance unless substituted.

    Raises
    ------
    InvalidView
        A substitution for a species that is not there, or by a nucleus of another element or without data.
    """
    errors: list[FieldError] = []
    for symbol, label in substitutions.items():
        match = _ISOTOPE.match(_NAMED_ISOTOPES.get(label, label))
        if symbol not in species:
            msg = f"The sample has no {symbol}; it has {', '.join(species)}."
        elif match is None or match.group(2) != symbol:
            msg = f"{label!r} is not an isotope of {symbol}; write it as mass number and symbol, such as 2H."
        else:
            try:
                scatterer(label)
                continue
            except KeyError as error:
                msg = f"{error.args[0]}."
        errors.append({"loc": f"isotopes.{symbol}", "msg": msg})
    if errors:
        raise InvalidView(errors)
    try:
        return tuple(scatterer(substitutions.get(symbol, symbol)) for symbol in species)
    except KeyError as error:
        raise InvalidView([{"loc": "isotopes", "msg": f"{error.args[0]}; choose an isotope."}]) from error


def coherent_weights(nuclei: Sequence[Scatterer]) -> NDArray[np.float64]:
    """Re(b_α b_β*) for the unique pairs of `Partials.pairs`. Shape (n_pairs,), barn/sr."""
    lengths = [nucleus.coherent_length for nucleus in nuclei]
    return BARN_PER_FM2 * np.array(
        [(a * b.conjugate()).real for i, a in enumerate(lengths) for b in lengths[i:]], dtype=float
    )


def incoherent_weights(nuclei: Sequence[Scatterer]) -> NDArray[np.float64]:
    """σ_inc / 4π of each species. Shape (n_species,), barn/sr."""
    return np.array([nucleus.incoherent_cross_section for nucleus in nuclei]) / (4 * np.pi)
