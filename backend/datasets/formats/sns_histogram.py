"""Histograms of the SNS's inelastic software in HDF5 (multiphonon, MCViNE): I(Q, E), or a density of states.

References
----------
neutrons/histogram-dev, `histogram/hdf/Renderer.py`: a group with `data`, `errors` (squares of the errors) and `grid`;
the axes are groups in `grid` with the attributes `index` and `unit` and the datasets `bin boundaries` and `bin
centers`.
neutrons/multiphonon, `examples/getdos-Al-from-nparrs.py`: “errors=E2”, “array of errorbar squares”.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.hdf5_kinds import require, speaks_for
from backend.datasets.formats.reading import Raw, RawMap, RawSpectrum, Stated, XUnit
from backend.kit.files.hdf5_guard import Group, attribute, group_at, names, number_array, number_attribute, open_hdf5
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

MAX_HISTOGRAMS = 20
_UNIT = re.compile(r"(?:b')?\s*(?P<factor>[\d.]+(?:e[+-]?\d+)?)?\s*\*?\s*(?P<base>[^']*)'?", re.IGNORECASE)
_JOULE, _PER_METRE = "m**2*kg*s**-2", "m**-1"
MEV_IN_JOULE = 1.602176634e-22
SAME_UNIT = 1e-4
"""The files print six digits of a unit."""


@dataclass(frozen=True, eq=False)
class _Axis:
    name: str
    index: int
    edges: NDArray[np.float64]
    unit: str


def sniffs(head: bytes) -> bool:
    """Whether a file's first bytes speak for this format."""
    return speaks_for(head, "sns-histogram")


def read(content: bytes) -> list[Raw]:
    """The maps and spectra of a file.

    Raises
    ------
    Unreadable
        It is none, or its axes are not |q| and energy, or energy alone.
    """
    with open_hdf5(content) as root:
        entries = require(root, "sns-histogram")
        if len(entries) > MAX_HISTOGRAMS:
            raise Unreadable(Notice("too_many_runs", {"n_runs": len(entries), "max_runs": MAX_HISTOGRAMS}))
        return [_read_entry(root, entry) for entry in entries]


def _read_entry(root: Group, entry: str) -> Raw:
    grid = group_at(root, f"{entry}/grid")
    axes = sorted((_axis(root, entry, name) for name in names(grid)), key=lambda axis: axis.index) if grid else []
    values = number_array(root, f"{entry}/data")
    squares = number_array(root, f"{entry}/errors")
    if values is None or values.shape != tuple(len(axis.edges) - 1 for axis in axes):
        sizes = [len(axis.edges) - 1 for axis in axes]
        raise Unreadable(
            Notice(
                "sizes_differ",
                {"arrays": ["data", "grid"], "sizes": [0 if values is None else values.size, math.prod(sizes)]},
            )
        )
    if squares is not None and squares.shape != values.shape:
        raise Unreadable(Notice("sizes_differ", {"arrays": ["data", "errors"]}))
    error = None if squares is None else np.sqrt(np.where(squares >= 0, squares, np.nan))
    kinds = [_kind(axis) for axis in axes]
    stated = Stated(title=entry)
    if kinds == ["energy"]:
        unit, edges = _energy(axes[0])
        return RawSpectrum(edges, values, error, unit, f"the unit of “{axes[0].name}”", stated=stated)
    if sorted(kinds) != ["energy", "q"]:
        raise Unreadable(Notice("histogram_axes", {"axes": [axis.name[:40] for axis in axes]}))
    if kinds[0] == "energy":
        values, error, axes = values.T, None if error is None else error.T, axes[::-1]
    unit, edges = _energy(axes[1])
    return RawMap(
        kind="q",
        across=axes[0].edges * _factor(axes[0].unit, _PER_METRE, 1e10),
        width=None,
        x=edges,
        y=values,
        error=error,
        x_unit=unit,
        recognised_by=f"the unit of “{axes[1].name}”",
        stated=stated,
    )


def _axis(root: Group, entry: str, name: str) -> _Axis:
    path = f"{entry}/grid/{name}"
    edges = number_array(root, f"{path}/bin boundaries")
    index = number_attribute(root, path, "index")
    if edges is None or edges.ndim != 1 or len(edges) < 2 or index is None:
        raise Unreadable(Notice("histogram_axes", {"axes": [name[:40]]}))
    return _Axis(name, int(index), edges, attribute(root, path, "unit") or "")


def _kind(axis: _Axis) -> str:
    """Return what an axis is: by its unit and its name, which must agree."""
    name = axis.name.casefold()
    if _factor(axis.unit, _JOULE, MEV_IN_JOULE) and name in ("e", "energy", "de", "omega", "energytransfer"):
        return "energy"
    if _factor(axis.unit, _PER_METRE, 1e10) and name in ("q", "|q|", "momentumtransfer"):
        return "q"
    return "other"


def _energy(axis: _Axis) -> tuple[XUnit, NDArray[np.float64]]:
    return "meV", axis.edges * _factor(axis.unit, _JOULE, MEV_IN_JOULE)


def _factor(unit: str, base: str, ours: float) -> float:
    """Return the factor from a unit in SI base units, such as 1.60218e-22*m**2*kg*s**-2, to ours; 0 of another."""
    plain = {"mev": (_JOULE, MEV_IN_JOULE), "1./angstrom": (_PER_METRE, 1e10), "1/angstrom": (_PER_METRE, 1e10)}
    text = unit.removeprefix("b'").removesuffix("'").strip()
    if text.casefold() in plain:
        known, size = plain[text.casefold()]
        return size / ours if known == base else 0.0
    match = _UNIT.fullmatch(text)
    if match is None or match["base"].replace(" ", "") != base:
        return 0.0
    factor = float(match["factor"] or 1) / ours
    return 1.0 if abs(factor - 1) < SAME_UNIT else factor
