"""nep-adapters on a GPU."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from ase.calculators.calculator import Calculator

from backend.engines.record import Engine
from workers.engines import machine, nep_adapters
from workers.engines.interface import Potential

GPU_NAME_PROGRAM: Final = """
import nep_adapters
print(*(device.name for device in nep_adapters.backend_status("cuda").devices[:1]))
"""


def version(record: Engine) -> str | None:
    """Return the version of the package and the name of the GPU.

    Another process asks for the GPU, because CUDA does not survive a fork.
    """
    package = machine.package_version(record)
    if package is None or not machine.has_gpu():
        return None
    try:
        finished = subprocess.run(
            [sys.executable, "-c", GPU_NAME_PROGRAM], capture_output=True, text=True, timeout=60, check=True
        )
    except subprocess.SubprocessError:
        return None
    gpu = finished.stdout.strip()
    return f"{package} on {gpu}" if gpu else None


def calculator(potential: Potential) -> Calculator:
    """Load a potential on the first GPU of this process; see `nep_adapters.load`."""
    return nep_adapters.load(potential, backend="cuda")
