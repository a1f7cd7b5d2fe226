"""CASTEP's .phonon: modes at wave vectors, by Euphonic's reader. They are used as they are."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from euphonic.readers import castep

from backend.sources.formats.castep.labels import element_of
from backend.sources.formats.reading import (
    Files,
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
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes

WEIGHT_TOLERANCE: Final = 1e-3
"""Deviation of the sum of the weights from 1 that comes of their digits."""
MAX_EIGENVECTOR_BYTES: Final = 40 * 1024**2
_HEADER: Final = re.compile(
    r"\s*BEGIN header\s*\n\s*Number of ions\s+(\d{1,9})\s*\n\s*Number of branches\s+(\d{1,9})\s*\n"
    r"\s*Number of wavevectors\s+(\d{1,9})\s*\n(?:.*\n){0,10}?\s*Unit cell vectors.*\n(?:.*\n){0,100000}?\s*END header"
)
_POINT: Final = re.compile(r"^\s*q-pt=\s*(\d+)\s+(.*)$", re.MULTILINE)


def read(files: Files, _: Statements) -> Reading:
    """Read a file.

    Raises
    ------
    Refused
        It is damaged, too large, or has no eigenvectors.
    """
    file = files["castep_phonon"]
    _check(file)
    with refusing_damage(file):
        data = castep.read_phonon_data(file.path)
        crystal = data["crystal"]
        lattice = np.asarray(crystal["cell_vectors"])
        cell = UnitCell(
            lattice,
            crystal["atom_r"] @ lattice,
            tuple(element_of(str(label)) for label in crystal["atom_type"]),
            np.asarray(crystal["atom_mass"]),
        )
        weights = np.asarray(data["weights"])
        total = float(weights.sum())
        if not total > 0:
            raise incomplete(file)
        modes = PhononModes(
            cell=lattice,
            positions=cell.positions,
            symbols=cell.symbols,
            masses=cell.masses,
            wave_vectors=np.asarray(data["qpts"]),
            weights=weights / total,
            energies_mev=np.asarray(data["frequencies"]),
            eigenvectors=np.asarray(data["eigenvectors"]),
        )
    scaled = abs(total - 1) > WEIGHT_TOLERANCE
    notices = [Notice("weights_do_not_sum", {"weight_sum": round(total, 6)})] if scaled else []
    return Reading(None, modes, cell, Program("CASTEP"), notices)


def _check(file: UploadedFile) -> None:
    """Check what the header states against the file, before arrays of its sizes are made.

    Raises
    ------
    Refused
    """
    text = file.text
    header = _HEADER.match(text)
    if header is None:
        raise incomplete(file)
    n_atoms, n_branches, n_points = map(int, header.groups())
    check_supercell(n_atoms)
    n_bytes = 48 * n_atoms * n_branches * n_points
    if n_bytes > MAX_EIGENVECTOR_BYTES:
        sizes = {"n_found": round(n_bytes / 2**20), "maximum": MAX_EIGENVECTOR_BYTES // 2**20}
        raise Refused(Notice("too_large", {"quantity": "eigenvector_mib", **sizes}))
    if "Phonon Eigenvectors" not in text:
        raise Refused(Notice("no_eigenvectors", {"file": file.name}))
    points = {number for number, _ in _POINT.findall(text)}
    if n_branches != 3 * n_atoms or len(points) != n_points:
        raise incomplete(file, f"{len(points)} of {n_points} wave vectors")
