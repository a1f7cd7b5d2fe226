"""Families of potentials that other installed packages bring, by entry points of the group `beamcast.calculators`.

An entry point names a module with a mapping `RECORD` and a function `calculator`. The server imports the module to read
the record, so the module imports its libraries in the function. docs/operations.md has the format.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from backend.families.record import Family

GROUP: Final = "beamcast.calculators"
MODULE: Final = "workers.engines.ase_calculators.plugins"
"""Module of workers that loads the calculators of all these families."""

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
            # The package belongs to the site: an error in it must not stop the server
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


def _family(point: EntryPoint) -> Family:
    given: Mapping[str, Any] = point.load().RECORD
    record = PluginRecord.model_validate({**given, "name": point.name})
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
