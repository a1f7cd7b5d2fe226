"""CASTEP .cell files: the lattice and position blocks. ASE's reader starts a calculator object for it."""

from __future__ import annotations

import re

import numpy as np
import scipy.constants
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, structure_from
from backend.structures.geometry import cell_from_lengths_and_angles

ANGSTROM_IN = {
    "ang": 1.0,
    "bohr": scipy.constants.value("Bohr radius") / scipy.constants.angstrom,
    "a0": scipy.constants.value("Bohr radius") / scipy.constants.angstrom,
    "nm": 10.0,
    "pm": 0.01,
    "cm": 1e8,
    "m": 1e10,
}
WANTED = {"lattice_cart", "lattice_abc", "positions_frac", "positions_abs"}

Row = tuple[int, list[str]]


def read(text: str, max_atoms: int) -> Reading:
    """Read the lattice and the positions of a .cell file; its other blocks say how to compute, not what."""
    lines = Lines(text)
    blocks = _blocks(lines)
    if len(blocks.keys() & {"lattice_cart", "lattice_abc"}) != 1:
        raise Unreadable("A .cell file takes one block of LATTICE_CART and LATTICE_ABC.")
    if len(blocks.keys() & {"positions_frac", "positions_abs"}) != 1:
        raise Unreadable("A .cell file takes one block of POSITIONS_FRAC and POSITIONS_ABS.")
    cell = _lattice(lines, blocks)

    absolute = "positions_abs" in blocks
    rows = blocks["positions_abs" if absolute else "positions_frac"]
    unit = _unit(lines, rows) if absolute else 1.0
    if not rows:
        raise Unreadable("The file has no atoms.")
    if len(rows) > max_atoms:
        raise TooManyAtoms(len(rows), max_atoms)
    species = Species()
    numbers, positions = [], []
    for lines.number, words in rows:
        if any("mixture" in word.lower() for word in words):
            raise lines.refuse("MIXTURE puts several elements on one site; give each site one whole atom.")
        # "H:D" or "Fe:1" name a kind of the element.
        symbol, _, kind = words[0].partition(":")
        numbers.append(species.number(kind if kind.upper() in ("D", "T") else symbol, f"Line {lines.number}"))
        positions.append(lines.numbers(words[1:], 3, "a position"))
    placed = np.array(positions) * unit
    structure = (
        structure_from(numbers, cell, cartesian=placed)
        if absolute
        else structure_from(numbers, cell, fractional=placed)
    )
    return Reading(structure, notices=species.notices())


def _blocks(lines: Lines) -> dict[str, list[Row]]:
    blocks: dict[str, list[Row]] = {}
    name: str | None = None
    for line in lines:
        words = re.split(r"[#!;]", line, maxsplit=1)[0].split()
        if not words:
            continue
        first = words[0].lower()
        if first == "%block":
            if name is not None or len(words) < 2:
                raise lines.refuse("%BLOCK without a name, or inside another block.")
            name = words[1].lower()
            if name in blocks:
                raise lines.refuse(f"a second block {name[:30]}.")
            blocks[name] = []
        elif first == "%endblock":
            if name is None:
                raise lines.refuse("%ENDBLOCK without %BLOCK.")
            name = None
        elif name in WANTED:
            blocks[name].append((lines.number, words))
    if name is not None:
        raise Unreadable(f"The block {name[:30]} is not closed.")
    return blocks


def _unit(lines: Lines, rows: list[Row]) -> float:
    """Å in the block's unit, which stands alone in its first line; taken off the rows."""
    if not rows or len(rows[0][1]) != 1:
        return 1.0
    lines.number, (word,) = rows.pop(0)
    if word.lower() not in ANGSTROM_IN:
        raise lines.refuse(f"'{word[:20]}' is not a unit of length; CASTEP knows {', '.join(ANGSTROM_IN)}.")
    return float(ANGSTROM_IN[word.lower()])


def _lattice(lines: Lines, blocks: dict[str, list[Row]]) -> NDArray[np.float64]:
    cartesian = "lattice_cart" in blocks
    rows = blocks["lattice_cart" if cartesian else "lattice_abc"]
    unit = _unit(lines, rows)
    if len(rows) != (3 if cartesian else 2):
        raise Unreadable("LATTICE_CART takes three lines, LATTICE_ABC two (lengths, angles).")
    values = []
    for lines.number, words in rows:
        values.append(lines.numbers(words, 3, "the lattice"))
    if cartesian:
        return unit * np.array(values)
    try:
        return cell_from_lengths_and_angles(unit * np.array(values[0]), np.array(values[1]))
    except ValueError as error:
        raise lines.refuse(f"{error}.") from None
