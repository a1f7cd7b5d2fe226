"""VASP's POSCAR and CONTCAR. ASE's reader looks for POTCAR beside the file; this one reads the text it is given."""

from __future__ import annotations

import re

import numpy as np
from ase.data import atomic_numbers

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, number, structure_from


def read(text: str, max_atoms: int) -> Reading:
    """Read a POSCAR of VASP 5 and later, or of VASP 4 with the elements in its title."""
    lines = Lines(text)
    title = lines.next("the title").strip()
    scale = _scale(lines)
    cell = np.array([lines.numbers(lines.next("the lattice").split(), 3, "a lattice vector") for _ in range(3)])
    if scale[0] < 0:
        volume = abs(np.linalg.det(cell))
        if volume == 0:
            raise lines.refuse("the lattice vectors span no volume.")
        scale = np.full(3, np.cbrt(-scale[0] / volume))
    cell *= scale

    symbols, counts = _species(lines, title)
    if sum(counts) > max_atoms:
        raise TooManyAtoms(sum(counts), max_atoms)
    species = Species()
    where = f"Line {lines.number - 1}"
    numbers = [
        species.number(symbol, where) for symbol, count in zip(symbols, counts, strict=True) for _ in range(count)
    ]

    mode = lines.next("'Direct' or 'Cartesian'").strip()
    if mode[:1].lower() == "s":
        mode = lines.next("'Direct' or 'Cartesian'").strip()
    if mode[:1].lower() not in ("d", "c", "k"):
        raise lines.refuse(f"expected 'Direct' or 'Cartesian', found '{mode[:20]}'.")
    rows = np.array([lines.numbers(lines.next("the last atom").split(), 3, "a position") for _ in numbers])
    if mode[0].lower() == "d":
        structure = structure_from(numbers, cell, fractional=rows)
    else:
        structure = structure_from(numbers, cell, cartesian=rows.reshape(-1, 3) * scale)
    return Reading(structure, title=title, notices=species.notices())


def _scale(lines: Lines) -> np.ndarray:
    words = lines.next("the scaling factor").split()
    values = []
    for word in words[:3]:
        try:
            values.append(number(word))
        except ValueError:
            break
    if len(values) == 1:
        values *= 3
    if len(values) != 3 or 0 in values or (len(set(values)) > 1 and min(values) < 0):
        raise lines.refuse("expected one scaling factor that is not zero, or three positive ones.")
    return np.array(values)


def _species(lines: Lines, title: str) -> tuple[list[str], list[int]]:
    words = _words(lines.next("the elements"))
    if words and not words[0].isdigit():
        # VASP writes "Na_pv/6a2f546d" for some potentials.
        symbols = [re.split(r"[_/.]", word)[0] for word in words]
        words = _words(lines.next("the numbers of atoms"))
    else:
        symbols = title.split()[: len(words)]
        if len(symbols) < len(words) or any(symbol not in atomic_numbers for symbol in symbols):
            raise lines.refuse(
                "this POSCAR does not name its elements (VASP 4). Put a line with their symbols above this one."
            )
    counts = [lines.count(word, "the number of atoms") for word in words]
    if len(counts) != len(symbols):
        raise lines.refuse(f"{len(symbols)} elements but {len(counts)} numbers of atoms.")
    if sum(counts) == 0:
        raise Unreadable("The file has no atoms.")
    return symbols, counts


def _words(line: str) -> list[str]:
    return re.split(r"[!#]", line, maxsplit=1)[0].split()
