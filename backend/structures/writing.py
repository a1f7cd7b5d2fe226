"""Writers of structures: CIF, POSCAR and extended XYZ, with all digits of the numbers.

A CIF names the isotopes of hydrogen (D, T), and mixtures of them as sites with occupancies. Extended XYZ states the
masses of all atoms. A POSCAR has no isotopes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from backend.structures.geometry import StructureData, lengths_and_angles
from backend.wording.formatting import nucleus_text
from scattering.core.isotopes import Substitution

TYPE_SYMBOLS = {"2H": "D", "3H": "T"}
"""Isotope → its type symbol in a CIF."""


def cif(structure: StructureData, name: str, *, mass_numbers: bool = False) -> str:
    """Return a CIF that lists all atoms (P 1).

    Isotopes of other elements than H are in a comment; with `mass_numbers` they are type symbols such as 7Li, which our
    own reader knows and others may not.
    """
    lengths, angles = lengths_and_angles(structure.cell)
    unstated = [] if mass_numbers else _unstated_isotopes(structure)
    rows = [f"data_{_word(name)}", *unstated, f"_chemical_name_common '{_quotable(name)}'"]
    rows += [f"_cell_length_{axis} {value!r}" for axis, value in zip("abc", lengths.tolist(), strict=True)]
    rows += [
        f"_cell_angle_{angle} {value!r}"
        for angle, value in zip(("alpha", "beta", "gamma"), angles.tolist(), strict=True)
    ]
    rows += ["_space_group_name_H-M_alt 'P 1'", "_space_group_IT_number 1"]
    rows += ["loop_", "_space_group_symop_operation_xyz", "'x, y, z'", "loop_"]
    columns = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")
    rows += [f"_atom_site_{column}" for column in columns]
    for index, (symbol, (x, y, z)) in enumerate(zip(structure.symbols, structure.fractional.tolist(), strict=True)):
        isotope = structure.isotopes[index] if structure.isotopes else ""
        for named, share in _shares(symbol, isotope, mass_numbers).items():
            rows.append(f"{named.lstrip('0123456789')}{index + 1} {named} {x!r} {y!r} {z!r} {share:g}")
    return "\n".join(rows) + "\n"


def _shares(symbol: str, isotope: Substitution, mass_numbers: bool) -> dict[str, float]:
    """Return the type symbols of a site in a CIF with their occupancies: D, T, 7Li, or those of a mixture."""
    shares: dict[str, float] = {}
    for label, share in ({isotope or symbol: 1.0} if isinstance(isotope, str) else isotope).items():
        named = TYPE_SYMBOLS.get(label, label if mass_numbers and symbol != "H" else symbol)
        shares[named] = shares.get(named, 0.0) + share
    return shares


def _unstated_isotopes(structure: StructureData) -> list[str]:
    """Return a comment about isotopes that have no type symbol in a CIF."""
    unstated = [
        f"{nucleus_text(isotope)} on {symbol}{index}"
        for index, (symbol, isotope) in enumerate(zip(structure.symbols, structure.isotopes, strict=False), 1)
        if isotope and symbol != "H"
    ]
    return [f"# Isotopes that a CIF does not state: {', '.join(unstated)}"] if unstated else []


def poscar(structure: StructureData, name: str) -> str:
    """Return a POSCAR of VASP 5, which has no isotopes; the atoms keep their order."""
    groups = [(symbol, len(list(run))) for symbol, run in groupby(structure.symbols)]
    rows = [_line(name), "1.0"]
    rows += [_numbers(vector) for vector in structure.cell.tolist()]
    rows += [" ".join(symbol for symbol, _ in groups), " ".join(str(count) for _, count in groups), "Cartesian"]
    rows += [_numbers(position) for position in structure.positions.tolist()]
    return "\n".join(rows) + "\n"


def extxyz(structure: StructureData, name: str) -> str:
    """Return extended XYZ, with the masses of the atoms if isotopes are named."""
    lattice = _numbers(structure.cell.ravel().tolist())
    pbc = " ".join("T" if periodic else "F" for periodic in structure.pbc)
    masses = ":masses:R:1" if structure.isotopes else ""
    title = _quotable(name).replace('"', "").replace("\\", "")
    rows = [
        str(len(structure.numbers)),
        f'Lattice="{lattice}" Properties=species:S:1:pos:R:3{masses} pbc="{pbc}" name="{title}"',
    ]
    columns = structure.positions.tolist()
    if structure.isotopes:
        columns = [[*position, mass] for position, mass in zip(columns, structure.masses.tolist(), strict=True)]
    rows += [f"{symbol} {_numbers(values)}" for symbol, values in zip(structure.symbols, columns, strict=True)]
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
