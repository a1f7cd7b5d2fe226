"""VASP's POSCAR and CONTCAR. ASE's reader looks for POTCAR beside the file; this one reads the text it is given."""

from __future__ import annotations

import re

import numpy as np
from ase.data import atomic_numbers

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, number, structure_from
from scattering.core.notices import Notice


def read(text: str, max_atoms: int) -> Reading:
    """Read a POSCAR of VASP 5 and later, or of VASP 4 with the elements in its title."""
    lines = Lines(text)
    title = lines.next("title").strip()
    scale = _scale(lines)
    cell = np.array([lines.numbers(lines.next("lattice").split(), 3, "lattice_vector") for _ in range(3)])
    if scale[0] < 0:
        volume = abs(np.linalg.det(cell))
        if volume == 0:
            raise Unreadable(Notice("cell_without_volume", {"volume_angstrom3": 0.0, "line": lines.number}))
        scale = np.full(3, np.cbrt(-scale[0] / volume))
    cell *= scale

    symbols, counts = _species(lines, title)
    if sum(counts) > max_atoms:
        raise TooManyAtoms(sum(counts), max_atoms)
    species = Species()
    place = {"line": lines.number - 1}
    numbers = [
        species.number(symbol, place) for symbol, count in zip(symbols, counts, strict=True) for _ in range(count)
    ]

    mode = lines.next("coordinate_mode").strip()
    if mode[:1].lower() == "s":
        mode = lines.next("coordinate_mode").strip()
    if mode[:1].lower() not in ("d", "c", "k"):
        raise lines.unexpected("coordinate_mode", mode[:20])
    rows = np.array([lines.numbers(lines.next("atom").split(), 3, "position") for _ in numbers])
    if mode[0].lower() == "d":
        structure = structure_from(numbers, cell, fractional=rows, isotopes=species.isotopes)
    else:
        structure = structure_from(numbers, cell, cartesian=rows.reshape(-1, 3) * scale, isotopes=species.isotopes)
    return Reading(structure, title=title)


def _scale(lines: Lines) -> np.ndarray:
    words = lines.next("scaling_factor").split()
    values = []
    for word in words[:3]:
        try:
            values.append(number(word, {"line": lines.number}))
        except Unreadable:
            break
    if len(values) == 1:
        values *= 3
    if len(values) != 3 or 0 in values or (len(set(values)) > 1 and min(values) < 0):
        raise lines.unexpected("scaling_factors", " ".join(words))
    return np.array(values)


def _species(lines: Lines, title: str) -> tuple[list[str], list[int]]:
    words = _words(lines.next("element_symbols"))
    if words and not words[0].isdigit():
        # VASP writes "Na_pv/6a2f546d" for some potentials.
        symbols = [re.split(r"[_/.]", word)[0] for word in words]
        words = _words(lines.next("n_atoms"))
    else:
        symbols = title.split()[: len(words)]
        if len(symbols) < len(words) or any(symbol not in atomic_numbers for symbol in symbols):
            raise Unreadable(Notice("elements_not_named", {"line": lines.number}))
    counts = [lines.count(word, "n_atoms") for word in words]
    if len(counts) != len(symbols):
        differing = {"n_elements": len(symbols), "n_counts": len(counts)}
        raise Unreadable(Notice("element_count_differs", {"line": lines.number, **differing}))
    if sum(counts) == 0:
        raise Unreadable(Notice("no_atoms"))
    return symbols, counts


def _words(line: str) -> list[str]:
    return re.split(r"[!#]", line, maxsplit=1)[0].split()
