"""Facts about families of potentials that only workers need, in modules with the names of the records."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Protocol, cast

from ase import Atoms

from scattering.trust.training import Coverage


class FamilyModule(Protocol):
    """Module of a family."""

    def training_range(self, file: Path, atoms: Atoms) -> Coverage | None:
        """Compare a structure with what a potential was trained on; None where its file does not say."""


def module(family: str) -> FamilyModule | None:
    """Import the module of a family; None if it has none, because its files state nothing about their training."""
    name = f"{__name__}.{family.replace('-', '_')}"
    return cast(FamilyModule, importlib.import_module(name)) if importlib.util.find_spec(name) else None
