"""calorine: its calculator CPUNEP loads every NEP."""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.interface import Potential
from workers.kit.failures import potential_refused
from workers.potentials.nep import COORDINATION_CUTOFF, DISPERSION_CUTOFF

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a potential.

    Raises
    ------
    CannotPredict
        CPUNEP refuses the file.
    """
    from calorine.calculators import CPUNEP  # takes seconds to import

    dispersion = potential.dispersion and {
        "functional": potential.dispersion,
        "potential_cutoff": DISPERSION_CUTOFF,
        "coordination_number_cutoff": COORDINATION_CUTOFF,
    }
    try:
        loaded: Calculator = CPUNEP(str(potential.file), dftd3=dispersion)
        return loaded
    except ValueError as error:
        raise potential_refused("calorine", str(error)) from error
