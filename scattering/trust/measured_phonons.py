"""Measured phonons at Γ and the zone boundary, and their comparison with computed ones."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np

from scattering.core.constants import INVERSE_CM_MEV, PLANCK_MEV_FS

TABLES: Final = ("measured_phonons.toml", "measured_metals.toml")
UNITS_MEV: Final = {"meV": 1.0, "THz": PLANCK_MEV_FS * 1e-3, "cm-1": INVERSE_CM_MEV}
VOLUME_TOLERANCE: Final = 0.06
"""Largest relative difference of the volume per atom. Mode energies go about as the volume to the power −2 (a Grüneisen
parameter of 2), so a crystal compressed by more is off by a tenth with any potential."""
MIN_RATIO: Final = 0.05
"""Computed over measured energy below which a line has collapsed, to an imaginary mode or close to one."""


@dataclass(frozen=True)
class Material:
    """A crystal whose phonons were measured.

    Attributes
    ----------
    name
        Common name.
    formula
        Element → number of atoms, in lowest terms.
    space_group
        Number of the space group.
    volume_per_atom
        Å³, at room temperature.
    temperature_k
        Temperature of the measurement.
    source, doi
        Source of the numbers; the doi is empty if it is unknown.
    read_at
        Where the numbers were read; empty if all of them are unverified.
    unverified
        Points whose numbers were typed from memory: nobody has compared them with a source.
    held_out
        Whether potentials are not calibrated with it, to check the calibration.
    modes
        Special point → (degeneracy, energy in meV) by rising energy; lines at 0 meV are not compared.
    """

    name: str
    formula: Mapping[str, int]
    space_group: int
    volume_per_atom: float
    temperature_k: float
    source: str
    modes: Mapping[str, tuple[tuple[int, float], ...]]
    doi: str = ""
    read_at: str = ""
    unverified: tuple[str, ...] = ()
    held_out: bool = False


@dataclass(frozen=True)
class Line:
    """A phonon line at a special point; an imaginary line has a negative `computed_mev`."""

    point: str
    measured_mev: float
    computed_mev: float


@dataclass(frozen=True)
class Comparison:
    """Comparison of computed and measured phonons.

    Attributes
    ----------
    lines
        All lines that both have.
    ratios
        computed / measured of the lines that have not collapsed, ascending. There is no median if it is empty.
    """

    material: Material
    lines: tuple[Line, ...]
    ratios: tuple[float, ...]

    @property
    def n_collapsed(self) -> int:
        """Number of lines that are imaginary or close to it."""
        return len(self.lines) - len(self.ratios)

    @property
    def median(self) -> float:
        """Median of computed / measured: 0.9 for a potential that is a tenth too soft."""
        return float(np.median(self.ratios))

    @property
    def rms(self) -> float:
        """Root mean square of ln(computed / measured): the relative error of an energy."""
        return math.sqrt(float(np.mean(np.log(self.ratios) ** 2)))

    @property
    def scatter(self) -> float:
        """The same about the median: the relative error that remains after an energy scale."""
        return math.sqrt(float(np.mean(np.log(np.divide(self.ratios, self.median)) ** 2)))


@cache
def materials() -> tuple[Material, ...]:
    """Return all materials of the data files."""
    folder = resources.files("scattering.trust").joinpath("data")
    texts = (folder.joinpath(name).read_text(encoding="utf-8") for name in TABLES)
    return tuple(_material(**entry) for text in texts for entry in tomllib.loads(text)["material"])


def _material(
    *,
    lattice_angstrom: float,
    atoms_per_cell: int,
    unit: str,
    modes: Mapping[str, Any],
    unverified: Sequence[str] = (),
    **plain: Any,
) -> Material:
    factor = UNITS_MEV[unit]
    return Material(
        volume_per_atom=lattice_angstrom**3 / atoms_per_cell,
        unverified=tuple(unverified),
        modes={point: tuple((int(n), value * factor) for n, value in lines) for point, lines in modes.items()},
        **plain,
    )


def find_material(formula: Mapping[str, int], space_group: int, volume_per_atom: float) -> Material | None:
    """Return the material of a crystal; None if its phonons are not tabulated, or not at this density.

    Parameters
    ----------
    formula
        Element → number of atoms, in any terms.
    space_group
        Number of the space group.
    volume_per_atom
        Å³.
    """
    divisor = math.gcd(*formula.values()) if formula else 1
    reduced = {element: n // divisor for element, n in formula.items()}
    for material in materials():
        same = material.formula == reduced and material.space_group == space_group
        if same and abs(volume_per_atom / material.volume_per_atom - 1) < VOLUME_TOLERANCE:
            return material
    return None


def compare(material: Material, computed: Mapping[str, Sequence[float]]) -> Comparison | None:
    """Compare computed with measured phonons, at each point in the order of their energies.

    If the potential exchanges two branches, their lines are exchanged, which hardly changes the median.

    Parameters
    ----------
    material
        The same crystal.
    computed
        Special point → energies in meV of all modes; imaginary ones are negative.

    Returns
    -------
    None if they have no point in common.
    """
    lines = []
    for point, measured in material.modes.items():
        energies = sorted(computed.get(point, ()))
        if point == "Γ":
            # The acoustic modes come first, although optical ones may be imaginary
            nearest = sorted(energies, key=abs)
            energies = [*nearest[:3], *sorted(nearest[3:])]
        if len(energies) != sum(degeneracy for degeneracy, _ in measured):
            continue
        first = 0
        for degeneracy, energy in measured:
            if energy > 0:
                lines.append(Line(point, energy, float(np.mean(energies[first : first + degeneracy]))))
            first += degeneracy
    every = (line.computed_mev / line.measured_mev for line in lines)
    ratios = sorted(ratio for ratio in every if ratio > MIN_RATIO)
    return Comparison(material, tuple(lines), tuple(ratios)) if lines else None
