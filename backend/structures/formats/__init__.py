"""The file formats that are read: an allow-list, chosen by file name or by the user, never by looking at the text.

Left out, and why: formats that unpickle or run code (ASE's .traj, .db, .json, Python scripts); those that name other
files (Quantum ESPRESSO, CP2K, GULP, Abinit inputs); those whose symmetry or occupancies ASE's reader passes over, so
that a wrong structure would come out without a word (PDB, SHELX .res, VASP's OUTCAR images).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from backend.structures.formats import aims, castep_cell, cif, extxyz, poscar, through_ase
from backend.structures.formats.reading import Reading

__all__ = ["FORMATS", "NAMED_ONLY", "Format", "format_of", "other_kind_of"]


@dataclass(frozen=True)
class Format:
    """One readable format.

    Parameters
    ----------
    name
        What the form field `format` says.
    title
        What people call it.
    file_names
        Pattern of the file names, lower case, that mean this format.
    read
        Text and the most atoms to a `Reading`; raises `Unreadable`.
    """

    name: str
    title: str
    file_names: re.Pattern[str]
    read: Callable[[str, int], Reading]


def _named(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        Format("cif", "CIF", _named(r".*\.cif"), cif.read),
        Format(
            "poscar",
            "VASP POSCAR/CONTCAR",
            _named(r"(poscar|contcar).*", r".*\.(vasp|poscar|contcar)", r".*[._-](poscar|contcar)"),
            poscar.read,
        ),
        Format("extxyz", "extended XYZ", _named(r".*\.(extxyz|xyz)"), extxyz.read),
        Format("aims", "FHI-aims geometry.in", _named(r"geometry\.in(\..*)?", r".*[._-]geometry\.in"), aims.read),
        Format("castep-cell", "CASTEP .cell", _named(r".*\.cell"), castep_cell.read),
        Format("xsf", "XCrySDen XSF", _named(r".*\.xsf"), through_ase.read_xsf),
        Format("gen", "DFTB+ GEN", _named(r".*\.gen"), through_ase.read_gen),
    )
}


NAMED_ONLY: Final[Mapping[str, str]] = {
    "res": "shelx",
    "ins": "shelx",
    "pdb": "pdb",
    "ent": "pdb",
    "mol2": "mol2",
    "mol": "molecule",
    "sdf": "molecule",
    "mcif": "mcif",
    "mmcif": "pdb",
    "outcar": "vasp-output",
    "xml": "vasp-output",
    "traj": "ase",
    "db": "ase",
    "json": "json",
    "pwi": "espresso",
    "pwo": "espresso",
    "gin": "gulp",
    "gout": "gulp",
    "castep": "castep-output",
    "fdf": "siesta",
    "data": "lammps",
    "lmp": "lammps",
    "sqw": "data",
    "nxspe": "data",
    "jdx": "data",
    "dx": "data",
    "nxs": "data",
    "gz": "packed",
    "zip": "packed",
    "7z": "packed",
    "pdf": "document",
    "docx": "document",
}
"""Endings of names of files that are not read → their kind, for a refusal that says what to export instead."""


def format_of(file_name: str) -> Format | None:
    """The format that a file's name stands for, if any; `.txt`, which browsers and mail programs append, is ignored."""
    base = _base(file_name)
    names = [base, base.removesuffix(".txt")]
    return next((fmt for name in names for fmt in FORMATS.values() if fmt.file_names.fullmatch(name)), None)


def other_kind_of(file_name: str) -> str | None:
    """The kind of a file that is not read, by its name (a key of `NAMED_ONLY`'s values); None of an unknown one."""
    base = _base(file_name).removesuffix(".txt")
    return NAMED_ONLY.get(base.rpartition(".")[2])


def _base(file_name: str) -> str:
    return file_name.replace("\\", "/").rsplit("/", 1)[-1].strip().lower()
