"""The file of a powder's partials."""

from __future__ import annotations

from pathlib import Path

from backend.observing.array_file import Layout, UnreadablePartials, opened, written
from scattering.core.partials import Partials

__all__ = ["UnreadablePartials", "read_partials", "write_partials"]

LAYOUT = Layout(
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


def write_partials(path: Path, partials: Partials) -> None:
    """Write partials, whole or not at all."""
    with written(path, LAYOUT, partials):
        pass


def read_partials(path: Path) -> Partials:
    """Read partials.

    Raises
    ------
    UnreadablePartials
        Not a file of this format and version.
    FileNotFoundError
    """
    with opened(path, LAYOUT) as (_, fields):
        return Partials(**fields)
