"""CASTEP's .castep_bin and .check: force constants of short range with Born charges, by Euphonic's reader."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from euphonic import ForceConstants

from backend.sources.formats.castep.fortran import records
from backend.sources.formats.castep.labels import element_of
from backend.sources.formats.reading import (
    Files,
    Program,
    Reading,
    Refused,
    Statements,
    UnitCell,
    UploadedFile,
    check_constants,
    check_supercell,
    incomplete,
    refusing_damage,
)
from backend.sources.formats.supercells import sites_of
from scattering.core.notices import Notice
from scattering.simulate.force_constants import to_harmonic_crystal

_ATOMS: Final = b"CELL%NUM_IONS"
_CONSTANTS: Final = b"FORCE_CON"
_END: Final = b"END"
_VERSION: Final = b"BEGIN_PARAMETERS_DUMP"
_FUNCTIONAL: Final = b"BEGIN_XC"
_LONGEST_WORD: Final = 256


def read(files: Files, _: Statements) -> Reading:
    """Read a file.

    Raises
    ------
    Refused
        It is damaged, has no force constants, or is of CASTEP before 17.1.
    """
    file = files["castep_bin"]
    stated = _check(file)
    with refusing_damage(file):
        found = ForceConstants.from_castep(file.path)
        crystal = found.crystal
        lattice = crystal.cell_vectors.to("angstrom").magnitude
        cell = UnitCell(
            lattice,
            crystal.atom_r @ lattice,
            tuple(element_of(str(label)) for label in crystal.atom_type),
            crystal.atom_mass.to("amu").magnitude,
        )
        phonons = to_harmonic_crystal(found, uploaded_cell=lattice, species=cell.symbols, sites=sites_of(cell))
    program = Program("CASTEP", stated.get(_VERSION, ""), functional=stated.get(_FUNCTIONAL, ""))
    return Reading(phonons, None, cell, program)


def _check(file: UploadedFile) -> dict[bytes, str]:
    """Check the records and their sizes, and return the texts that follow names.

    Raises
    ------
    Refused
    """
    stated: dict[bytes, str] = {}
    n_atoms, n_cells, ended = 0, None, False
    for record, after in pairwise([*records(file), memoryview(b"")]):
        if len(record) > _LONGEST_WORD:
            continue
        name = bytes(record).strip(b" \0")
        if name in (_VERSION, _FUNCTIONAL) and name not in stated and len(after) <= _LONGEST_WORD:
            stated[name] = bytes(after).strip(b" \0").decode("latin-1")
        elif name == _ATOMS and len(after) == 4:
            n_atoms = int.from_bytes(after, "big", signed=True)
        elif name == _CONSTANTS and len(after) == 36:
            n_cells = abs(np.linalg.det(np.frombuffer(after, ">i4").reshape(3, 3).astype(float)))
        ended = ended or name == _END
    if not ended or n_atoms < 1:
        raise incomplete(file)
    check_supercell(n_atoms)
    if n_cells is None:
        raise Refused(Notice("no_forces", {"file": file.name}))
    check_supercell(n_atoms * n_cells)
    check_constants(n_atoms, round(n_atoms * n_cells))
    return stated
