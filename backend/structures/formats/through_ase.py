"""Formats whose ASE reader is a plain loop over the text's lines: XCrySDen's XSF and DFTB+'s GEN."""

from __future__ import annotations

import io
import re

import numpy as np

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import Reading, TooManyAtoms, unexpected
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice


def read_xsf(text: str, max_atoms: int) -> Reading:
    """Read a crystal of an XSF file; forces and data grids are left aside."""
    announced = [int(n) for n in re.findall(r"(?m)^\s*PRIMCOORD[^\n]*\n\s*([0-9]{1,12})", text)]
    if not announced:
        raise Unreadable(Notice("no_unit_cell", {"format": "xsf"}))
    return _read("xsf", text, max(announced), max_atoms)


def read_gen(text: str, max_atoms: int) -> Reading:
    """Read a periodic structure of a GEN file."""
    first = text.split("\n", 1)[0].split()
    if len(first) < 2 or not re.fullmatch(r"[0-9]{1,12}", first[0]):
        raise unexpected(1, "gen_header", " ".join(first))
    if first[1] == "C":
        raise Unreadable(Notice("no_unit_cell", {"format": "gen"}))
    return _read("gen", text, int(first[0]), max_atoms)


def _read(name: str, text: str, n_atoms: int, max_atoms: int) -> Reading:
    if n_atoms > max_atoms:
        raise TooManyAtoms(n_atoms, max_atoms)
    from ase.io.gen import read_gen as ase_read_gen
    from ase.io.xsf import iread_xsf

    try:
        images = list(iread_xsf(io.StringIO(text))) if name == "xsf" else [ase_read_gen(io.StringIO(text))]
    except Exception as error:
        # A hostile file raises whatever it likes here; its text says little, but it is all there is.
        raise Unreadable(Notice("not_a_file_of", {"format": name.upper(), "reason": f"{error!r:.200}"})) from error
    atoms = images[-1]
    if len(atoms) != n_atoms or n_atoms == 0:
        raise Unreadable(Notice("atom_count_differs", {"n_announced": n_atoms, "n_found": len(atoms)}))
    structure = StructureData(
        numbers=np.asarray(atoms.numbers, dtype=np.int64),
        positions=np.asarray(atoms.positions, dtype=np.float64),
        cell=np.asarray(atoms.cell.array, dtype=np.float64),
        pbc=np.asarray(atoms.pbc, dtype=np.bool_),
    )
    notices = [Notice("several_frames", {"n_frames": len(images)})] if len(images) > 1 else []
    return Reading(structure, notices=notices)
