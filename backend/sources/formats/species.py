"""Elements of the labels and types in a file, with what the user states of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ase.data import chemical_symbols

from backend.sources.formats.reading import Need, NeedsFields, Statements, UploadedFile
from scattering.core.isotopes import nuclide_mass
from scattering.core.notices import Notice

SYMBOLS: Final = frozenset(chemical_symbols[1:])


@dataclass(frozen=True)
class Type:
    """A type of atoms in a file: its number from 1, its label, its mass in u, and the number of its atoms."""

    number: int
    label: str
    mass: float
    n_atoms: int


def elements_of(types: Sequence[Type], statements: Statements, file: UploadedFile) -> tuple[list[str], list[float]]:
    """Return the element and the mass of each type.

    Raises
    ------
    NeedsFields
        The user must state the element of a type.
    """
    stated = statements.get("species", {})
    symbols, masses, unknown = [], [], []
    for one in types:
        nucleus = stated.get(str(one.number), stated.get(one.label, _element(one.label)))
        symbol = nucleus.lstrip("0123456789")
        if symbol not in SYMBOLS:
            unknown.append(one)
            continue
        symbols.append(symbol)
        masses.append(one.mass if nucleus == symbol else nuclide_mass(nucleus))
    if unknown:
        why = {"field": "species", "file": file.name, "types": [str(one.number) for one in unknown]}
        choices = {str(one.number): {"n_atoms": one.n_atoms, "mass_u": round(one.mass, 4)} for one in unknown}
        raise NeedsFields(Need("species", Notice("needs_field", why), choices))
    return symbols, masses


def _element(label: str) -> str:
    """Return the element that a label begins with: "Fe" of "Fe1" or "fe_up"; "" if it names none."""
    found = re.match(r"[A-Za-z]{1,2}(?![A-Za-z])", label.strip())
    symbol = found[0].capitalize() if found else ""
    return {"D": "2H", "T": "3H"}.get(symbol, symbol)
