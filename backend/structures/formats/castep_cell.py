"""CASTEP .cell files: the lattice and position blocks. ASE's reader starts a calculator object for it."""

from __future__ import annotations

import re

import numpy as np
import scipy.constants
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.masses import Masses
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, structure_from
from backend.structures.geometry import cell_from_lengths_and_angles
from scattering.core.notices import Notice

ANGSTROM_IN = {
    "ang": 1.0,
    "bohr": scipy.constants.value("Bohr radius") / scipy.constants.angstrom,
    "a0": scipy.constants.value("Bohr radius") / scipy.constants.angstrom,
    "nm": 10.0,
    "pm": 0.01,
    "cm": 1e8,
    "m": 1e10,
}
MASS_UNITS_U = {
    "amu": 1.0,
    "me": scipy.constants.value("electron mass in u"),
    "kg": 1 / scipy.constants.value("atomic mass constant"),
    "g": 1e-3 / scipy.constants.value("atomic mass constant"),
}
WANTED = {"lattice_cart", "lattice_abc", "positions_frac", "positions_abs", "species_mass"}

Row = tuple[int, list[str]]


def read(text: str, max_atoms: int) -> Reading:
    """Read the lattice and the positions of a .cell file; its other blocks say how to compute, not what."""
    lines = Lines(text)
    blocks = _blocks(lines)
    for choice in ("LATTICE_CART", "LATTICE_ABC"), ("POSITIONS_FRAC", "POSITIONS_ABS"):
        if sum(name.lower() in blocks for name in choice) != 1:
            raise Unreadable(Notice("one_block_of", {"blocks": choice}))
    cell = _lattice(lines, blocks)

    absolute = "positions_abs" in blocks
    rows = blocks["positions_abs" if absolute else "positions_frac"]
    unit = _length_unit(lines, rows) if absolute else 1.0
    if not rows:
        raise Unreadable(Notice("no_atoms"))
    if len(rows) > max_atoms:
        raise TooManyAtoms(len(rows), max_atoms)
    species = Species()
    masses, found = Masses(), _masses(lines, blocks.get("species_mass", []))
    numbers, positions = [], []
    for lines.number, words in rows:
        if any("mixture" in word.lower() for word in words):
            raise Unreadable(Notice("unsupported_keyword", {"line": lines.number, "keyword": "mixture"}))
        # "H:D" or "Fe:1" name a kind of the element.
        symbol, _, kind = words[0].partition(":")
        numbers.append(species.number(kind if kind.upper() in ("D", "T") else symbol, {"line": lines.number}))
        if stated := found.get(words[0].lower(), found.get(symbol.lower())):
            word, unit_u = stated
            species.isotopes[-1] = masses.isotope(numbers[-1], word, lines, unit_u=unit_u) or species.isotopes[-1]
        positions.append(lines.numbers(words[1:], 3, "position"))
    placed = np.array(positions) * unit
    structure = (
        structure_from(numbers, cell, cartesian=placed, isotopes=species.isotopes)
        if absolute
        else structure_from(numbers, cell, fractional=placed, isotopes=species.isotopes)
    )
    return Reading(structure, notices=masses.notices())


def _masses(lines: Lines, rows: list[Row]) -> dict[str, tuple[str, float]]:
    """Return the masses of the block SPECIES_MASS: name of the species in small letters → mass, and its unit in u."""
    unit_u = _mass_unit(lines, rows)
    found = {}
    for lines.number, words in rows:
        lines.numbers(words[1:], 1, "mass")
        found[words[0].lower()] = words[1], unit_u
    return found


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
                raise lines.unexpected("block_name")
            name = words[1].lower()
            if name in blocks:
                raise Unreadable(Notice("repeated_block", {"line": lines.number, "block": name[:30]}))
            blocks[name] = []
        elif first == "%endblock":
            if name is None:
                raise lines.unexpected("block_start")
            name = None
        elif name in WANTED:
            blocks[name].append((lines.number, words))
    if name is not None:
        raise Unreadable(Notice("unclosed_block", {"block": name[:30]}))
    return blocks


def _unit(lines: Lines, rows: list[Row]) -> str:
    """The block's unit, which stands alone in its first line, in small letters; taken off the rows. "" if none."""
    if not rows or len(rows[0][1]) != 1:
        return ""
    lines.number, (word,) = rows.pop(0)
    return word.lower()


def _length_unit(lines: Lines, rows: list[Row]) -> float:
    """Å in the block's unit of length."""
    unit = _unit(lines, rows) or "ang"
    if unit not in ANGSTROM_IN:
        named = {"unit": unit[:20], "known": list(ANGSTROM_IN)}
        raise Unreadable(Notice("unit_of_length_unknown", {"line": lines.number, **named}))
    return float(ANGSTROM_IN[unit])


def _mass_unit(lines: Lines, rows: list[Row]) -> float:
    """Atomic mass units in the block's unit of mass."""
    unit = _unit(lines, rows) or "amu"
    if unit not in MASS_UNITS_U:
        named = {"unit": unit[:20], "known": list(MASS_UNITS_U)}
        raise Unreadable(Notice("unit_of_mass_unknown", {"line": lines.number, **named}))
    return float(MASS_UNITS_U[unit])


def _lattice(lines: Lines, blocks: dict[str, list[Row]]) -> NDArray[np.float64]:
    cartesian = "lattice_cart" in blocks
    rows = blocks["lattice_cart" if cartesian else "lattice_abc"]
    unit = _length_unit(lines, rows)
    if len(rows) != (3 if cartesian else 2):
        raise Unreadable(Notice("lattice_line_count", {"n_lines": len(rows)}))
    values = []
    for lines.number, words in rows:
        values.append(lines.numbers(words, 3, "lattice"))
    if cartesian:
        return unit * np.array(values)
    try:
        return cell_from_lengths_and_angles(unit * np.array(values[0]), np.array(values[1]))
    except ValueError:
        raise Unreadable(Notice("impossible_angles", {"angles_deg": values[1], "line": lines.number})) from None
