"""Hover labels: value, unit and name, each once.

In a unified label, which lists all curves at one energy, the energy and the unit of the intensities are its title and
each curve has a line with its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from backend.figures.energy import UNIT_WORDS
from backend.figures.schemas import EnergyUnit

MAX_UNIFIED: Final = 4
"""Curves in a unified label; more would cover the figure."""
_X: Final = "%{x:.4~r}"


@dataclass(frozen=True)
class CurveHover:
    """Hover labels of the curves of a figure.

    Attributes
    ----------
    energy_unit
        Unit of the x axis.
    units
        Units of the curves; empty if the figure states none.
    unified
        Whether one label lists all curves at an energy.
    """

    energy_unit: EnergyUnit
    units: frozenset[str] = frozenset()
    unified: bool = False

    @classmethod
    def of(cls, energy_unit: EnergyUnit, units: Sequence[str]) -> Self:
        """Return the labels of curves with these units, in a figure of these curves only."""
        return cls(energy_unit, frozenset(units), unified=len(units) <= MAX_UNIFIED)

    @property
    def mode(self) -> Literal["x unified", "closest"]:
        """Plotly's mode."""
        return "x unified" if self.unified else "closest"

    @property
    def title(self) -> dict[str, Any]:
        """Title of a unified label, for the x axis: the energy, and the unit if all curves have the same."""
        energy = f"{_X} {UNIT_WORDS[self.energy_unit]}"
        return {"text": ", ".join([energy, *self.units]) if len(self.units) == 1 else energy}

    def template(self, name: str, unit: str = "", *, shifted: bool = False) -> str:
        """Return the template of a curve.

        Parameters
        ----------
        name
            Label of the curve.
        unit
            Unit of its values.
        shifted
            Whether the curve is drawn elsewhere than at its values, which are then its `customdata`.
        """
        value = f"%{{{'customdata' if shifted else 'y'}:.4~g}}"
        if self.unified:
            return f"{value if len(self.units) <= 1 else _with_unit(value, unit)}<extra>{name}</extra>"
        return f"{_X} {UNIT_WORDS[self.energy_unit]}<br>{_with_unit(value, unit)}<extra>{name}</extra>"


def map_hover(energy_unit: EnergyUnit, unit: str = "", *, logarithmic: bool, name: str = "") -> str:
    """Return the template of a map over (|q|, ω). The title of the figure is the name of a single map."""
    end = intensity_hover(unit, logarithmic=logarithmic, name=name)
    return f"|q| %{{x:.3~r}} Å⁻¹<br>%{{y:.4~r}} {UNIT_WORDS[energy_unit]}<br>{end}"


def intensity_hover(unit: str = "", *, logarithmic: bool, name: str = "") -> str:
    """Return the end of the template of a map; with a logarithmic scale its `customdata` are the intensities."""
    value = f"%{{{'customdata' if logarithmic else 'z'}:.3~g}}"
    return f"{_with_unit(f'S {value}', unit)}<extra>{name}</extra>"


def _with_unit(value: str, unit: str) -> str:
    return f"{value} {unit}" if unit else value
