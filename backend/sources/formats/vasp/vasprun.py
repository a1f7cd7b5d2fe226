"""VASP's vasprun.xml of a calculation of second derivatives (IBRION = 5 to 8), read by expat without any entity."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray
from phonopy.physical_units import get_physical_units

from backend.sources.formats.reading import (
    Files,
    Need,
    NeedsFields,
    Program,
    Reading,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    check_supercell,
    incomplete,
    refusing_damage,
)
from backend.sources.formats.vasp.hessian import FUNCTIONALS, Hessian, reading_of, stated_unit_cell
from scattering.core.notices import Notice

MAX_DEPTH: Final = 40
CHUNK_BYTES: Final = 1 << 20
_ROWS: Final = {
    ("modeling", "atominfo", "array:atomtypes", "set", "rc", "c"): "types",
    ("modeling", "structure:initialpos", "crystal", "varray:basis", "v"): "lattice",
    ("modeling", "structure:initialpos", "varray:positions", "v"): "positions",
    ("modeling", "calculation", "dynmat", "varray:hessian", "v"): "hessian",
    ("modeling", "calculation", "dynmat", "i:unit"): "unit",
    ("modeling", "calculation", "array:born_charges", "set", "v"): "born_charges",
    ("modeling", "calculation", "varray:epsilon", "v"): "dielectric",
    ("modeling", "calculation", "varray:epsilon_scf", "v"): "dielectric",
    ("modeling", "generator", "i:version"): "version",
    ("modeling", "incar", "i:GGA"): "functional",
    ("modeling", "incar", "i:METAGGA"): "meta",
}
"""Place of an element, with its name → the quantity that its text belongs to."""


def read(files: Files, statements: Statements) -> Reading:
    """Read a file, with the unit cell of a POSCAR or of the stated supercell.

    Raises
    ------
    Refused
        It is damaged, declares entities, or has no second derivatives; or the user must state the supercell.
    """
    file = files["vasprun"]
    found = _collect(file)
    if not found["hessian"]:
        raise Refused(Notice("no_forces", {"file": file.name}))
    with refusing_damage(file):
        hessian = _hessian(file, found)
    lattice = stated_unit_cell(files, statements, hessian.cell)
    if lattice is None:
        raise NeedsFields(Need("supercell", Notice("needs_field", {"field": "supercell", "file": file.name})))
    tags = [text for text in (*found["meta"], *found["functional"]) if text not in ("", "--")]
    functional = FUNCTIONALS.get(tags[0].upper(), tags[0]) if tags else ""
    program = Program("VASP", next(iter(found["version"]), ""), functional=functional)
    return reading_of(hessian, file, files, statements, unit_lattice=lattice, program=program)


def _hessian(file: UploadedFile, found: dict[str, list[str]]) -> Hessian:
    # Columns of the types: number of atoms, element, mass, valence electrons, potential
    types = np.array(found["types"]).reshape(-1, 5)
    counts = types[:, 0].astype(int)
    check_supercell(float(counts.sum()))
    symbols = np.repeat([name.strip().split("_")[0] for name in types[:, 1]], counts)
    masses = np.repeat(types[:, 2].astype(float), counts)
    lattice, fractional = _numbers(found["lattice"][:3]), _numbers(found["positions"])
    n_atoms = len(masses)
    second = _numbers(found["hessian"])
    if lattice.shape != (3, 3) or fractional.shape != (n_atoms, 3) or second.shape != (3 * n_atoms, 3 * n_atoms):
        raise incomplete(file)
    if found["unit"] and found["unit"][0] == "THz^2":
        second = second / get_physical_units().DefaultToTHz ** 2
    # VASP divides derivatives of the forces by the masses
    weighted = second.reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3)
    constants = -weighted * np.sqrt(masses[:, None] * masses)[:, :, None, None]
    born = found["born_charges"]
    return Hessian(
        UnitCell(lattice, fractional @ lattice, tuple(symbols.tolist()), masses),
        constants,
        _numbers(born).reshape(-1, 3, 3) if born else None,
        _numbers(found["dielectric"][-3:]) if found["dielectric"] else None,
    )


def _numbers(rows: list[str]) -> NDArray[np.float64]:
    return np.array([row.split() for row in rows], dtype=np.float64)


def _collect(file: UploadedFile) -> dict[str, list[str]]:
    """Return the texts of the elements that are used, by quantity, in the order of the file.

    Raises
    ------
    Refused
    """
    found: dict[str, list[str]] = defaultdict(list)
    place: list[str] = []
    texts: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(place) >= MAX_DEPTH:
            raise Refused(Notice("nested_too_deep", {"file": file.name, "max_depth": MAX_DEPTH}))
        name = attributes.get("name")
        place.append(f"{tag}:{name}" if name is not None else tag)
        texts.clear()

    def end(_: str) -> None:
        quantity = _ROWS.get(tuple(place))
        if quantity is not None:
            found[quantity].append("".join(texts).strip())
        place.pop()

    def refuse(*_: Any) -> Any:
        # A file of VASP has no document type, without which there are no entities
        raise Refused(Notice("external_entity", {"file": file.name}))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    try:
        with file.path.open("rb") as content:
            while chunk := content.read(CHUNK_BYTES):
                parser.Parse(chunk)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise incomplete(file, str(error)) from error
    return found
