"""The file of a single crystal's partials."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backend.observing.array_file import Layout, UnreadablePartials, opened, written
from scattering.crystal.partials import CrystalPartials

__all__ = ["UnreadablePartials", "read_crystal_partials", "write_crystal_partials"]

_RECIPROCAL = "reciprocal lattice units of cell"
LAYOUT = Layout(
    format="beamcast-crystal-partials",
    units={
        "cell": "angstrom",
        "wave_vectors": _RECIPROCAL,
        "distance": "1/angstrom",
        "zones": _RECIPROCAL,
        "energy": "meV",
        "concentration": "",
        "coherent": "1/meV",
        "q": "1/angstrom",
        "incoherent": "1/meV",
        "displacements": "angstrom**2",
        "dispersion_distance": "1/angstrom",
        "dispersion": "meV",
        "coherent_runs": "1/meV",
        "incoherent_runs": "1/meV",
    },
    axes={
        "cell": ("cell_vector", "xyz"),
        "wave_vectors": ("distance", "hkl"),
        "distance": ("distance",),
        "zones": ("zone", "hkl"),
        "energy": ("energy",),
        "concentration": ("species",),
        "coherent": ("pair", "zone", "distance", "energy"),
        "q": ("q",),
        "incoherent": ("species", "q", "energy"),
        "displacements": ("species", "xyz", "xyz"),
        "dispersion_distance": ("dispersion_distance",),
        "dispersion": ("dispersion_distance", "mode"),
        "coherent_runs": ("run", "pair", "zone", "distance", "energy"),
        "incoherent_runs": ("run", "species", "q", "energy"),
    },
    optional=frozenset({"coherent_runs", "incoherent_runs"}),
    scales=("distance", "energy", "q", "dispersion_distance"),
)


def write_crystal_partials(path: Path, partials: CrystalPartials) -> None:
    """Write partials, whole or not at all."""
    with written(path, LAYOUT, partials) as file:
        file["label"] = list(partials.labels)
        file["tick_label"] = [name for _, name in partials.ticks]
        file["tick_distance"] = np.array([place for place, _ in partials.ticks], dtype=float)
        file["tick_distance"].attrs["units"] = "1/angstrom"


def read_crystal_partials(path: Path) -> CrystalPartials:
    """Read partials.

    Raises
    ------
    UnreadablePartials
        Not a file of this format and version.
    FileNotFoundError
    """
    with opened(path, LAYOUT) as (file, fields):
        places, ticks = file["tick_distance"][()].tolist(), file["tick_label"].asstr()[()]
        return CrystalPartials(
            labels=tuple(file["label"].asstr()[()]),
            ticks=tuple(zip(places, map(str, ticks), strict=True)),
            **fields,
        )
