"""The catalogue of engines: a TOML file for each in `records/`, and the records of families of potentials.

A record has the name, the capabilities and the queue of an engine; all other modules read it. The code of an engine is
the module `workers.engines.NAME`, which only workers import (docs/decisions/0009-records.md).
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from backend.engines.record import Engine, Program
from backend.families.catalogue import families

FOLDER = Path(__file__).parent / "records"


class UnknownEngine(LookupError):
    """There is no engine with this name."""


@cache
def engines() -> dict[str, Engine]:
    """Return all engines by name, sorted by name.

    Raises
    ------
    ValueError
        A record is wrong: a field is missing, its name is not that of its file, another record has the same name, or
        two engines are the default of one method.
    """
    records = []
    for path in FOLDER.glob("*.toml"):
        records.append(Engine.model_validate(tomllib.loads(path.read_text())))
        if records[-1].name != path.stem:
            raise ValueError(f"{path} contains the record of {records[-1].name}")
    for family in families().values():
        records += [Engine.model_validate({"families": (family.name,), **record}) for record in family.engines]
    for taken in ([engine.name for engine in records], [method for engine in records for method in engine.default_for]):
        if len(taken) != len(set(taken)):
            raise ValueError(f"two engines have the same name, or are the default of the same method: {sorted(taken)}")
    return {engine.name: engine for engine in sorted(records, key=lambda engine: engine.name)}


def example() -> str:
    """Return the name of an engine, for examples in the documentation of the API."""
    return next(iter(engines()))


def get(name: str) -> Engine:
    """Return the record of an engine.

    Raises
    ------
    UnknownEngine
        There is no engine with this name.
    """
    try:
        return engines()[name]
    except KeyError:
        raise UnknownEngine(f"there is no engine {name!r}; there are {', '.join(engines())}") from None


def program(name: str) -> Program:
    """Return the executable in the record of an engine.

    Raises
    ------
    UnknownEngine
        There is no engine with this name, or it has no executable.
    """
    executable = get(name).program
    if executable is None:
        raise UnknownEngine(f"{name} has no executable")
    return executable


def title(name: str) -> str:
    """Return the title of an engine, or its name if only an older version had this engine."""
    return engines()[name].title if name in engines() else name


def packages(*names: str) -> tuple[str, ...]:
    """Return the Python packages of the named engines, or of all. Unknown engines have none."""
    selected = [engines()[name] for name in names or engines() if name in engines()]
    return tuple(dict.fromkeys(engine.package for engine in selected if engine.package))


def for_method(
    method: str, family: str | None = None, *, preferred: str | None = None, takes_forces: bool = False
) -> tuple[str, ...]:
    """Return the engines that a prediction may choose, the default first, the others sorted by name.

    Parameters
    ----------
    method
        "harmonic", "md" or "trpmd".
    family
        Family of the potential; None for all families.
    preferred
        Default engine, if it can run the method: the engine that loaded the potential.
    takes_forces
        Whether to leave out engines whose forces cannot be modified.
    """
    able = [
        engine
        for engine in engines().values()
        if method in engine.methods
        and (family is None or engine.loads(family))
        and (engine.takes_forces or not takes_forces)
    ]
    able.sort(key=lambda engine: (engine.name != preferred, method not in engine.default_for))
    return tuple(engine.name for engine in able)
