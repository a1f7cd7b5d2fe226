"""SevenNet on a CPU, from a checkpoint file. Names of models are never given: SevenNet would download them."""

from __future__ import annotations

import warnings
from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.interface import Potential

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a checkpoint."""
    from sevenn.calculator import SevenNetCalculator

    with warnings.catch_warnings():
        # It advises accelerators of GPUs
        warnings.simplefilter("ignore", UserWarning)
        loaded: Calculator = SevenNetCalculator(str(potential.file), device="cpu")
    return loaded
