"""Figure of a cell in 3-D: atoms, bonds and the edges of the cell.

It uses `scatter3d`, which needs no 'unsafe-eval' in the content security policy.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import plotly.graph_objects as go
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from numpy.typing import NDArray

from backend.figures.theme import THEMES, TRANSPARENT, Theme, draw, layout
from backend.structures.geometry import StructureData, bonds

FACE_TOLERANCE = 1e-3
"""Distance to a face of the cell, in lattice vectors, within which an atom is drawn on the opposite face too."""
SCENE_DIAGONAL = 2.25
"""Diagonal of the box around everything, in Plotly's units of the scene, which set the zoom of an orthographic view."""
MAX_MARKER_PX = 26.0
MIN_MARKER_PX = 4.0
UNBONDED_NUMBERS = (19, 20, 37, 38, 55, 56)
"""Large cations without bonds (K, Ca, Rb, Sr, Cs, Ba): lines to their twelve neighbours would hide the framework."""


def structure_figure(structure: StructureData, theme_name: str) -> go.Figure:
    """Draw the cell with its atoms, and the atoms outside that are bonded to them."""
    theme = THEMES[theme_name]
    base = _wrap(structure)
    atoms, halves = _atoms_and_bonds(base)
    traces = [_lines(_edges(base.cell), theme.muted, 1.5) | {"name": "cell"}]
    traces += [_lines(segments, atom_colour(number, theme), 6) for number, segments in halves.items()]
    for number, positions in atoms.items():
        symbol = chemical_symbols[number]
        traces.append(
            {
                "type": "scatter3d",
                "x": positions[:, 0],
                "y": positions[:, 1],
                "z": positions[:, 2],
                "mode": "markers",
                "name": symbol,
                "marker": {
                    "size": marker_size(number, base),
                    "color": atom_colour(number, theme),
                    "line": {"color": theme.muted, "width": 1},
                    "opacity": 1.0,
                },
                "hovertemplate": f"{symbol}<br>%{{x:.3f}}, %{{y:.3f}}, %{{z:.3f}} Å<extra></extra>",
            }
        )
    hidden: dict[str, Any] = {"visible": False}
    return draw(
        traces,
        layout(
            theme,
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            scene={
                "xaxis": hidden,
                "yaxis": hidden,
                "zaxis": hidden,
                "aspectmode": "manual",
                "aspectratio": _aspect(traces),
                "bgcolor": TRANSPARENT,
                "camera": {
                    "eye": {"x": 1.15, "y": -1.45, "z": 0.7},
                    "projection": {"type": "orthographic"},
                },
            },
            legend={"itemsizing": "constant", "x": 0.01, "y": 0.99, "bgcolor": TRANSPARENT},
            showlegend=True,
            uirevision="structure",
        ),
    )


def _aspect(traces: list[dict[str, Any]]) -> dict[str, float]:
    """Return the extents of the scene, true to scale, so that a cell of any shape fills the figure from any side."""
    spans = [max(float(np.nanmax(values) - np.nanmin(values)), 1e-3) for values in _trace_points(traces)]
    diagonal = float(np.linalg.norm(spans))
    return {axis: SCENE_DIAGONAL * span / diagonal for axis, span in zip("xyz", spans, strict=True)}


def _trace_points(traces: list[dict[str, Any]]) -> list[NDArray[np.float32]]:
    return [np.concatenate([trace[axis] for trace in traces]) for axis in "xyz"]


def _wrap(structure: StructureData) -> StructureData:
    """Return the same crystal with every atom inside the cell."""
    fractional = structure.fractional
    inside = fractional - np.floor(fractional + FACE_TOLERANCE)
    return replace(structure, positions=inside @ structure.cell)


def _atoms_and_bonds(
    structure: StructureData,
) -> tuple[dict[int, NDArray[np.float32]], dict[int, NDArray[np.float32]]]:
    """Return by atomic number the positions of atoms, and halves of bonds in the colours of their atoms."""
    first, second, shifts = drawn_bonds(structure)
    offsets, whole = whole_molecules(structure, first, second, shifts)
    positions = structure.positions + offsets @ structure.cell
    shifts = shifts + offsets[first] - offsets[second]
    fractional = structure.fractional
    shown: dict[int, list[NDArray[np.float64]]] = {}
    for index, number in enumerate(structure.numbers):
        images = [
            positions[index] + np.array(shift) @ structure.cell
            for shift in images_on_faces(fractional[index], whole=bool(whole[index]))
        ]
        shown.setdefault(int(number), []).extend(images)
    halves: dict[int, list[NDArray[np.float64]]] = {}
    for one, other, shift in zip(first, second, shifts, strict=True):
        translation = shift @ structure.cell
        starts = [positions[one]]
        if shift.any():
            # A bond across a face is drawn from both ends, each with its neighbour outside
            starts.append(positions[one] - translation)
        for start in starts:
            end = start + positions[other] + translation - positions[one]
            middle = (start + end) / 2
            halves.setdefault(int(structure.numbers[one]), []).append(np.array([start, middle]))
            halves.setdefault(int(structure.numbers[other]), []).append(np.array([end, middle]))
            if shift.any():
                shown[int(structure.numbers[one])].append(start)
                shown[int(structure.numbers[other])].append(end)
    atoms = {number: np.unique(np.round(places, 3), axis=0).astype(np.float32) for number, places in shown.items()}
    return atoms, {number: np.array(pieces, dtype=np.float32) for number, pieces in halves.items()}


def drawn_bonds(structure: StructureData) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return both atoms of each bond that is drawn, and the lattice translation of the second atom."""
    found = bonds(structure)
    unbonded = np.isin(structure.numbers, UNBONDED_NUMBERS)
    drawn = ~(unbonded[found.first] | unbonded[found.second])
    return found.first[drawn], found.second[drawn], found.shift[drawn]


def images_on_faces(fractional: NDArray[np.float64], *, whole: bool) -> list[tuple[int, ...]]:
    """Return the lattice translations of an atom in the cell that are drawn.

    An atom on a face, an edge or a corner is drawn two, four or eight times; `whole` molecules only once.
    """
    on_face = [(0, 1) if not whole and abs(value) < 2 * FACE_TOLERANCE else (0,) for value in fractional]
    return list(product(*on_face))


def whole_molecules(
    structure: StructureData, first: NDArray[np.int64], second: NDArray[np.int64], shifts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return lattice translations that make molecules whole, and whether each atom belongs to a molecule.

    Bonds are followed from atom to atom. If they lead back to an atom in another cell, they form an infinite network,
    whose atoms stay in place.
    """
    neighbours: list[list[tuple[int, NDArray[np.int64]]]] = [[] for _ in structure.numbers]
    for one, other, shift in zip(first, second, shifts, strict=True):
        neighbours[one].append((int(other), shift))
        neighbours[other].append((int(one), -shift))
    offsets = np.zeros((len(structure.numbers), 3), dtype=np.int64)
    seen, whole = np.zeros(len(offsets), dtype=bool), np.zeros(len(offsets), dtype=bool)
    for start in range(len(offsets)):
        if seen[start]:
            continue
        seen[start], group, endless = True, [start], False
        for atom in group:
            for other, shift in neighbours[atom]:
                if not seen[other]:
                    seen[other] = True
                    offsets[other] = offsets[atom] + shift
                    group.append(other)
                elif np.any(offsets[other] != offsets[atom] + shift):
                    endless = True
        if endless or len(group) == 1:
            offsets[group] = 0
            continue
        whole[group] = True
        centre = (structure.fractional[group] + offsets[group]).mean(axis=0)
        offsets[group] -= np.floor(centre).astype(np.int64)
    return offsets, whole


def _edges(cell: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the twelve edges of the cell, shape (12, 2, 3)."""
    corners = [np.array(corner) for corner in product((0, 1), repeat=3)]
    pairs = [(a, b) for i, a in enumerate(corners) for b in corners[i + 1 :] if np.abs(a - b).sum() == 1]
    return np.array([(a @ cell, b @ cell) for a, b in pairs], dtype=np.float32)


def _lines(segments: NDArray[np.float32], colour: str, width: float) -> dict[str, Any]:
    """Return segments, shape (n, 2, 3), as one line with gaps (NaN)."""
    points = np.concatenate([segments, np.full((len(segments), 1, 3), np.nan, np.float32)], axis=1).reshape(-1, 3)
    return {
        "type": "scatter3d",
        "showlegend": False,
        "x": points[:, 0],
        "y": points[:, 1],
        "z": points[:, 2],
        "mode": "lines",
        "line": {"color": colour, "width": width},
        "hoverinfo": "skip",
    }


def atom_colour(number: int, theme: Theme) -> str:
    """Return the colour of an element, as hexadecimal RGB."""
    red, green, blue = (round(255 * float(value)) for value in jmol_colors[number])
    if theme is THEMES["light"] and min(red, green, blue) > 230:
        return "#d9dee3"  # the white of hydrogen is invisible on white paper
    return f"#{red:02x}{green:02x}{blue:02x}"


def marker_size(number: int, structure: StructureData) -> float:
    """Return the size of a marker in pixels; markers do not scale with the scene, so a large cell has smaller ones."""
    extent = float(np.linalg.norm(structure.cell.sum(axis=0)))
    size = 190.0 * math.pow(covalent_radii[number], 0.7) / extent
    return min(max(size, MIN_MARKER_PX), MAX_MARKER_PX)
