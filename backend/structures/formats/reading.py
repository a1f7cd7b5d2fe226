"""What the readers of all formats share: what they return, and how they refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice

ISOTOPES = {"D": "2H", "T": "3H"}
PERIODIC = (True, True, True)


class TooManyAtoms(Unreadable):
    """The cell holds more atoms than this server takes."""

    def __init__(self, n_atoms: int, max_atoms: int) -> None:
        super().__init__(Notice("too_many_atoms", {"n_atoms": n_atoms, "max_atoms": max_atoms}))


@dataclass(frozen=True)
class Reading:
    """What a reader found.

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
    notices
        Assumptions of the reader.
    """

    structure: StructureData
    title: str = ""
    formula: str = ""
    temperature_k: float | None = None
    notices: list[Notice] = field(default_factory=list)


class Species:
    """Turns element symbols into atomic numbers; keeps what has to be told about isotopes."""

    def __init__(self) -> None:
        self._isotopes: dict[str, int] = {}

    def number(self, symbol: str, where: str) -> int:
        """Atomic number of an element symbol in any case; deuterium and tritium count as hydrogen.

        Raises
        ------
        Unreadable
            There is no such element.
        """
        element = symbol.capitalize()
        if element in ISOTOPES:
            self._isotopes[element] = self._isotopes.get(element, 0) + 1
            return 1
        number = int(atomic_numbers.get(element, 0))
        if number == 0:
            raise Unreadable(f"{where}: '{symbol[:20]}' is not a chemical element.")
        return number

    def notices(self) -> list[Notice]:
        """Return a notice of each isotope that was met."""
        return [
            Notice("isotope_as_hydrogen", {"symbol": symbol, "isotope": ISOTOPES[symbol], "n_sites": count})
            for symbol, count in self._isotopes.items()
        ]


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
        """The next line.

        Raises
        ------
        Unreadable
            The file ends here.
        """
        if self.number >= len(self._lines):
            raise Unreadable(f"The file ends after line {self.number}, before {expected}.")
        self.number += 1
        return self._lines[self.number - 1]

    def remaining(self) -> int:
        """How many lines are left."""
        return len(self._lines) - self.number

    def refuse(self, message: str) -> Unreadable:
        """An error about the line that was taken last."""
        return Unreadable(f"Line {self.number}: {message}")

    def numbers(self, words: Sequence[str], count: int, what: str) -> list[float]:
        """The first `count` words as finite numbers.

        Raises
        ------
        Unreadable
            There are fewer words, or one is no finite number.
        """
        if len(words) < count:
            raise self.refuse(f"{what} takes {count} numbers, found {len(words)}.")
        try:
            values = [number(word) for word in words[:count]]
        except ValueError as error:
            raise self.refuse(f"{what}: {error}.") from None
        return values

    def count(self, word: str, what: str) -> int:
        """A word as a whole number, zero or more."""
        if not re.fullmatch(r"[0-9]{1,12}", word):
            raise self.refuse(f"{what}: '{word[:20]}' is not a whole number.")
        return int(word)


def number(word: str) -> float:
    """A finite number, in Fortran's notation too (1.0d0).

    Raises
    ------
    ValueError
        It is none; the text says so.
    """
    try:
        # float() also takes "1_0", which no file means.
        value = float(word.replace("d", "e").replace("D", "e")) if "_" not in word else np.nan
    except ValueError:
        raise ValueError(f"'{word[:20]}' is not a number") from None
    if not np.isfinite(value):
        raise ValueError(f"'{word[:20]}' is not a finite number")
    return value


def structure_from(
    numbers: Sequence[int],
    cell: Sequence[Sequence[float]] | NDArray[np.float64],
    *,
    cartesian: Sequence[Sequence[float]] | NDArray[np.float64] | None = None,
    fractional: Sequence[Sequence[float]] | NDArray[np.float64] | None = None,
    pbc: Sequence[bool] = PERIODIC,
) -> StructureData:
    """The structure of atoms given in Å or in units of the lattice vectors."""
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
    )


NO_CELL = (
    "The file has no unit cell. Beamcast simulates crystals: give lattice vectors, for a molecule those of the crystal "
    "that it was measured in."
)
