"""Files of CASTEP, written as Euphonic's readers expect them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from euphonic import ForceConstants, QpointPhononModes, ureg

INV_CM_PER_MEV = (1 * ureg("meV")).to("1/cm", "spectroscopy").magnitude


def record(content: bytes) -> bytes:
    """Return an unformatted record of Fortran."""
    mark = struct.pack(">i", len(content))
    return mark + content + mark


def word(text: str, length: int = 30) -> bytes:
    """Return the record of a text."""
    return record(text.encode().ljust(length))


def numbers(values: object, kind: str = ">f8") -> bytes:
    """Return the record of numbers, in the order of their array."""
    return record(np.ascontiguousarray(values, dtype=kind).tobytes())


def castep_bin(fc: ForceConstants, *, version: str = "23.1", with_constants: bool = True) -> bytes:
    """Return a .castep_bin of a crystal with one atom of each of its elements."""
    crystal = fc.crystal
    n_atoms = crystal.n_atoms
    parts = [
        word("CASTEP_BIN", 10),
        word("BEGIN_PARAMETERS_DUMP"),
        word(version, 10),
        word("BEGIN_XC"),
        word("PBE", 15),
        word("END_PARAMETERS_DUMP"),
        word("BEGIN_UNIT_CELL", 256),
        word("CELL%NUM_IONS", 256),
        numbers([n_atoms], ">i4"),
        word("CELL%REAL_LATTICE", 256),
        numbers(crystal.cell_vectors.to("bohr").magnitude.T),
        word("CELL%NUM_SPECIES", 256),
        numbers([n_atoms], ">i4"),
        word("CELL%NUM_IONS_IN_SPECIES", 256),
        numbers([1] * n_atoms, ">i4"),
        word("CELL%IONIC_POSITIONS", 256),
        numbers(crystal.atom_r[:, None, :]),
        word("CELL%SPECIES_MASS", 256),
        numbers(crystal.atom_mass.to("m_e").magnitude),
        word("CELL%SPECIES_SYMBOL", 256),
        record(b"".join(str(symbol).encode().ljust(8) for symbol in crystal.atom_type)),
        word("END_UNIT_CELL", 256),
    ]
    if with_constants:
        n_cells = len(fc.cell_origins)
        parts += [
            word("FORCE_CON", 10),
            numbers(fc.sc_matrix.T, ">i4"),
            numbers(fc.force_constants.to("hartree/bohr**2").magnitude.transpose(0, 2, 1)),
            numbers(fc.cell_origins, ">i4"),
            numbers(np.zeros(n_cells), ">i4"),
        ]
    if fc.born is not None:
        parts += [
            word("BORN_CHGS", 10),
            numbers(fc.born.to("e").magnitude),
            word("DIELECTRIC", 10),
            numbers(fc.dielectric.to("e**2/(bohr*hartree)").magnitude.T),
        ]
    return b"".join([*parts, word("END", 10)])


def phonon(modes: QpointPhononModes, weights: Sequence[float], *, eigenvectors: bool = True) -> str:
    """Return a .phonon."""
    crystal, n_modes = modes.crystal, 3 * modes.crystal.n_atoms
    lines = [
        " BEGIN header",
        f" Number of ions         {crystal.n_atoms}",
        f" Number of branches     {n_modes}",
        f" Number of wavevectors  {len(modes.qpts)}",
        " Frequencies in         cm-1",
        " Unit cell vectors (A)",
        *["".join(f"{value:20.12f}" for value in vector) for vector in crystal.cell_vectors.to("angstrom").magnitude],
        " Fractional Co-ordinates",
    ]
    masses = crystal.atom_mass.to("amu").magnitude
    for number, (place, symbol, mass) in enumerate(zip(crystal.atom_r, crystal.atom_type, masses, strict=True), 1):
        lines.append(f" {number:5d} " + "".join(f"{value:16.10f}" for value in place) + f" {symbol} {mass:16.9f}")
    lines.append(" END header")
    energies = modes.frequencies.to("meV").magnitude * INV_CM_PER_MEV
    for number, (q, weight) in enumerate(zip(modes.qpts, weights, strict=True), 1):
        lines.append(f"     q-pt={number:5d} " + "".join(f"{value:14.9f}" for value in q) + f" {weight:16.12f}")
        lines += [f"{mode + 1:8d} {energies[number - 1, mode]:20.9f}" for mode in range(n_modes)]
        if not eigenvectors:
            continue
        lines += ["                        Phonon Eigenvectors", "Mode Ion       X       Y       Z"]
        for mode in range(n_modes):
            for atom in range(crystal.n_atoms):
                vector = modes.eigenvectors[number - 1, mode, atom]
                parts = " ".join(f"{one.real:18.12f} {one.imag:18.12f}" for one in vector)
                lines.append(f"{mode + 1:4d} {atom + 1:4d} {parts}")
    return "\n".join([*lines, ""])
