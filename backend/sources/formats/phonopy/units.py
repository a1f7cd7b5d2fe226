"""Units of phonopy's files. They follow the calculator; older files write them in other ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from phonopy.physical_units import get_calculator_physical_units
from scipy import constants

from backend.kit.files import parsed_notices
from backend.sources.formats.reading import Refused
from scattering.core.notices import Notice

BOHR_ANGSTROM: Final[float] = constants.value("Bohr radius") * 1e10
HARTREE_EV: Final[float] = constants.value("Hartree energy in eV")
COULOMB_EV_ANGSTROM: Final[float] = HARTREE_EV * BOHR_ANGSTROM
LENGTHS: Final = {"angstrom": 1.0, "au": BOHR_ANGSTROM, "bohr": BOHR_ANGSTROM}
ENERGIES: Final = {"ev": 1.0, "ry": HARTREE_EV / 2, "mry": HARTREE_EV / 2000, "hartree": HARTREE_EV}


@dataclass(frozen=True)
class Units:
    """Units of a calculation.

    Attributes
    ----------
    length
        Å.
    constants
        Force constants, eV/Å².
    nac_factor
        What phonopy multiplies Z*²/(V ε) by where a file does not state it.
    """

    length: float
    constants: float
    nac_factor: float

    def relative_dielectric(self, factor: float | None) -> float:
        """Return the factor from a dielectric constant of phonopy, with its conversion factor, to one of vacuum = 1."""
        return COULOMB_EV_ANGSTROM / ((factor or self.nac_factor) * self.length**3 * self.constants)


def units_of(stated: Mapping[str, Any], calculator: str | None) -> Units:
    """Return the units that a phonopy.yaml states (`physical_unit`), or those of its calculator.

    Raises
    ------
    Refused
        A unit is not known.
    """
    try:
        usual = get_calculator_physical_units(calculator)
    except Exception:
        usual = get_calculator_physical_units(None)
    length = _length(str(stated.get("length", usual.length_unit)))
    return Units(length, _constants(str(stated.get("force_constants", usual.force_constants_unit))), usual.nac_factor)


def _length(unit: str) -> float:
    try:
        return LENGTHS[unit.strip().lower()]
    except KeyError:
        raise _unknown(unit) from None


def _constants(unit: str) -> float:
    """Return eV/Å² of "eV/angstrom^2", "Ry/angstrom.au" and the like."""
    energy, _, below = unit.strip().lower().partition("/")
    below = below.replace("/", ".")
    lengths = [below.removesuffix("^2")] * 2 if below.endswith("^2") else below.split(".")
    if energy not in ENERGIES or len(lengths) != 2:
        raise _unknown(unit)
    return ENERGIES[energy] / (_length(lengths[0]) * _length(lengths[1]))


def _unknown(unit: str) -> Refused:
    return Refused(Notice("incomplete_file", {"file": "", "unit": parsed_notices.printable(unit, 40)}))
