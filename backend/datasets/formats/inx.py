"""INX, the ILL's reduced data of time-of-flight and backscattering spectrometers: one block of lines for each angle.

References
----------
R. Ghosh, “Flexible Intermediate File Format for Inelastic Data” (ILL, 1995): the first line of a block has the numbers
of lines of the block, of its zones 1 to 6 and of its data. Zone 1 is the title; zone 2 has angle, E0, Q0, temperature,
mass and symmetry, and the steps of the measurement. The data are energy transfer (meV), S(Q, E) and its error, after
six characters of the instrument's own. Some programs count the first line of a block, others do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.numbers import number
from backend.datasets.formats.point_lists import map_of_spectra
from backend.datasets.formats.reading import MAX_POINTS, MAX_SPECTRA, Raw, RawSpectrum, Stated
from backend.datasets.formats.text import decoded, quoted
from backend.datasets.run import RunConditions
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

N_ZONES = 6
OWN_CHARACTERS = 6
"""Characters at the beginning of a line of data that belong to the instrument."""
FIELDS = (slice(6, 15), slice(15, 28), slice(28, 40))
"""Places of energy, S and its error, where no blank divides them."""
MIN_LARGEST_ANGLE_DEG = 5.0
"""If no angle is larger, the numbers may be |q|: programs of backscattering spectrometers write it in their place."""


@dataclass(frozen=True, eq=False)
class _Block:
    """One spectrum, with the numbers of its header; NaN where one is missing."""

    title: str
    angle: float
    fixed_energy: float
    q: float
    temperature: float
    symmetrised: bool
    values: NDArray[np.float64]


def sniffs(head: bytes) -> bool:
    """Whether the first line counts the lines of a block and of its zones."""
    try:
        line = decoded(head[:2048]).split("\n", 1)[0]
    except Unreadable:
        return False
    return _lengths(line) is not None


def read(data: bytes) -> list[Raw]:
    """The map over angles or |q| of a file with several blocks, else their spectra.

    Raises
    ------
    Unreadable
        A line is not what the header of its block says.
    """
    lines = [line.rstrip() for line in decoded(data).split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    blocks: list[_Block] = []
    at = 0
    while at < len(lines):
        block, at = _block(lines, at)
        blocks.append(block)
        if len(blocks) > MAX_SPECTRA or sum(len(one.values) for one in blocks) > MAX_POINTS:
            raise Unreadable(Notice("too_many_spectra_in_file", {"n_spectra": len(blocks), "max_spectra": MAX_SPECTRA}))
    several = len(blocks) > 1
    energies = np.concatenate([one.values[:, 0] for one in blocks])
    known = [one.fixed_energy for one in blocks if one.fixed_energy > 0]
    fixed = min(known) if known else None
    doubts = _doubts(energies, fixed)
    spectra = [_spectrum(block, doubts, several) for block in blocks]
    if several and not doubts and (joined := _map(blocks, spectra)):
        return [joined]
    return list(spectra)


def _map(blocks: Sequence[_Block], spectra: Sequence[RawSpectrum]) -> Raw | None:
    """Return the map of several blocks; None if neither their angles nor their |q| tell them apart."""
    angles, q = ([getattr(block, name) for block in blocks] for name in ("angle", "q"))
    if min(angles) >= 0 and max(angles) > MIN_LARGEST_ANGLE_DEG:
        joined = map_of_spectra(spectra, angles, "angle")
        if joined is not None and joined.stated.fixed_energy_mev is not None:
            # E0 is the energy of the neutrons before the sample
            joined = replace(joined, geometry="direct")
    elif not any(angles) and min(q) > 0:
        joined = map_of_spectra(spectra, q, "q")
    else:
        joined = None
    return joined and replace(joined, stated=replace(joined.stated, title=blocks[0].title))


def _doubts(energies: NDArray[np.float64], fixed: float | None) -> list[Notice]:
    """Return why the axis is not the energy in meV that the definition says: neutrons of E0 cannot lose more."""
    low, high = float(np.nanmin(energies, initial=0.0)), float(np.nanmax(energies, initial=0.0))
    if fixed is None or high <= fixed:
        return []
    facts = {"largest": high, "fixed_energy_mev": fixed}
    if low < -fixed:
        return [Notice("inx_unit_doubtful", facts)]
    return [Notice("inx_axis_doubtful", facts)]


def _spectrum(block: _Block, doubts: Sequence[Notice], several: bool) -> RawSpectrum:
    place = f"angle {block.angle:g}" if block.angle > 0 else f"|q| {block.q:g}"
    title = ", ".join(filter(None, [block.title, place])) if several else block.title
    more = [Notice("inx_symmetrised")] if block.symmetrised else []
    error = block.values[:, 2]
    return RawSpectrum(
        x=block.values[:, 0],
        y=block.values[:, 1],
        error=error if np.nan_to_num(error).any() else None,
        x_unit=None if doubts else "meV",
        recognised_by="" if doubts else "the definition of INX",
        y_unit="1/meV",
        stated=Stated(
            title=title[:200],
            fixed_energy_mev=block.fixed_energy if block.fixed_energy > 0 else None,
            run=RunConditions.plausible({"temperature_k": block.temperature}),
            heading=block.title,
        ),
        notices=(*doubts, *more),
    )


def _lengths(line: str) -> tuple[list[int], int] | None:
    """Return the lengths of the zones and the number of points that the first line of a block states."""
    words = line.split()
    if len(words) != N_ZONES + 2 or not all(re.fullmatch(r"\d{1,7}", word) for word in words):
        return None
    total, *zones, points = map(int, words)
    lines = sum(zones) + points
    if zones[0] < 1 or zones[1] < 1 or points < 1 or total not in (lines, lines + 1):
        return None
    return zones, points


def _block(lines: Sequence[str], at: int) -> tuple[_Block, int]:
    """Return the block that begins at a line, and the place of the next one."""
    found = _lengths(lines[at])
    if found is None:
        raise Unreadable(Notice("inx_line_wrong", {"line": at + 1, "found": quoted(lines[at]), "expected": "zones"}))
    zones, points = found
    first = at + 1 + sum(zones)
    if first + points > len(lines):
        raise Unreadable(Notice("inx_ends_early", {"line": at + 1, "n_points": points, "n_lines": len(lines) - first}))
    header = at + 1 + zones[0]
    facts = [number(word) for word in lines[header].split()]
    if len(facts) < 4 or None in facts:
        raise Unreadable(
            Notice("inx_line_wrong", {"line": header + 1, "found": quoted(lines[header]), "expected": "parameters"})
        )
    angle, fixed, q, temperature, *rest = (float("nan") if fact is None else fact for fact in facts)
    rows = [_row(lines[index], index + 1) for index in range(first, first + points)]
    title = " ".join(" ".join(lines[at + 1 : header]).split())
    symmetrised = len(rest) > 1 and rest[1] < 0
    return _Block(title, angle, fixed, q, temperature, symmetrised, np.array(rows)), first + points


def _row(line: str, place: int) -> list[float]:
    """Return energy, S and its error."""
    fixed = [line[field].strip() for field in FIELDS]
    for words in (line.split(), line[OWN_CHARACTERS:].split(), fixed):
        values = [value for word in words if (value := number(word)) is not None]
        if len(values) == len(words) == len(FIELDS):
            return values
    raise Unreadable(Notice("inx_line_wrong", {"line": place, "found": quoted(line), "expected": "point"}))
