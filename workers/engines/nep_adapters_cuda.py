"""nep-adapters on a graphics card."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from ase.calculators.calculator import Calculator

from backend.engines.record import Engine
from workers.engines import machine, nep_adapters
from workers.engines.interface import Potential

ASK_FOR_A_CARD: Final = """
import nep_adapters
print(*(device.name for device in nep_adapters.backend_status("cuda").devices[:1]))
"""


def version(record: Engine) -> str | None:
    """Return the package's version and the card that it finds.

    Another process asks for the card, since CUDA does not survive a fork.
    """
    package = machine.package_version(record)
    if package is None or not machine.has_gpu():
        return None
    try:
        asked = subprocess.run(
            [sys.executable, "-c", ASK_FOR_A_CARD], capture_output=True, text=True, timeout=60, check=True
        )
    except subprocess.SubprocessError:
        return None
    card = asked.stdout.strip()
    return f"{package} on {card}" if card else None


def calculator(potential: Potential) -> Calculator:
    """Load a potential on the first graphics card that this process sees; see `nep_adapters.load`."""
    return nep_adapters.load(potential, backend="cuda")
