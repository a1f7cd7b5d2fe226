"""Complete options for tests, as a request without more to say would have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ase import Atoms

from scattering.options.case import Case
from scattering.options.names import Method, Quality, Sampling
from scattering.options.registry import find_kind

ENGINES: dict[str, tuple[str, ...]] = {
    "harmonic": ("nep-adapters", "calorine"),
    "md": ("nep-adapters", "calorine", "gpumd"),
    "trpmd": ("i-pi", "gpumd"),
}


def filled(
    method: Method,
    atoms: Atoms,
    *,
    sampling: Sampling = "powder",
    quality: Quality = "preview",
    temperature: float = 300.0,
    instruments: Sequence[str] = ("ARCS",),
    engines: Sequence[str] | None = None,
    **given: object,
) -> Any:
    """Return the options of a simulation of some atoms, with those that are given."""
    case = Case(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        temperature=temperature,
        instruments=instruments,
        quality=quality,
        engines=engines or ENGINES[method],
    )
    return find_kind(method, sampling).options.fill(given, case)
