"""Families of potentials that other installed packages bring, by entry points of the group `beamcast.calculators`.

An entry point names a module with a mapping `RECORD` and a function `calculator`. A process of its own imports the
module to read the record (`plugin_record`), because a package of the site may exit or crash. It has a time limit, so
the module imports its libraries in the function. docs/operations.md has the format.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Container, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from backend.families.record import Family

GROUP: Final = "beamcast.calculators"
MODULE: Final = "workers.engines.ase_calculators.plugins"
"""Module of workers that loads the calculators of all these families."""

READER: Final = "backend.families.plugin_record"
MAX_IMPORT_S: Final = 60.0
MAX_LOGGED_CHARACTERS: Final = 1000

logger = logging.getLogger(__name__)

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=24)]
ENGINE_PREFIX: Final = "plugin-"
"""Start of the names of their engines, which no other engine has."""


class PluginPotential(BaseModel):
    """A potential of another package."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    format: Annotated[str, Field(min_length=1, max_length=32)] = Field(
        description="name of the potential for the function `calculator`"
    )
    elements: Annotated[tuple[str, ...], Field(min_length=1)]
    cutoff_angstrom: Annotated[float, Field(gt=0)]
    licence: Text = ""
    citation: Text = ""
    source: Text = ""
    training: Text = ""
    functional: Text = ""
    call_seconds: tuple[tuple[int, float], ...] = ()


class PluginRecord(BaseModel):
    """The mapping `RECORD` of an entry point."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=80)]
    methods: tuple[str, ...] = ("harmonic", "md")
    licence: Text = ""
    citation: Text = ""
    potentials: Annotated[tuple[PluginPotential, ...], Field(min_length=1)]


def find_families(taken: Container[str]) -> dict[str, Family]:
    """Return the families of other packages by name; one that cannot be read is logged and left out.

    Parameters
    ----------
    taken
        Names that entry points cannot have.
    """
    found: dict[str, Family] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in taken or point.name in found:
            logger.error("entry point %s of the group %s: the name is taken", point.name, GROUP)
            continue
        try:
            found[point.name] = _family(point)
        except Exception:
            # A wrong record must not stop the server
            logger.exception("entry point %s of the group %s cannot be read", point.name, GROUP)
    return found


def load_module(name: str) -> Any:
    """Return the module of the entry point with this name.

    Raises
    ------
    LookupError
        No installed package has such an entry point.
    """
    for point in entry_points(group=GROUP, name=name):
        return point.load()
    raise LookupError(f"no installed package has the entry point {name} of the group {GROUP}")


def _read(name: str) -> Mapping[str, Any]:
    """Return the record of an entry point.

    Raises
    ------
    OSError
        Its module failed, ended the process or took too long, or its record is no JSON; the message has the end of what
        it printed.
    """
    # The same packages as in this process
    search = {"PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            [sys.executable, "-m", READER, name],
            env=os.environ | search,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MAX_IMPORT_S,
        )
        if done.returncode:
            raise OSError(f"its process ended with {done.returncode}: {done.stderr[-MAX_LOGGED_CHARACTERS:]}")
        record: Mapping[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise OSError(f"it has no record: {error}") from error
    return record


def _family(point: EntryPoint) -> Family:
    record = PluginRecord.model_validate({**_read(point.name), "name": point.name})
    package = "" if point.dist is None else point.dist.name
    engine = {
        **record.model_dump(include={"title", "methods", "licence", "citation"}),
        "name": f"{ENGINE_PREFIX}{record.name}",
        "role": "calculator",
        "queue": "cpu",
        "package": package,
        "module": MODULE,
    }
    potentials = tuple(
        {**one.model_dump(), "engine": engine["name"], "source": one.source or f"package {package}"}
        for one in record.potentials
    )
    return Family(record.name, record.title, engines=(engine,), potentials=potentials)
