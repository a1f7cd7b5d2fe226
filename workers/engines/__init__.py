"""Engines, by the names of their records: what evaluates a potential, and what moves atoms by it."""

from __future__ import annotations

import importlib
from functools import partial
from typing import cast

from ase.calculators.calculator import Calculator

from backend.engines import catalogue
from backend.engines.catalogue import UnknownEngine
from workers.engines.ahead import Ahead
from workers.engines.interface import CalculatorModule, Engine, Potential, ProgramModule

_ahead = Ahead()

__all__ = ["UnknownEngine", "available", "calculator", "dynamics", "load_ahead"]


def calculator(engine: str, potential: Potential) -> Calculator:
    """Load a potential into an engine that evaluates it for ASE.

    Raises
    ------
    UnknownEngine
        There is no such engine, or it gives no forces.
    workers.kit.failures.CannotPredict
        It refuses the potential.
    """
    if not catalogue.get(engine).gives_forces:
        raise UnknownEngine(f"{engine!r} moves atoms and gives no forces")
    return _ahead.take(engine, potential) or _load(engine, potential)


def load_ahead(engine: str, potential: Potential) -> None:
    """Begin to load the potential that this process is likely to be asked for; `calculator` then gives it."""
    _ahead.begin(engine, potential, _load)


def dynamics(engine: str, potential: Potential, *, loader: str) -> Engine:
    """Load a potential into an engine that runs molecular dynamics.

    Parameters
    ----------
    engine
        Name of the engine.
    potential
        What gives the forces.
    loader
        Engine that the potential was found to load in, for engines that take forces from another one.

    Raises
    ------
    UnknownEngine
        There is no such engine.
    workers.kit.failures.CannotPredict
        It refuses the potential.
    """
    if not catalogue.get(engine).gives_forces:
        return cast(ProgramModule, _module(engine)).dynamics(potential, partial(calculator, loader, potential))
    from workers.engines.ase_dynamics import AseDynamics

    return AseDynamics(calculator(engine, potential))


def _load(engine: str, potential: Potential) -> Calculator:
    return cast(CalculatorModule, _module(engine)).calculator(potential)


def available() -> dict[str, str]:
    """Find the engines that this machine really has, without loading any of them into this process.

    Returns
    -------
    Engine → its version, and for a program of its own where it is.
    """
    found = {name: _module(name).version(record) for name, record in catalogue.engines().items()}
    return {name: version for name, version in found.items() if version is not None}


def _module(engine: str) -> CalculatorModule | ProgramModule:
    module = catalogue.get(engine).module or f"workers.engines.{engine.replace('-', '_')}"
    return cast(CalculatorModule | ProgramModule, importlib.import_module(module))
