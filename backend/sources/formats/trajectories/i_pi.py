"""Frames of XYZ files of i-PI, one file for each bead or one of the centroids; without other units in bohr.

References
----------
https://github.com/i-pi/i-pi: ipi/engine/outputs.py; ipi/utils/io/__init__.py (units) and backends/io_xyz.py there
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from ase import units
from ase.geometry import cellpar_to_cell
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Frame, FrameIterator, Lines

CELL: Final = re.compile(rb"CELL[({\[](abcABC|H|GENH)[)}\]]:([-+0-9.Ee\s]*)")
STEP: Final = re.compile(rb"\bStep:\s*(\d{1,15})\b")
BEAD: Final = re.compile(rb"\bBead:\s*(\d{1,6})\b")
QUANTITY: Final = re.compile(rb"\b(\w+)\{(\w*)\}\s+cell\{(\w*)\}")
"""What the numbers are, their unit, and that of the cell."""
LENGTHS: Final = {b"": units.Bohr, b"automatic": units.Bohr, b"atomic_unit": units.Bohr, b"angstrom": 1.0, b"ase": 1.0}
"""Unit → Å."""
POSITIONS, CENTROIDS = b"positions", b"x_centroid"
DIGITS: Final = 5
"""Decimals of the mantissa of a coordinate."""


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of a file of positions."""
    while (first := lines.filled()) is not None:
        n_atoms = lines.whole(first.split())
        comment = lines.required()
        lines.check_size(n_atoms)
        quantity, unit, cell_unit = _quantity(lines, comment)
        table = lines.table(n_atoms)
        if table.shape[1] < 4:
            raise lines.refusal("columns are missing")
        positions = lines.numbers(table[:, 1:4])
        step, bead = STEP.search(comment), BEAD.search(comment)
        is_centroid = quantity == CENTROIDS
        yield Frame(
            labels=table[:, 0],
            positions=positions * unit,
            cell=_cell(lines, comment, cell_unit),
            step=None if step is None else int(step[1]),
            bead=None if bead is None or is_centroid else int(bead[1]),
            is_centroid=is_centroid,
            rounding_angstrom=unit * _rounding(positions),
        )


def _quantity(lines: Lines, comment: bytes) -> tuple[bytes, float, float]:
    """Return what the numbers are, and the units of them and of the cell in Å."""
    found = QUANTITY.search(comment)
    if found is None:
        return POSITIONS, units.Bohr, units.Bohr
    quantity, unit, cell_unit = found.groups()
    if quantity not in (POSITIONS, CENTROIDS):
        raise lines.refusal(f"the file has {quantity[:20].decode('latin-1')} instead of positions")
    if unit not in LENGTHS or cell_unit not in LENGTHS:
        raise lines.refusal("the unit of the positions or of the cell is not known")
    return quantity, LENGTHS[unit], LENGTHS[cell_unit]


def _cell(lines: Lines, comment: bytes, unit: float) -> NDArray[np.float64] | None:
    found = CELL.search(comment)
    if found is None:
        return None
    kind, values = found[1], lines.numbers(found[2].split())
    if kind == b"abcABC":
        if values.shape != (6,):
            raise lines.refusal("the cell does not have 6 numbers")
        return np.asarray(cellpar_to_cell([*(values[:3] * unit), *values[3:]]))
    if values.shape != (9,):
        raise lines.refusal("the cell does not have 9 numbers")
    # Vectors are columns
    return np.asarray(values.reshape(3, 3).T * unit)


def _rounding(positions: NDArray[np.float64]) -> float:
    """Return the step of the largest coordinate."""
    largest = np.abs(positions).max(initial=0.0)
    return 0.0 if largest == 0 else float(10.0 ** (np.floor(np.log10(largest)) - DIGITS))
