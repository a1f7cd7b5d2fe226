"""Extended XYZ: a count, a line of key=value with Lattice and Properties, and one line for each atom."""

from __future__ import annotations

import re

import numpy as np
from ase.data import chemical_symbols

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.masses import Masses
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, structure_from
from scattering.core.notices import Notice

# Values of one line only, each pattern free of nested repetition: nothing here can backtrack for long.
KEY_VALUE = re.compile(r"""([A-Za-z_][\w-]*)\s*=\s*("[^"]*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|[^\s"'{\[]+)""")
TRUE = {"t", "true", "1"}
FALSE = {"f", "false", "0"}
DEFAULT_PROPERTIES = "species:S:1:pos:R:3"


def read(text: str, max_atoms: int) -> Reading:
    """Read the last frame of an extended XYZ file."""
    lines = Lines(text)
    frames = _frame_starts(lines, max_atoms)
    lines.number = frames[-1]
    n_atoms = int(lines.next("n_atoms"))
    comment = lines.next("lattice_line")
    fields = {key.lower(): value.strip("\"'{}[]") for key, value in KEY_VALUE.findall(comment)}
    if "lattice" not in fields:
        raise Unreadable(Notice("no_unit_cell", {"format": "extxyz"}))
    lattice = lines.numbers(re.split(r"[\s,]+", fields["lattice"].strip()), 9, "lattice")

    pbc = _pbc(fields.get("pbc"), lines)
    columns = _columns(fields.get("properties", DEFAULT_PROPERTIES), lines)
    species, masses = Species(), Masses()
    mass_column = columns.get("masses", columns.get("mass"))
    numbers, positions = [], []
    for _ in range(n_atoms):
        words = lines.next("atom").split()
        place = {"line": lines.number}
        if "species" in columns:
            symbol = words[columns["species"]] if len(words) > columns["species"] else ""
            numbers.append(species.number(symbol, place))
        else:
            z = lines.count(words[columns["z"]] if len(words) > columns["z"] else "", "atomic_number")
            if not 0 < z < len(chemical_symbols):
                raise Unreadable(Notice("unusable_element_number", {"number": z, "line": lines.number}))
            numbers.append(species.number(chemical_symbols[z], place))
        positions.append(lines.numbers(words[columns["pos"] :], 3, "position"))
        if mass_column is not None and not species.isotopes[-1]:
            word = words[mass_column] if len(words) > mass_column else ""
            species.isotopes[-1] = masses.isotope(numbers[-1], word, lines)

    notices = masses.notices()
    if len(frames) > 1:
        notices.insert(0, Notice("several_frames", {"n_frames": len(frames)}))
    structure = structure_from(
        numbers, np.array(lattice).reshape(3, 3), cartesian=positions, pbc=pbc, isotopes=species.isotopes
    )
    return Reading(structure, title=fields.get("name", ""), notices=notices)


def _frame_starts(lines: Lines, max_atoms: int) -> list[int]:
    """Line numbers before each frame; counts are checked before a line of atoms is read."""
    starts = []
    for line in lines:
        if not line.strip():
            # Nothing but empty lines may follow the last frame.
            continue
        start = lines.number - 1
        n_atoms = lines.count(line.strip(), "n_atoms")
        if n_atoms == 0:
            raise Unreadable(Notice("frame_without_atoms", {"line": lines.number}))
        if n_atoms > max_atoms:
            raise TooManyAtoms(n_atoms, max_atoms)
        if lines.remaining() < n_atoms + 1:
            raise Unreadable(Notice("atoms_missing", {"line": lines.number, "n_atoms": n_atoms}))
        lines.number += n_atoms + 1
        starts.append(start)
    if not starts:
        raise Unreadable(Notice("no_atoms"))
    return starts


def _columns(properties: str, lines: Lines) -> dict[str, int]:
    """First column of species (or Z) and pos."""
    parts = properties.split(":")
    if len(parts) % 3:
        raise lines.unexpected("properties", properties)
    columns: dict[str, int] = {}
    column = 0
    for name, _, width in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        columns.setdefault(name.lower(), column)
        column += lines.count(width, "n_columns", name=name[:20])
    if "pos" not in columns or not {"species", "z"} & columns.keys():
        raise lines.unexpected("position_columns", properties)
    return columns


def _pbc(value: str | None, lines: Lines) -> tuple[bool, ...]:
    if value is None:
        return (True, True, True)
    words = [word.lower() for word in re.split(r"[\s,]+", value.strip())]
    if len(words) == 1:
        words *= 3
    if len(words) != 3 or any(word not in TRUE | FALSE for word in words):
        raise lines.unexpected("pbc", value[:20])
    return tuple(word in TRUE for word in words)
