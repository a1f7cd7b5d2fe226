"""What evaluates a potential. Each engine gives an ASE calculator; ASE's integrators and optimisers do the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ase.calculators.calculator import Calculator


class UnknownEngine(LookupError):
    """This worker has no engine of that name."""


def _nep_adapters(model: Path) -> Any:
    from nep_adapters.ase import NepAseCalculator

    return NepAseCalculator(str(model))


def _calorine(model: Path) -> Any:
    from calorine.calculators import CPUNEP  # takes seconds to import

    return CPUNEP(str(model))


ENGINES: dict[str, Callable[[Path], Calculator]] = {
    # The faster, for the models that it takes (angular n_max up to 8)
    "nep-adapters": _nep_adapters,
    # Any NEP model
    "calorine": _calorine,
}


def calculator(engine: str, model: Path) -> Calculator:
    """Load a NEP model file into an engine.

    Raises
    ------
    UnknownEngine
        No such engine here.
    """
    try:
        load = ENGINES[engine]
    except KeyError:
        raise UnknownEngine(f"this worker has no engine {engine!r}; it has {', '.join(ENGINES)}") from None
    return load(model)
