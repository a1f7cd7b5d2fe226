"""The catalogue of pretrained potentials: a TOML file for each, and their rows in the database."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlmodel import Session

from backend.kit.db.owners import EVERYONE
from backend.potentials.tables import Potential
from scattering.core.notices import Notice

FOLDER = Path(__file__).parent / "pretrained"
NAMESPACE = uuid.UUID("5b0c6c3e-3a0e-5a57-9a51-6f7b1d6f5a11")
"""Namespace of the ids of pretrained potentials. An id follows from the sum of the file, so all servers have the
same."""
DEFAULT = "NEP89"
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
"""Creation time of pretrained rows, so that lists show a user's own potentials first."""


@dataclass(frozen=True)
class Distribution:
    """A source distribution on the Python package index that contains the file of a potential."""

    project: str
    file: str
    size_bytes: int
    sha256: str
    member: str


@dataclass(frozen=True)
class Pretrained:
    """A pretrained potential, identified by the sum of its file. The file may be missing."""

    name: str
    family: str
    file: str
    size_bytes: int
    sha256: str
    format: str
    engine: str
    cutoff_angstrom: float
    licence: str
    citation: str
    source: str
    elements: tuple[str, ...]
    distribution: Distribution

    @property
    def id(self) -> uuid.UUID:
        """Id of the row."""
        return uuid.uuid5(NAMESPACE, self.sha256)


@cache
def pretrained() -> dict[str, Pretrained]:
    """Return the pretrained potentials by the sum of their files."""
    entries = {}
    for path in sorted(FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text())
        data["elements"] = tuple(data["elements"])
        data["distribution"] = Distribution(**data["distribution"])
        entries[data["sha256"]] = Pretrained(**data)
    return entries


def default() -> Pretrained:
    """Return the default potential."""
    return next(entry for entry in pretrained().values() if entry.name == DEFAULT)


def missing_elements(known: Iterable[str], elements: Iterable[str]) -> list[str]:
    """Return the elements that a potential does not cover, in their order."""
    covered = set(known)
    return [element for element in elements if element not in covered]


def notices_for(elements: Iterable[str]) -> list[Notice]:
    """Return notices about a structure with these elements."""
    entry = default()
    missing = missing_elements(entry.elements, elements)
    if not missing:
        return []
    return [Notice("elements_unknown_to_default", {"potential": entry.name, "elements": missing})]


def register(session: Session) -> None:
    """Write a row that belongs to everyone for each pretrained potential. Call it after migrations."""
    for entry in pretrained().values():
        session.merge(
            Potential(
                id=entry.id,
                created_at=EPOCH,
                owner=EVERYONE,
                kind="pretrained",
                name=entry.name,
                family=entry.family,
                elements=list(entry.elements),
                sha256=entry.sha256,
                size_bytes=entry.size_bytes,
                format=entry.format,
                engine=entry.engine,
                cutoff_angstrom=entry.cutoff_angstrom,
                licence=entry.licence,
                citation=entry.citation,
                source=entry.source,
            )
        )
