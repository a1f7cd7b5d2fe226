"""CASTEP's .phonon: modes at wave vectors, by Euphonic's reader. They are used as they are.

Euphonic makes a text of each number of the eigenvectors. They are most of the file, and are read here, a wave vector at
a time.
"""

from __future__ import annotations

import mmap
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

import numpy as np
from euphonic.readers import castep
from numpy.typing import NDArray

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
MAX_EIGENVECTOR_BYTES: Final = 64 * 1024**2
"""Those of a file of 128 MiB."""
MAX_HEADER_BYTES: Final = 4 * 1024**2
_HEADER: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*BEGIN header\s*\n\s*Number of ions\s+(\d{1,9})\s*\n\s*Number of branches\s+(\d{1,9})\s*\n"
    rb"\s*Number of wavevectors\s+(\d{1,9})\s*\n(?:.*\n){0,10}?\s*Unit cell vectors.*\n(?:.*\n){0,100000}?\s*END header"
)
_POINT: Final = re.compile(rb"^[ \t]*q-pt=[ \t]*(\d{1,9})\s", re.MULTILINE)
_EIGENVECTORS: Final = b"Phonon Eigenvectors"
_COLUMNS: Final = 8
"""Mode, atom, and real and imaginary parts along x, y and z."""


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
        data = castep.read_phonon_data(file.path, read_eigenvectors=False)
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
            eigenvectors=_read_eigenvectors(file, np.asarray(data["frequencies"]).shape),
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
    with _mapped(file) as text:
        header = _HEADER.match(text, 0, MAX_HEADER_BYTES)
        if header is None:
            raise incomplete(file)
        n_atoms, n_branches, n_points = map(int, header.groups())
        del header
        check_supercell(n_atoms)
        n_bytes = 48 * n_atoms * n_branches * n_points
        if n_bytes > MAX_EIGENVECTOR_BYTES:
            sizes = {"n_found": round(n_bytes / 2**20), "maximum": MAX_EIGENVECTOR_BYTES // 2**20}
            raise Refused(Notice("too_large", {"quantity": "eigenvector_mib", **sizes}))
        if text.find(_EIGENVECTORS) < 0:
            raise Refused(Notice("no_eigenvectors", {"file": file.name}))
        points = {int(found[1]) for found in _POINT.finditer(text)}
        if n_branches != 3 * n_atoms or len(points) != n_points:
            raise incomplete(file, f"{len(points)} of {n_points} wave vectors")


@contextmanager
def _mapped(file: UploadedFile) -> Iterator[mmap.mmap]:
    with file.path.open("rb") as opened:
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        # Not closed: matches that a refusal keeps alive refer to it. It ends with them
        yield mapped


def _read_eigenvectors(file: UploadedFile, shape: tuple[int, ...]) -> NDArray[np.complex128]:
    """Return the eigenvectors, shape (n_q, n_modes, n_atoms, 3), of a file whose energies have shape (n_q, n_modes)."""
    n_points, n_modes = shape
    vectors = np.empty((n_points, n_modes, n_modes // 3, 3), dtype=np.complex128)
    with file.path.open("rb") as lines:
        for at_point in vectors:
            if not any(_EIGENVECTORS in line for line in lines):
                raise incomplete(file)
            next(lines)
            rows = b"".join(islice(lines, n_modes * n_modes // 3))
            with warnings.catch_warnings():
                # Words among the numbers: they are then too few
                warnings.simplefilter("ignore", DeprecationWarning)
                numbers = np.fromstring(rows.decode("ascii"), sep=" ")
            if len(numbers) != _COLUMNS * at_point.size // 3:
                raise incomplete(file)
            at_point[...] = numbers.reshape(-1, _COLUMNS)[:, 2:].copy().view(np.complex128).reshape(at_point.shape)
    return vectors
