"""Writers of structures: CIF, POSCAR and extended XYZ, with all digits of the numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from backend.structures.geometry import StructureData, lengths_and_angles


def cif(structure: StructureData, name: str) -> str:
    """Return a CIF that lists all atoms (P 1)."""
    lengths, angles = lengths_and_angles(structure.cell)
    rows = [f"data_{_word(name)}", f"_chemical_name_common '{_quotable(name)}'"]
    rows += [f"_cell_length_{axis} {value!r}" for axis, value in zip("abc", lengths.tolist(), strict=True)]
    rows += [
        f"_cell_angle_{angle} {value!r}"
        for angle, value in zip(("alpha", "beta", "gamma"), angles.tolist(), strict=True)
    ]
    rows += ["_space_group_name_H-M_alt 'P 1'", "_space_group_IT_number 1"]
    rows += ["loop_", "_space_group_symop_operation_xyz", "'x, y, z'", "loop_"]
    columns = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")
    rows += [f"_atom_site_{column}" for column in columns]
    for index, (symbol, (x, y, z)) in enumerate(zip(structure.symbols, structure.fractional.tolist(), strict=True), 1):
        rows.append(f"{symbol}{index} {symbol} {x!r} {y!r} {z!r} 1")
    return "\n".join(rows) + "\n"


def poscar(structure: StructureData, name: str) -> str:
    """Return a POSCAR of VASP 5; the atoms keep their order."""
    groups = [(symbol, len(list(run))) for symbol, run in groupby(structure.symbols)]
    rows = [_line(name), "1.0"]
    rows += [_numbers(vector) for vector in structure.cell.tolist()]
    rows += [" ".join(symbol for symbol, _ in groups), " ".join(str(count) for _, count in groups), "Cartesian"]
    rows += [_numbers(position) for position in structure.positions.tolist()]
    return "\n".join(rows) + "\n"


def extxyz(structure: StructureData, name: str) -> str:
    """Return extended XYZ."""
    lattice = _numbers(structure.cell.ravel().tolist())
    pbc = " ".join("T" if periodic else "F" for periodic in structure.pbc)
    title = _quotable(name).replace('"', "").replace("\\", "")
    rows = [
        str(len(structure.numbers)),
        f'Lattice="{lattice}" Properties=species:S:1:pos:R:3 pbc="{pbc}" name="{title}"',
    ]
    rows += [
        f"{symbol} {_numbers(position)}"
        for symbol, position in zip(structure.symbols, structure.positions.tolist(), strict=True)
    ]
    return "\n".join(rows) + "\n"


WRITERS: dict[str, tuple[str, Callable[[StructureData, str], str]]] = {
    "cif": (".cif", cif),
    "poscar": (".vasp", poscar),
    "extxyz": (".extxyz", extxyz),
}
"""Format → ending of the file name, writer."""


def _numbers(values: list[float]) -> str:
    return " ".join(repr(value) for value in values)


def _line(name: str) -> str:
    return " ".join(name.split()) or "structure"


def _quotable(name: str) -> str:
    return _line(name).replace("'", "’")


def _word(name: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in _line(name))[:60]
