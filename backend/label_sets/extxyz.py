"""Labels in extended XYZ: the readers' and the writer's form of a set.

References
----------
https://github.com/libAtoms/extxyz (the format); energies are in eV, forces in eV/Å, stresses in eV/Å³ with ASE's sign
(tension is positive), and virials in eV, which are the stress times minus the volume.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.extxyz import KEY_VALUE
from scattering.core.notices import Notice

ENERGIES: Final = ("energy", "ref_energy", "dft_energy", "free_energy", "total_energy")
FORCES: Final = ("forces", "force", "ref_forces", "dft_forces", "ref_force")
STRESSES: Final = ("stress", "ref_stress", "dft_stress")
VIRIALS: Final = ("virial", "virials", "ref_virial", "ref_virials", "dft_virial")
LEVELS: Final = ("level_of_theory", "functional", "xc", "xc_functional", "method", "calculator", "code")
"""Keys of a frame that state how it was calculated: they must not differ."""
MAX_FRAMES: Final = 20_000
MAX_ATOMS: Final = 300_000
"""Atoms of all frames together: their descriptors take about a gigabyte of memory."""
VOIGT: Final = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
TRUE: Final = {"t", "true", "1"}
MIN_VOLUME_ANGSTROM3: Final = 1.0


@dataclass(frozen=True, eq=False)
class Label:
    """A structure with its energy, its forces and, where known, its stress.

    Attributes
    ----------
    numbers
        Atomic numbers, shape (n_atoms,).
    positions, cell
        Å; shapes (n_atoms, 3) and (3, 3), cell vectors as rows.
    energy
        eV.
    forces
        Shape (n_atoms, 3), eV/Å.
    stress
        Shape (3, 3), eV/Å³, tension positive; None if unknown.
    level
        What the frame states about its level of theory; empty for nothing.
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64] | None = None
    level: str = ""

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.numbers)

    @property
    def volume(self) -> float:
        """Volume of the cell, Å³."""
        return float(abs(np.linalg.det(self.cell)))


def read(text: str) -> list[Label]:
    """Read the labels of an extended XYZ file.

    Raises
    ------
    Unreadable
        A frame is damaged or lacks a label. Its number is a parameter, counted from 1.
    """
    labels = list(_frames(text.splitlines()))
    if not labels:
        raise Unreadable(Notice("labels_missing"))
    return labels


def _frames(lines: Sequence[str]) -> Iterator[Label]:
    place = frame = n_total = 0
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        frame += 1
        count = lines[place].strip()
        n_atoms = int(count) if count.isdigit() and len(count) < 8 else 0
        n_total += n_atoms
        if frame > MAX_FRAMES or n_total > MAX_ATOMS:
            raise Unreadable(Notice("labels_too_large", {"max_frames": MAX_FRAMES, "max_atoms": MAX_ATOMS}))
        if n_atoms == 0 or place + 2 + n_atoms > len(lines):
            raise _refusal(frame, "atoms")
        try:
            yield _frame(frame, lines[place + 1], lines[place + 2 : place + 2 + n_atoms])
        except (ValueError, IndexError) as error:
            raise error if isinstance(error, Unreadable) else _refusal(frame, "numbers") from error
        place += 2 + n_atoms


def _refusal(frame: int, missing: str) -> Unreadable:
    return Unreadable(Notice("label_incomplete", {"frame": frame, "missing": missing}))


def _frame(frame: int, comment: str, rows: Sequence[str]) -> Label:
    fields = {key.lower(): value.strip("\"'{}[]") for key, value in KEY_VALUE.findall(comment)}
    cell = _numbers(fields.get("lattice", ""))
    if cell.shape != (9,) or abs(np.linalg.det(cell.reshape(3, 3))) < MIN_VOLUME_ANGSTROM3:
        raise _refusal(frame, "cell")
    cell = cell.reshape(3, 3)
    periodic = fields.get("pbc", "T T T").lower().replace(",", " ").split()
    if not all(word in TRUE for word in periodic):
        raise _refusal(frame, "periodicity")
    columns = _columns(fields.get("properties", ""))
    words = [row.split() for row in rows]
    if "pos" not in columns or not {"species", "z"} & columns.keys():
        raise _refusal(frame, "positions")
    forces = next((columns[name] for name in FORCES if name in columns), None)
    energy = next((fields[name] for name in ENERGIES if name in fields), None)
    for missing, value in (("forces", forces), ("energy", energy)):
        if value is None:
            raise _refusal(frame, missing)
    assert forces is not None
    assert energy is not None
    label = Label(
        numbers=_atomic_numbers(frame, columns, words),
        positions=np.array([row[columns["pos"]] for row in words], dtype=np.float64),
        cell=cell,
        energy=float(energy),
        forces=np.array([row[forces] for row in words], dtype=np.float64),
        stress=_stress(fields, cell),
        level=" · ".join(f"{name} {fields[name]}" for name in LEVELS if name in fields)[:200],
    )
    for quantity, values in (
        ("positions", label.positions),
        ("forces", label.forces),
        ("energy", np.array([label.energy])),
        ("stress", np.zeros(1) if label.stress is None else label.stress),
        ("cell", cell),
    ):
        if quantity in ("positions", "forces") and values.shape != (label.n_atoms, 3):
            raise _refusal(frame, quantity)
        if not np.isfinite(values).all():
            raise Unreadable(Notice("label_not_finite", {"frame": frame, "quantity": quantity}))
    return label


def _columns(properties: str) -> dict[str, slice]:
    parts = properties.split(":")
    columns: dict[str, slice] = {}
    begin = 0
    for name, _, width in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
        columns[name.lower()] = slice(begin, begin + int(width))
        begin += int(width)
    return columns


def _atomic_numbers(frame: int, columns: dict[str, slice], words: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    if "species" in columns:
        place = columns["species"].start
        numbers = [atomic_numbers.get(row[place], 0) for row in words]
    else:
        numbers = [int(row[columns["z"].start]) for row in words]
    if not all(0 < number < len(chemical_symbols) for number in numbers):
        raise _refusal(frame, "elements")
    return np.array(numbers, dtype=np.int64)


def _numbers(text: str) -> NDArray[np.float64]:
    return np.array(re.split(r"[\s,]+", text.strip()) if text.strip() else [], dtype=np.float64)


def _stress(fields: dict[str, str], cell: NDArray[np.float64]) -> NDArray[np.float64] | None:
    for names, factor in ((STRESSES, 1.0), (VIRIALS, -1.0 / abs(np.linalg.det(cell)))):
        for name in names:
            if name in fields:
                values = _numbers(fields[name])
                if values.shape == (6,):
                    return np.asarray(values[VOIGT] * factor)
                tensor = values.reshape(3, 3)
                return np.asarray((tensor + tensor.T) / 2 * factor)
    return None


def write(labels: Sequence[Label]) -> str:
    """Return labels as extended XYZ, in which `read` finds the same numbers."""
    text = []
    for label in labels:
        fields = [
            f'Lattice="{_join(label.cell)}"',
            "Properties=species:S:1:pos:R:3:forces:R:3",
            f"energy={label.energy!r}",
            'pbc="T T T"',
        ]
        if label.stress is not None:
            fields.append(f'stress="{_join(label.stress)}"')
        text += [str(label.n_atoms), " ".join(fields)]
        text += [
            f"{chemical_symbols[number]} {_join(position)} {_join(force)}"
            for number, position, force in zip(label.numbers, label.positions, label.forces, strict=True)
        ]
    return "\n".join(text) + "\n"


def _join(values: NDArray[np.float64]) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))
