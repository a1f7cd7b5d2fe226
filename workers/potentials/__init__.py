"""Facts about families of potentials that only workers need: a module for each, with the name of its record."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast

from ase import Atoms

from scattering.trust.training import Coverage


class FamilyModule(Protocol):
    """Module of a family.

    Where the family brings an engine of its own (`Family.engines`), it may be the engine's module, too
    (`workers.engines.interface.CalculatorModule`).
    """

    def training_range(self, file: Path, atoms: Atoms) -> Coverage | None:
        """Compare a structure with what a potential was trained on; None where its file does not say."""


def module(family: str) -> FamilyModule:
    """Import the module of a family."""
    return cast(FamilyModule, importlib.import_module(f"{__name__}.{family}"))
