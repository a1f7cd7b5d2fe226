"""Monitors of McStas: one-dimensional ones over energy, and two-dimensional ones over |q| and energy.

References
----------
McCode, `mccode-r.c` (mcdatainfo_out, mcdetector_out_1D_ascii, mcdetector_out_2D_ascii): lines `# name: value`; then
points, or a block each of intensities, errors and events, a line for each y. The limits are the edges of the first and
the last bin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.column_names import across
from backend.datasets.formats.reading import MAX_POINTS, Raw, RawMap, RawSpectrum, Stated
from backend.datasets.formats.table import values_of
from backend.datasets.formats.text import decoded, quoted
from backend.datasets.formats.units import Recognised, is_axis, unit_of
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

_RECORD = re.compile(r"#\s*([A-Za-z]\w*)\s*:\s*(.*)$")
_BLOCK = re.compile(r"#\s*(Data|Errors|Events)\s*\[")
_SIZE = re.compile(r"^array_(\d)d\s*\(([\d\s,]+)\)")
REQUIRED = ("type", "xlabel", "variables")
EVENTS = "N"
"""Variable that counts the rays of a bin."""


def sniffs(head: bytes) -> bool:
    """Whether the header is of McStas."""
    try:
        lines = decoded(head[:65536]).split("\n")
    except Unreadable:
        return False
    found, _ = _header(lines)
    return bool(re.search(r"array_\dd", found.get("type", ""))) and set(REQUIRED) <= set(found)


def read(data: bytes) -> list[Raw]:
    """The spectrum or the map of a monitor.

    Raises
    ------
    Unreadable
        It is damaged, or its axes are none of energy, or of energy and |q|.
    """
    lines = [line.strip() for line in decoded(data).split("\n")]
    found, end = _header(lines)
    size = _SIZE.search(found.get("type", ""))
    if missing := [name for name in REQUIRED if name not in found]:
        raise Unreadable(Notice("mcstas_header", {"missing": missing}))
    if size is None:
        raise Unreadable(Notice("mcstas_type", {"found": found.get("type", "")[:40]}))
    lengths = [int(word) for word in re.findall(r"\d{1,9}", size[2])]
    if size[1] == "1" and len(lengths) == 1:
        return [_one_axis(lines, end, found, lengths[0])]
    if size[1] == "2" and len(lengths) == 2 and lengths[0] * lengths[1] <= MAX_POINTS:
        return [_two_axes(lines, found, lengths[0], lengths[1])]
    raise Unreadable(Notice("mcstas_type", {"found": found["type"][:40]}))


def _header(lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """Return the records of the header, the last of each name, and the index of the first line after it."""
    found: dict[str, str] = {}
    for index, line in enumerate(lines):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            return found, index
        if match := _RECORD.match(bare):
            found[match[1]] = match[2].strip().strip("'\"")
    return found, len(lines)


def _one_axis(lines: Sequence[str], end: int, found: Mapping[str, str], length: int) -> RawSpectrum:
    names = found["variables"].split()
    label = found["xlabel"]
    unit = _energy_unit(label)
    rows = [(index + 1, line) for index, line in enumerate(lines) if index >= end and line and line[0] != "#"]
    if len(rows) != length or not rows:
        raise Unreadable(Notice("mcstas_length", {"stated": length, "n_points": len(rows)}))
    values = values_of([line for _, line in rows], [line for line, _ in rows], None, len(names))
    intensity = next((place for place, name in enumerate(names) if place and name != EVENTS), None)
    if intensity is None:
        raise Unreadable(Notice("table_without_intensities"))
    error = f"{names[intensity]}_err"
    return RawSpectrum(
        x=values[:, 0],
        y=values[:, intensity],
        error=values[:, names.index(error)] if error in names else None,
        x_unit=unit.unit,
        recognised_by=f"the header's {quoted(label)}" if unit.unit else "",
        y_unit=found.get("ylabel", "")[:60],
        stated=_stated(found),
        notices=_notices(label, unit),
    )


def _two_axes(lines: Sequence[str], found: Mapping[str, str], n_x: int, n_y: int) -> RawMap:
    labels = [found["xlabel"], found.get("ylabel", "")]
    over = [across(label) for label in labels]
    places = [place for place, one in enumerate(over) if one is not None and is_axis(labels[1 - place])]
    if len(places) != 1:
        raise Unreadable(Notice("mcstas_axes", {"labels": [label[:60] for label in labels]}))
    (place,) = places
    kind, factor = over[place] or ("q", 1.0)
    unit = _energy_unit(labels[1 - place])
    limits = [float(word) for word in re.findall(r"[+-]?\d*\.?\d+(?:[eE][+-]?\d+)?", found.get("xylimits", ""))]
    if len(limits) != 4:
        raise Unreadable(Notice("mcstas_axes", {"labels": [label[:60] for label in labels]}))
    edges = [np.linspace(limits[0], limits[1], n_x + 1), np.linspace(limits[2], limits[3], n_y + 1)]
    blocks = {name: _block(lines, name, n_x, n_y) for name in ("Data", "Errors")}
    y, error = blocks["Data"], blocks["Errors"]
    if y is None:
        raise Unreadable(Notice("mcstas_length", {"stated": n_x * n_y, "n_points": 0}))
    if place == 0:
        # Lines of the file are at one y
        y, error = y.T, None if error is None else error.T
    middle = (edges[place][1:] + edges[place][:-1]) / 2
    return RawMap(
        kind=kind,
        across=factor * (edges[place] if kind == "q" else middle),
        width=None if kind == "q" else np.abs(np.diff(edges[place])),
        x=edges[1 - place],
        y=y,
        error=error,
        x_unit=unit.unit,
        recognised_by=f"the header's {quoted(labels[1 - place])}" if unit.unit else "",
        y_unit=found.get("zlabel", "")[:60],
        stated=_stated(found),
        notices=_notices(labels[1 - place], unit),
    )


def _block(lines: Sequence[str], name: str, n_x: int, n_y: int) -> NDArray[np.float64] | None:
    """Return one block of numbers, shape (n_y, n_x); None if there is none."""
    start = next(
        (index for index, line in enumerate(lines) if (found := _BLOCK.match(line)) and found[1] == name), None
    )
    if start is None:
        return None
    rows = [(index + 1, line) for index, line in enumerate(lines[start + 1 :], start + 1) if line]
    end = next((place for place, (_, line) in enumerate(rows) if line[0] == "#"), len(rows))
    rows = rows[:end]
    if len(rows) != n_y:
        raise Unreadable(Notice("mcstas_length", {"stated": n_y, "n_points": len(rows)}))
    return values_of([line for _, line in rows], [line for line, _ in rows], None, n_x)


def _energy_unit(label: str) -> Recognised:
    unit = unit_of(label)
    wavelength = re.search(r"wave\s*length|lambda", label, re.IGNORECASE)
    other_unit = unit.unit is None and (unit.notice is not None or "[" in label)
    if not is_axis(label) or wavelength or other_unit:
        raise Unreadable(Notice("mcstas_axes", {"labels": [label[:60]]}))
    return unit


def _stated(found: Mapping[str, str]) -> Stated:
    return Stated(title=found.get("title", "")[:200], heading=found.get("Instrument", "")[:200])


def _notices(label: str, unit: Recognised) -> tuple[Notice, ...]:
    about = [] if unit.notice is None else [unit.notice]
    if not re.search(r"transfer|omega|ω|\bde\b|delta", label, re.IGNORECASE):
        about.append(Notice("mcstas_neutron_energy", {"label": label[:60]}))
    return tuple(about)
