"""CHGNet on a CPU, from a checkpoint file."""

from __future__ import annotations

from typing import Final

from ase.calculators.calculator import Calculator

from workers.engines import machine
from workers.engines.interface import Potential

version: Final = machine.package_version


def calculator(potential: Potential) -> Calculator:
    """Load a checkpoint."""
    from chgnet.model import CHGNet, CHGNetCalculator

    model = CHGNet.from_file(str(potential.file), mlp_out_bias=False, version=potential.format)
    loaded: Calculator = CHGNetCalculator(model, use_device="cpu", on_isolated_atoms="error")
    return loaded
