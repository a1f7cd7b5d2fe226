"""Phonons at Γ and the zone boundary as they were measured, and how a potential's compare with them."""

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

UNITS_MEV: Final = {"THz": PLANCK_MEV_FS * 1e-3, "cm-1": INVERSE_CM_MEV}
VOLUME_TOLERANCE: Final = 0.06
"""Of the volume an atom. Mode energies go about as the volume to the power −2 (a Grüneisen parameter of 2), so that a
crystal compressed more than this is off by a tenth whatever the potential."""
REAL_SHARE: Final = 0.05
"""Of the measured energy: a line computed below has collapsed, to an imaginary mode or next to one."""


@dataclass(frozen=True)
class Material:
    """A crystal whose phonons were measured.

    Attributes
    ----------
    name
        In words.
    formula
        Element → how many, in lowest terms.
    space_group
        Its number.
    volume_per_atom
        Å³, at room temperature.
    temperature_k
        Of the measurement.
    source, doi
        Of the numbers; the doi is empty where it is not known.
    modes
        Special point → (degeneracy, energy in meV) by rising energy; 0 meV where nothing is compared.
    """

    name: str
    formula: Mapping[str, int]
    space_group: int
    volume_per_atom: float
    temperature_k: float
    source: str
    modes: Mapping[str, tuple[tuple[int, float], ...]]
    doi: str = ""


@dataclass(frozen=True)
class Line:
    """One line at a special point; `computed_mev` is negative where the potential has it imaginary."""

    point: str
    measured_mev: float
    computed_mev: float


@dataclass(frozen=True)
class Comparison:
    """Computed phonons beside the measured ones.

    Attributes
    ----------
    lines
        All that both have.
    ratios
        computed / measured of those lines that have not collapsed, ascending. Without any, there is no median.
    """

    material: Material
    lines: tuple[Line, ...]
    ratios: tuple[float, ...]

    @property
    def n_collapsed(self) -> int:
        """Lines that the potential has imaginary, or next to that."""
        return len(self.lines) - len(self.ratios)

    @property
    def median(self) -> float:
        """Median of computed / measured: 0.9 where the potential is a tenth too soft."""
        return float(np.median(self.ratios))

    @property
    def rms(self) -> float:
        """Root mean square of ln(computed / measured): the relative error of an energy."""
        return math.sqrt(float(np.mean(np.log(self.ratios) ** 2)))

    @property
    def scatter(self) -> float:
        """The same about the median: what an energy scale leaves."""
        return math.sqrt(float(np.mean(np.log(np.divide(self.ratios, self.median)) ** 2)))


@cache
def materials() -> tuple[Material, ...]:
    """Every material of the data file."""
    text = resources.files("scattering.trust").joinpath("data/measured_phonons.toml").read_text(encoding="utf-8")
    return tuple(_material(**entry) for entry in tomllib.loads(text)["material"])


def _material(
    *, lattice_angstrom: float, atoms_per_cell: int, unit: str, modes: Mapping[str, Any], **plain: Any
) -> Material:
    factor = UNITS_MEV[unit]
    return Material(
        volume_per_atom=lattice_angstrom**3 / atoms_per_cell,
        modes={point: tuple((int(n), value * factor) for n, value in lines) for point, lines in modes.items()},
        **plain,
    )


def find(formula: Mapping[str, int], space_group: int, volume_per_atom: float) -> Material | None:
    """The material that a crystal is; None where its phonons are not tabulated, or not at this density.

    Parameters
    ----------
    formula
        Element → how many, in any terms.
    space_group
        Its number.
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
    """Set computed phonons beside measured ones, point by point in the order of their energies.

    Where two branches lie the other way round in the potential, their lines are exchanged, which the median hardly
    notices.

    Parameters
    ----------
    material
        The same crystal.
    computed
        Special point → energies in meV of all modes; negative where imaginary.

    Returns
    -------
    None where they have no point in common.
    """
    lines = []
    for point, measured in material.modes.items():
        energies = sorted(computed.get(point, ()))
        if point == "Γ":
            # The acoustic ones first, though optical ones may be imaginary
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
    ratios = sorted(ratio for ratio in every if ratio > REAL_SHARE)
    return Comparison(material, tuple(lines), tuple(ratios)) if lines else None
