"""Calculators that other installed packages bring; see `backend.families.plugins`."""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from backend.families import plugins
from workers.engines import machine
from workers.engines.interface import Potential

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a potential by the function of its package."""
    loaded: Calculator = plugins.load_module(potential.family).calculator(potential.format)
    return loaded
