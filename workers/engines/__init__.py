"""Load engines by the names of their records: calculators of forces, and programs that move atoms."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import cast

from ase.calculators.calculator import Calculator

from backend.engines import catalogue
from backend.engines.catalogue import UnknownEngine
from workers.engines.interface import CalculatorModule, Engine, Potential, ProgramModule
from workers.engines.preloader import Preloader
from workers.kit.failures import CannotPredict, potential_refused

logger = logging.getLogger(__name__)

_preloader = Preloader()

__all__ = ["UnknownEngine", "available", "calculator", "dynamics", "preload"]


def calculator(engine: str, potential: Potential) -> Calculator:
    """Load a potential into an engine that evaluates it for ASE.

    Raises
    ------
    UnknownEngine
        There is no such engine, or it gives no forces.
    workers.kit.failures.CannotPredict
        The engine refuses the potential.
    """
    if not catalogue.get(engine).gives_forces:
        raise UnknownEngine(f"{engine!r} moves atoms and gives no forces")
    return _preloader.take(engine, potential) or _load(engine, potential)


def preload(engine: str, potential: Potential) -> None:
    """Start loading the potential that this process will probably need; `calculator` then returns it."""
    _preloader.start(engine, potential, _load)


def dynamics(
    engine: str, potential: Potential, *, loader: str, modify: Callable[[Calculator], Calculator] | None = None
) -> Engine:
    """Load a potential into an engine that runs molecular dynamics.

    Parameters
    ----------
    engine
        Name of the engine.
    potential
        Potential.
    loader
        Engine that loaded the potential, for engines that take forces from another engine.
    modify
        Function that changes the calculator of the forces. An engine that loads the potential itself ignores it: see
        `backend.engines.record.Engine.takes_forces`.

    Raises
    ------
    UnknownEngine
        There is no such engine.
    workers.kit.failures.CannotPredict
        The engine refuses the potential.
    """
    gives_forces = catalogue.get(engine).gives_forces

    def forces() -> Calculator:
        loaded = calculator(engine if gives_forces else loader, potential)
        return loaded if modify is None else modify(loaded)

    if not gives_forces:
        return cast(ProgramModule, _module(engine)).dynamics(potential, forces)
    from workers.engines.ase_dynamics import AseDynamics

    return AseDynamics(forces())


def _load(engine: str, potential: Potential) -> Calculator:
    """Load a potential. Libraries of other projects raise what they like: all of it is the reason of the refusal.

    Raises
    ------
    workers.kit.failures.CannotPredict
        The engine refuses the potential, or is not installed.
    """
    try:
        return cast(CalculatorModule, _module(engine)).calculator(potential)
    except (CannotPredict, MemoryError):
        raise
    except Exception as error:
        logger.warning("%s does not load %s", engine, potential.file.name, exc_info=True)
        raise potential_refused(engine, f"{type(error).__name__}: {error}") from error


def available() -> dict[str, str]:
    """Return the engines of this machine, without loading any of them into this process.

    Returns
    -------
    Engine → version, or for an executable its path.
    """
    versions = {name: _module(name).version(record) for name, record in catalogue.engines().items()}
    return {name: version for name, version in versions.items() if version is not None}


def _module(engine: str) -> CalculatorModule | ProgramModule:
    module = catalogue.get(engine).module or f"workers.engines.{engine.replace('-', '_')}"
    return cast(CalculatorModule | ProgramModule, importlib.import_module(module))
