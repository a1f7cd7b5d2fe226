"""CIFs as gemmi reads them, and as Beamcast does, in the form of `crystal_record`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import gemmi
import numpy as np

from backend.kit.files.unreadable import Unreadable
from backend.structures.chemistry import describe
from backend.structures.formats import cif
from backend.structures.parse import decoded

from .crystal_record import record

MAX_ATOMS: Final = 5000


def read_own(path: Path) -> dict[str, Any]:
    """Return the record of a file with its density in g/cm³, or the code of its refusal, `refused`."""
    try:
        structure = cif.read(decoded(path.read_bytes()), MAX_ATOMS).structure
    except Unreadable as refusal:
        return {"refused": refusal.notice.code}
    numbers = record(structure.cell, structure.symbols, structure.fractional)
    return {"density": describe(structure).density, **numbers}


def read_with_gemmi(path: Path) -> dict[str, Any]:
    """Return the record of a file, or `error` if gemmi refuses its grammar; of a disordered one only `is_ordered`."""
    try:
        document = gemmi.cif.read_string(path.read_bytes().decode("utf-8", "replace"))
    except (ValueError, RuntimeError) as error:
        return {"error": str(error)[:300]}
    for block in document:
        crystal = gemmi.make_small_structure_from_block(block)
        if len(crystal.sites):
            if any(site.occ < cif.FULL_OCCUPANCY for site in crystal.sites):
                return {"is_ordered": False}
            sites = crystal.get_all_unit_cell_sites()
            cell = np.array(crystal.cell.orth.mat.tolist()).T
            points = np.array([site.fract.tolist() for site in sites])
            return {"is_ordered": True, **record(cell, [site.element.name for site in sites], points)}
    return {"error": "no sites"}
