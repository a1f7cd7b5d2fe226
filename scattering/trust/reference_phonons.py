"""Phonons from density-functional theory at Γ and the zone boundary, as published: references of the calibration."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.trust.measured_phonons import compare, materials

VOLUME_TOLERANCE: Final = 0.08
"""Largest relative difference of the volumes of a calculated and a measured crystal."""


@dataclass(frozen=True, eq=False)
class ReferenceCrystal:
    """A crystal with published phonons.

    Attributes
    ----------
    name
        Formula, with the structure where it is not unique.
    repository, path, commit, licence
        Where the phonons were read.
    functional
        Of the exchange and correlation.
    held_out
        Whether potentials are not calibrated with it, to check the calibration.
    cell
        Shape (3, 3), Å. Primitive cell vectors as rows.
    symbols, fractional
        Atoms, and their positions in units of the vectors, shape (n_atoms, 3).
    energies_mev
        Special point → energies of all modes, ascending; negative if imaginary. At Γ without a macroscopic field.
    """

    name: str
    repository: str
    path: str
    commit: str
    licence: str
    functional: str
    held_out: bool
    cell: NDArray[np.float64]
    symbols: tuple[str, ...]
    fractional: NDArray[np.float64]
    energies_mev: Mapping[str, Sequence[float]]


@cache
def reference_crystals() -> tuple[ReferenceCrystal, ...]:
    """Return all crystals of the data file."""
    text = resources.files("scattering.trust").joinpath("data/reference_phonons.toml").read_text(encoding="utf-8")
    return tuple(_crystal(**entry) for entry in tomllib.loads(text).get("crystal", ()))


def _crystal(*, cell_angstrom: Any, symbols: Sequence[str], fractional: Any, **plain: Any) -> ReferenceCrystal:
    return ReferenceCrystal(
        cell=np.array(cell_angstrom, dtype=np.float64),
        symbols=tuple(symbols),
        fractional=np.array(fractional, dtype=np.float64),
        **plain,
    )


def functional_error(functional: str) -> tuple[float, int]:
    """Return the relative error of phonons calculated with a functional, and the number of crystals that tell it.

    It is the root mean square of ln(calculated/measured) over the crystals that have both, each with the same weight.
    """
    squares = []
    for one in reference_crystals():
        if one.functional != functional:
            continue
        counts = Counter(one.symbols)
        divisor = math.gcd(*counts.values())
        formula = {element: n // divisor for element, n in counts.items()}
        volume = abs(float(np.linalg.det(one.cell))) / len(one.symbols)
        for material in materials():
            is_same = material.formula == formula and abs(volume / material.volume_per_atom - 1) < VOLUME_TOLERANCE
            if is_same and (found := compare(material, one.energies_mev)) is not None:
                squares.append(found.rms**2)
    return math.sqrt(sum(squares) / len(squares)), len(squares)
