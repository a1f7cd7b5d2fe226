"""The catalogue of pretrained potentials: a TOML file for each, and their rows in the database."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from sqlmodel import Session

from backend.families.catalogue import families
from backend.families.record import Family
from backend.kit.db.owners import EVERYONE
from backend.kit.settings import Settings
from backend.potentials import fetch
from backend.potentials.record import Pretrained
from backend.potentials.tables import Potential
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

PRETRAINED: Final = "pretrained"
SITE: Final = "site"
REGISTERED: Final = (PRETRAINED, SITE)
"""Kinds of rows that `register` writes: potentials of everyone, whose files belong to the server."""
FOLDER = Path(__file__).parent / "pretrained"
DEFAULT = "NEP89"
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
"""Creation time of pretrained rows, so that lists show a user's own potentials first."""


@cache
def pretrained() -> dict[str, Pretrained]:
    """Return the pretrained potentials by the sum of their files, with those that other packages bring."""
    entries = [Pretrained.of(tomllib.loads(path.read_text())) for path in sorted(FOLDER.glob("*.toml"))]
    for family in families().values():
        entries += [Pretrained.of({"family": family.name, **record}) for record in family.potentials]
    return {entry.sha256: entry for entry in entries}


def site_checkpoints(settings: Settings) -> Iterator[Pretrained]:
    """Yield the potentials of unknown files that the operator has put into the folder `FAMILY` of the drop-in folder.

    A file `NAME.toml` beside a file NAME may state the fields of a record: name, elements, licence, citation and so on.
    """
    for family in families().values():
        if not family.takes_checkpoints:
            continue
        for path in fetch.files_in(settings.potentials_dir / family.name):
            if path.suffix == ".toml" or fetch.sha256_of(path) in pretrained():
                continue
            try:
                yield _site_checkpoint(family, path)
            except (OSError, ValueError, TypeError):
                logger.exception("%s is left out: the record beside it is wrong", path)


def _site_checkpoint(family: Family, path: Path) -> Pretrained:
    beside = path.with_name(f"{path.name}.toml")
    stated = tomllib.loads(beside.read_text()) if beside.is_file() else {}
    known = {
        "name": path.stem[:200],
        "cutoff_angstrom": 0.0,
        "elements": (),
        "citation": "",
        **stated,
        "family": family.name,
        "format": "checkpoint",
        "engine": family.engines[0]["name"],
        "file": path.name,
        "size_bytes": path.stat().st_size,
        "sha256": fetch.sha256_of(path),
        "source": "checkpoint of this site",
    }
    entry = Pretrained.of(known)
    if any(entry.name.lower() == other.name.lower() for other in pretrained().values()):
        raise ValueError(f"the name {entry.name} is taken")
    return entry


def default() -> Pretrained:
    """Return the default potential."""
    return next(entry for entry in pretrained().values() if entry.name == DEFAULT)


def missing_elements(known: Iterable[str], elements: Iterable[str]) -> list[str]:
    """Return the elements that a potential does not cover, in their order; none if its elements are not known."""
    covered = set(known)
    return [] if not covered else [element for element in elements if element not in covered]


def notices_for(elements: Iterable[str]) -> list[Notice]:
    """Return notices about a structure with these elements."""
    entry = default()
    missing = missing_elements(entry.elements, elements)
    if not missing:
        return []
    return [Notice("elements_unknown_to_default", {"potential": entry.name, "elements": missing})]


def register(session: Session, settings: Settings) -> None:
    """Write a row that belongs to everyone for each pretrained potential and each checkpoint of the operator.

    Call it after migrations.
    """
    for entry in pretrained().values():
        _write(session, entry, kind=PRETRAINED)
    for entry in site_checkpoints(settings):
        _write(session, entry, kind=SITE)


def _write(session: Session, entry: Pretrained, *, kind: str) -> None:
    fields = ("name", "family", "sha256", "size_bytes", "format", "engine", "cutoff_angstrom")
    texts = ("licence", "citation", "source")
    row = Potential(
        id=entry.id,
        # The default is the newest, so that lists show it before the others
        created_at=EPOCH if entry.name == DEFAULT else EPOCH - timedelta(days=1),
        owner=EVERYONE,
        kind=kind,
        elements=list(entry.elements),
        **{name: getattr(entry, name) for name in (*fields, *texts)},
    )
    session.merge(row)
