"""The frames of all beads of ring polymers at the same time, from a file for each bead."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Final

import numpy as np

from backend.sources.formats.reading import Refused, UploadedFile
from backend.sources.formats.trajectories.frames import Frame, FrameIterator, check_atom_frames
from scattering.core.notices import Notice

MAX_CELL_DIFFERENCE: Final = 1e-3
"""Largest difference of the cells of two beads, relative to their lengths: files round them."""

BeadFrame = tuple[Frame, ...]
"""A frame of each bead, of one time."""


def in_step(files: Sequence[UploadedFile], frames: Sequence[FrameIterator]) -> Generator[BeadFrame, None, None]:
    """Yield the frames of all beads together.

    Parameters
    ----------
    files, frames
        File and frames of each bead.

    Raises
    ------
    Refused
        The files have other numbers of frames, or other atoms, cells or times.
    """
    try:
        number = 0
        while True:
            number += 1
            of_beads = [next(one, None) for one in frames]
            row = [one for one in of_beads if one is not None]
            if not row:
                return
            for file, one in zip(files, of_beads, strict=True):
                if one is None:
                    raise _differ(files[_longest(of_beads)], file, "frames", number)
            if len(row) > 1:
                check_atom_frames(number * len(row) * len(row[0].labels))
                _check(files, row, number)
            yield tuple(row)
    finally:
        for of_bead in frames:
            of_bead.close()


def _longest(of_beads: Sequence[Frame | None]) -> int:
    return next(place for place, one in enumerate(of_beads) if one is not None)


def _check(files: Sequence[UploadedFile], row: Sequence[Frame], number: int) -> None:
    first = row[0]
    for file, other in zip(files[1:], row[1:], strict=True):
        if len(other.labels) != len(first.labels) or (other.labels != first.labels).any():
            raise _differ(files[0], file, "atoms", number)
        if (first.step, first.time_fs) != (other.step, other.time_fs):
            raise _differ(files[0], file, "times", number)
        if first.cell is not None and (
            other.cell is None or np.abs(first.cell - other.cell).max() > MAX_CELL_DIFFERENCE * np.abs(first.cell).max()
        ):
            raise _differ(files[0], file, "cells", number)


def _differ(one: UploadedFile, other: UploadedFile, quantity: str, number: int) -> Refused:
    params = {"file": one.name, "other": other.name, "quantity": quantity, "frame": number}
    return Refused(Notice("beads_differ", params))


def check_numbers(file: UploadedFile, row: BeadFrame, *, are_ring_polymers: bool) -> None:
    """Check that all beads of a ring polymer are there, where their files number them.

    Parameters
    ----------
    file
        The file that the refusal names.
    row
        The first frame of each bead.
    are_ring_polymers
        Whether the atoms are known to be ring polymers.

    Raises
    ------
    Refused
        A bead is missing, or is there twice.
    """
    if len(row) > 1 and any(one.is_centroid for one in row):
        raise Refused(Notice("centroid_among_beads", {"file": file.name}))
    numbers = [one.bead for one in row if one.bead is not None]
    if not numbers or not (are_ring_polymers or len(row) > 1):
        return
    if sorted(numbers) != list(range(len(row))) or (are_ring_polymers and len(row) == 1):
        raise Refused(Notice("beads_missing", {"file": file.name, "found": sorted(numbers)}))
