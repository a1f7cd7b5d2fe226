"""MACE on a CPU, from a checkpoint file."""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.interface import Potential

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a checkpoint, in double precision, because displacements are small."""
    from mace.calculators import MACECalculator

    loaded: Calculator = MACECalculator(model_paths=str(potential.file), device="cpu", default_dtype="float64")
    return loaded
