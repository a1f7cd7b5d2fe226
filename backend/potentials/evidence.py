"""What is known of the accuracy of pretrained potentials, by class of crystals: `evidence.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from backend.potentials.catalogue import DEFAULT
from scattering.trust.chemistry import CLASSES, MaterialClass

FILE = Path(__file__).parent / "evidence.toml"

Standing = Literal["better", "worse"]


@dataclass(frozen=True)
class Evidence:
    """The error of phonons in a class of crystals.

    Attributes
    ----------
    potential
        Name of the potential.
    material_class, crystals
        Class, and names of the compared crystals.
    mean_error
        Mean of |computed / reference - 1|; None: a crystal is unstable in the potential.
    source
        What was compared with what.
    """

    potential: str
    material_class: MaterialClass
    crystals: tuple[str, ...]
    source: str
    mean_error: float | None = None


@cache
def all_evidence() -> tuple[Evidence, ...]:
    """Return the entries of the file."""
    entries = tomllib.loads(FILE.read_text())["evidence"]
    return tuple(Evidence(**{**entry, "crystals": tuple(entry["crystals"])}) for entry in entries)


def of_potential(name: str) -> list[Evidence]:
    """Return what is known of a pretrained potential, in the order of the classes."""
    known = [one for one in all_evidence() if one.potential == name]
    return sorted(known, key=lambda one: CLASSES.index(one.material_class))


def compare_with_default(one: Evidence) -> Standing | None:
    """Tell whether a potential is better or worse than the default one in the same crystals; None if it is not known.

    A potential in which a crystal is unstable is worse.
    """
    if one.potential == DEFAULT:
        return None
    for other in of_potential(DEFAULT):
        if (other.material_class, other.crystals) == (one.material_class, one.crystals) and other.mean_error:
            return "better" if one.mean_error is not None and one.mean_error < other.mean_error else "worse"
    return "worse" if one.mean_error is None else None
