"""What evaluates a potential and moves atoms by it: engines, by the names that predictions ask for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ase.calculators.calculator import Calculator

from backend.kit.settings import current
from workers.engines.interface import Engine, Potential
from workers.potentials import nep as potentials


class UnknownEngine(LookupError):
    """There is no engine of that name, or none that can do this."""


def _gpumd(potential: Potential) -> Engine:
    from workers.engines.gpumd import GPUMD

    return GPUMD(potential)


def _ipi(potential: Potential) -> Engine:
    from workers.engines.ipi import IPI

    return IPI(potential)


CALCULATORS: Final[dict[str, Callable[[Potential], Calculator]]] = {
    "nep-adapters": potentials.nep_adapters,
    "nep-adapters-cuda": potentials.nep_adapters_cuda,
    "calorine": potentials.calorine,
}
"""Engines that give a potential to ASE, whose integrators and optimisers do the rest."""

PROGRAMS: Final[dict[str, Callable[[Potential], Engine]]] = {"gpumd": _gpumd, "i-pi": _ipi}
"""Engines that move atoms by themselves."""


def calculator(engine: str, potential: Potential) -> Calculator:
    """Load a potential into an engine that evaluates it for ASE.

    Raises
    ------
    UnknownEngine
        No such engine here.
    workers.simulations.outcome.CannotPredict
        It refuses the potential.
    """
    try:
        load = CALCULATORS[engine]
    except KeyError:
        raise UnknownEngine(f"there is no engine {engine!r} for this; there are {', '.join(CALCULATORS)}") from None
    return load(potential)


def dynamics(engine: str, potential: Potential) -> Engine:
    """Load a potential into an engine that runs molecular dynamics.

    Raises
    ------
    UnknownEngine
        No such engine here.
    workers.simulations.outcome.CannotPredict
        It refuses the potential.
    """
    if engine in PROGRAMS:
        return PROGRAMS[engine](potential)
    from workers.engines.ase_dynamics import AseDynamics

    return AseDynamics(calculator(engine, potential))


def available() -> dict[str, str]:
    """Find the engines that this machine really has, loading none of them into this process.

    Returns
    -------
    Engine → its version, and for a program of its own where it is.
    """
    found = {}
    for engine, module, package in (
        ("nep-adapters", "nep_adapters", "nep-adapters"),
        ("calorine", "calorine", "calorine"),
        ("i-pi", "ipi", "ipi"),
    ):
        if importlib.util.find_spec(module) is not None:
            found[engine] = f"{package} {importlib.metadata.version(package)}"
    if "nep-adapters" in found and (card := _graphics_card()):
        found["nep-adapters-cuda"] = f"{found['nep-adapters']} on {card}"
    from workers.engines.gpumd_process import find_binary

    # Who names it knows what it is for; one that only happens to be there needs a card
    wanted = current().gpumd is not None or any(device.exists() for device in DEVICES)
    if wanted and (program := find_binary()) is not None and os.access(program, os.X_OK):
        found["gpumd"] = str(program.absolute())
    return found


DEVICES: Final = (Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""What the drivers of NVIDIA's cards leave on Linux, and on Linux under Windows."""
ASK_FOR_A_CARD: Final = """
import nep_adapters
print(*(device.name for device in nep_adapters.backend_status("cuda").devices[:1]))
"""


def _graphics_card() -> str | None:
    """Name the card that nep-adapters finds; asked in another process, since CUDA does not survive a fork."""
    if not any(device.exists() for device in DEVICES):
        return None
    try:
        asked = subprocess.run(
            [sys.executable, "-c", ASK_FOR_A_CARD], capture_output=True, text=True, timeout=60, check=True
        )
    except subprocess.SubprocessError:
        return None
    return asked.stdout.strip() or None
