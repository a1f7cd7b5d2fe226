"""File formats of partials: of a powder, of a single crystal along a path, and the compact form of a powder."""

from __future__ import annotations

from typing import Any, Final

import h5py
import numpy as np

from backend.observing.array_file import Layout
from scattering.core.compact import CompactPartials
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials

POWDER: Final = Layout(
    make=Partials,
    format="beamcast-partials",
    units={
        "q": "1/angstrom",
        "energy": "meV",
        "concentration": "",
        "coherent": "1/meV",
        "incoherent": "1/meV",
        "coherent_elastic": "",
        "incoherent_elastic": "",
        "orders": "1/meV",
        "coherent_runs": "1/meV",
        "incoherent_runs": "1/meV",
    },
    axes={
        "q": ("q",),
        "energy": ("energy",),
        "concentration": ("species",),
        "coherent": ("pair", "q", "energy"),
        "incoherent": ("species", "q", "energy"),
        "coherent_elastic": ("pair", "q"),
        "incoherent_elastic": ("species", "q"),
        "orders": ("order", "species", "q", "energy"),
        "coherent_runs": ("run", "pair", "q", "energy"),
        "incoherent_runs": ("run", "species", "q", "energy"),
    },
    optional=frozenset({"orders", "coherent_runs", "incoherent_runs"}),
    scales=("q", "energy"),
)

COMPACT: Final = Layout(
    make=CompactPartials,
    format="beamcast-compact-partials",
    units={
        "q": "1/angstrom",
        "energy": "meV",
        "concentration": "",
        "coherent_elastic": "",
        "incoherent_elastic": "",
        "interference": "1/meV",
        "self_over_q": "1/meV",
        "self_over_energy": "",
    },
    axes={
        "q": ("q",),
        "energy": ("energy",),
        "concentration": ("species",),
        "coherent_elastic": ("pair", "q"),
        "incoherent_elastic": ("species", "q"),
        "interference": ("pair", "q", "energy"),
        "self_over_q": ("order", "species", "rank", "q"),
        "self_over_energy": ("order", "species", "rank", "energy"),
    },
    optional=frozenset(),
    scales=("q", "energy"),
    compression=9,
)


class _PathLayout(Layout[CrystalPartials]):
    """A layout with the names of special points, which are not arrays of numbers."""

    def write_more(self, file: h5py.File, partials: CrystalPartials) -> None:
        """Write the name of each wave vector, and all special points of the path."""
        file["label"] = list(partials.labels)
        file["tick_label"] = [name for _, name in partials.ticks]
        file["tick_distance"] = np.array([place for place, _ in partials.ticks], dtype=float)
        file["tick_distance"].attrs["units"] = "1/angstrom"

    def read_more(self, file: h5py.File) -> dict[str, Any]:
        """Return `labels` and `ticks`."""
        places, ticks = file["tick_distance"][()].tolist(), file["tick_label"].asstr()[()]
        return {
            "labels": tuple(file["label"].asstr()[()]),
            "ticks": tuple(zip(places, map(str, ticks), strict=True)),
        }


_RECIPROCAL: Final = "reciprocal lattice units of cell"
PATH: Final = _PathLayout(
    make=CrystalPartials,
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
