"""Nequix on a CPU, by JAX, from a checkpoint file."""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.interface import Potential

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a checkpoint."""
    from nequix.calculator import NequixCalculator

    loaded: Calculator = NequixCalculator(model_path=str(potential.file), backend="jax", use_kernel=False)
    return loaded
