"""Common parts of the readers of all formats: results, and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.geometry import StructureData
from scattering.core.isotopes import NAMED, Substitution
from scattering.core.notices import Notice

PERIODIC = (True, True, True)


class TooManyAtoms(Unreadable):
    """The cell holds more atoms than this server takes."""

    def __init__(self, n_atoms: int, max_atoms: int) -> None:
        super().__init__(Notice("too_many_atoms", {"n_atoms": n_atoms, "max_atoms": max_atoms}))


@dataclass(frozen=True)
class Reading:
    """Result of a reader.

    Parameters
    ----------
    structure
        The atoms of one cell.
    title
        The name that the file gives, or nothing.
    formula
        The chemical formula that the file states of itself, to be compared with the atoms.
    temperature_k
        The temperature that the cell was measured at, where the file states it.
    volume_angstrom3, density_g_cm3
        Volume of the cell and density that the file states, to be compared with those of its atoms.
    notices
        Assumptions of the reader.
    """

    structure: StructureData
    title: str = ""
    formula: str = ""
    temperature_k: float | None = None
    volume_angstrom3: float | None = None
    density_g_cm3: float | None = None
    notices: list[Notice] = field(default_factory=list)


class Species:
    """Turns the element symbols of atoms into atomic numbers, and keeps the isotopes, in the order of the atoms."""

    def __init__(self) -> None:
        self.isotopes: list[Substitution] = []

    def number(self, symbol: str, place: Mapping[str, Any]) -> int:
        """Add an atom, and return the atomic number of its element symbol in any case. D and T are isotopes of H.

        `place` is the line or the site that an error names: `{"line": 3}`.

        Raises
        ------
        Unreadable
            There is no such element.
        """
        element = symbol.capitalize()
        number = 1 if element in NAMED else int(atomic_numbers.get(element, 0))
        if number == 0:
            raise Unreadable(Notice("unknown_element", {"symbol": symbol[:20], **place}))
        self.isotopes.append(NAMED.get(element, ""))
        return number


class Lines:
    """A text's lines, taken one after the other, with their numbers for messages."""

    def __init__(self, text: str) -> None:
        self._lines = text.rstrip().split("\n")
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while self.number < len(self._lines):
            self.number += 1
            yield self._lines[self.number - 1]

    def next(self, expected: str) -> str:
        """The next line; `expected` is a key of `EXPECTED` in `wording.refusals.structures`.

        Raises
        ------
        Unreadable
            The file ends here.
        """
        if self.number >= len(self._lines):
            raise Unreadable(Notice("file_ends_early", {"line": self.number, "expected": expected}))
        self.number += 1
        return self._lines[self.number - 1]

    def remaining(self) -> int:
        """Number of remaining lines."""
        return len(self._lines) - self.number

    def unexpected(self, expected: str, found: str | None = None) -> Unreadable:
        """An error about the line that was taken last."""
        return unexpected(self.number, expected, found)

    def numbers(self, words: Sequence[str], count: int, quantity: str) -> list[float]:
        """The first `count` words as finite numbers.

        Raises
        ------
        Unreadable
            There are fewer words, or one is no finite number.
        """
        if len(words) < count:
            counts = {"n_expected": count, "n_found": len(words)}
            raise Unreadable(Notice("too_few_numbers", {"line": self.number, "quantity": quantity, **counts}))
        return [number(word, {"line": self.number, "quantity": quantity}) for word in words[:count]]

    def count(self, word: str, quantity: str, **details: str) -> int:
        """A word as a whole number, zero or more."""
        if not re.fullmatch(r"[0-9]{1,12}", word):
            raise unreadable_number(word, "whole_number", {"line": self.number, "quantity": quantity, **details})
        return int(word)


def unexpected(line: int, expected: str, found: str | None = None) -> Unreadable:
    """Return the error of a line with other text than the format requires there."""
    stated = None if found is None else found[:80]
    return Unreadable(Notice("unexpected_text", {"line": line, "expected": expected, "found": stated}))


def unreadable_number(word: str, kind: str, place: Mapping[str, Any]) -> Unreadable:
    """Return the error of a word that is not a number of a kind: "number", "finite_number" or "whole_number"."""
    return Unreadable(Notice("unreadable_number", {"found": word[:30], "kind": kind, **place}))


def number(word: str, place: Mapping[str, Any]) -> float:
    """A finite number, in Fortran's notation too (1.0d0).

    Raises
    ------
    Unreadable
        It is none; the error names the place.
    """
    try:
        # float() also takes "1_0", which no file means.
        value = float(word.replace("d", "e").replace("D", "e")) if "_" not in word else np.nan
    except ValueError:
        raise unreadable_number(word, "number", place) from None
    if not np.isfinite(value):
        raise unreadable_number(word, "finite_number", place)
    return value


def structure_from(
    numbers: Sequence[int],
    cell: Sequence[Sequence[float]] | NDArray[np.float64],
    *,
    cartesian: Sequence[Sequence[float]] | NDArray[np.float64] | None = None,
    fractional: Sequence[Sequence[float]] | NDArray[np.float64] | None = None,
    pbc: Sequence[bool] = PERIODIC,
    isotopes: Sequence[Substitution] = (),
) -> StructureData:
    """The structure of atoms given in Å or in units of the lattice vectors; isotopes are "" where as in nature."""
    lattice = np.asarray(cell, dtype=np.float64)
    if cartesian is None:
        positions = np.asarray(fractional, dtype=np.float64).reshape(-1, 3) @ lattice
    else:
        positions = np.asarray(cartesian, dtype=np.float64).reshape(-1, 3)
    return StructureData(
        numbers=np.asarray(numbers, dtype=np.int64),
        positions=positions,
        cell=lattice,
        pbc=np.asarray(pbc, dtype=np.bool_),
        isotopes=tuple(isotopes) if any(isotopes) else (),
    )
