"""The engines that there are: one TOML file each in `records/`, and those that come with a family of potentials.

A record says what an engine is called, what it can do and where it runs; everything else reads it. The code of an
engine is the module `workers.engines.NAME`, which only workers import (docs/decisions/0009-records.md).
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from backend.engines.record import Engine, Program
from backend.families.catalogue import families

FOLDER = Path(__file__).parent / "records"


class UnknownEngine(LookupError):
    """There is no engine of that name."""


@cache
def engines() -> dict[str, Engine]:
    """Return all engines by name, in the order of their names.

    Raises
    ------
    ValueError
        A record is wrong: it lacks a field, bears the name of another one or another name than its file, or is the
        second default of a method.
    """
    found = []
    for path in FOLDER.glob("*.toml"):
        found.append(Engine.model_validate(tomllib.loads(path.read_text())))
        if found[-1].name != path.stem:
            raise ValueError(f"{path} holds the record of {found[-1].name}")
    for family in families().values():
        found += [Engine.model_validate({"families": (family.name,), **record}) for record in family.engines]
    for taken in ([engine.name for engine in found], [method for engine in found for method in engine.default_for]):
        if len(taken) != len(set(taken)):
            raise ValueError(f"two engines have the same name, or are the default of the same method: {sorted(taken)}")
    return {engine.name: engine for engine in sorted(found, key=lambda engine: engine.name)}


def example() -> str:
    """Return the name of some engine, for the examples in the documentation of the API."""
    return next(iter(engines()))


def get(name: str) -> Engine:
    """Return an engine's record.

    Raises
    ------
    UnknownEngine
        There is none of that name.
    """
    try:
        return engines()[name]
    except KeyError:
        raise UnknownEngine(f"there is no engine {name!r}; there are {', '.join(engines())}") from None


def program(name: str) -> Program:
    """Return what an engine's record says of its executable.

    Raises
    ------
    UnknownEngine
        There is no engine of that name that runs as a process of its own.
    """
    found = get(name).program
    if found is None:
        raise UnknownEngine(f"{name} is no program of its own")
    return found


def title(name: str) -> str:
    """Return how an engine is called in sentences; its name, where an older version knew an engine of that name."""
    return engines()[name].title if name in engines() else name


def packages(*names: str) -> tuple[str, ...]:
    """Return the Python packages of some engines, or of all, each once; engines that there are no more have none."""
    chosen = names or tuple(engines())
    found = (engines()[name].package for name in chosen if name in engines())
    return tuple(dict.fromkeys(package for package in found if package))


def for_method(method: str, family: str | None = None, *, preferred: str | None = None) -> tuple[str, ...]:
    """Return the engines that a prediction may choose, the default first and the others by name.

    Parameters
    ----------
    method
        Of predictions: "harmonic", "md" or "trpmd".
    family
        Of the potential; None for any.
    preferred
        The engine that comes first where it can do the method: the one that the potential was found to load in.
    """
    able = [
        engine for engine in engines().values() if method in engine.methods and (family is None or engine.loads(family))
    ]
    able.sort(key=lambda engine: (engine.name != preferred, method not in engine.default_for))
    return tuple(engine.name for engine in able)
