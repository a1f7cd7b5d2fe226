"""Actions on potentials: inspect, add, list, delete, and find the file."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from backend.families.catalogue import families
from backend.kit.db.owners import Scope
from backend.kit.files import confined
from backend.kit.files.storage import delete_folder, new_folder, replace_file
from backend.kit.http.errors import Conflict, Unavailable, Unprocessable
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.potentials import catalogue, fetch
from backend.potentials.catalogue import PRETRAINED, REGISTERED
from backend.potentials.fetch import FetchFailed, Progress
from backend.potentials.tables import Potential
from scattering.core.notices import Notice

UPLOADED = "uploaded"
TRIAL_S = 30.0


class PotentialUnavailable(Unavailable):
    """The file of a potential is missing and cannot be downloaded; the notice states what to do."""


def inspect(content: bytes) -> dict[str, Any]:
    """Return the facts of an untrusted potential and the engine that runs it, from a confined process (`trial`).

    This takes a second or more. So call it before the first statement of a transaction, which locks the database.

    Raises
    ------
    Unprocessable
        The file is corrupt, or no engine runs it.
    """
    try:
        answer = confined.run("backend.potentials.trial", ["--cpu-s", str(TRIAL_S)], content, timeout_s=TRIAL_S)
        result: dict[str, Any] = json.loads(answer)
    except confined.Exceeded as error:
        raise Unprocessable.at("file", Notice("potential_not_tried", {"reason": str(error)})) from error
    if "error" in result:
        raise Unprocessable.at("file", Notice.from_json(result["error"]))
    return result


def add(scope: Scope, facts: dict[str, Any], *, content: bytes, name: str, licence: str, citation: str) -> Potential:
    """Store an uploaded potential with the facts that `inspect` returned."""
    row = Potential(
        name=_checked_name(name),
        kind=UPLOADED,
        family=facts["family"],
        elements=facts["elements"],
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        format=facts["format"],
        engine=facts["engine"],
        cutoff_angstrom=facts["cutoff_angstrom"],
        licence=licence,
        citation=citation,
        source="uploaded",
    )
    new_folder(scope.session, scope.settings.potential_dir(row.id))
    with replace_file(uploaded_file(scope.settings, row)) as path:
        path.write_bytes(content)
    return scope.add(row)


def _checked_name(name: str) -> str:
    """Return a name without superfluous blanks, and refuse names that could mean another potential."""
    tidy = " ".join("".join(char for char in name if char.isprintable() or char.isspace()).split())[:200]
    if not tidy:
        raise Unprocessable.at("name", Notice("name_missing"))
    if any(tidy.lower() == entry.name.lower() for entry in catalogue.pretrained().values()):
        raise Unprocessable.at("name", Notice("name_of_pretrained_potential", {"name": tidy}))
    try:
        uuid.UUID(tidy)
    except ValueError:
        return tidy
    raise Unprocessable.at("name", Notice("name_like_id", {"name": tidy}))


def get(scope: Scope, potential_id: uuid.UUID) -> Potential:
    """Return a potential."""
    return scope.get(Potential, potential_id, "potential")


def find(scope: Scope, name_or_id: str) -> Potential | None:
    """Return the potential with an id, or the newest one with a name; None if there is none."""
    wanted: ColumnElement[bool]
    try:
        wanted = col(Potential.id) == uuid.UUID(name_or_id)
    except ValueError:
        wanted = func.lower(Potential.name) == name_or_id.lower()
    statement = scope.select(Potential).where(wanted).order_by(col(Potential.created_at).desc())
    return scope.session.exec(statement).first()


def page(scope: Scope, paging: Paging) -> tuple[list[Potential], int]:
    """Return one page of the potentials, newest first and pretrained ones last, and their total number."""
    return scope.page(scope.select(Potential), Potential, paging)


def delete(scope: Scope, potential_id: uuid.UUID) -> None:
    """Delete an uploaded or trained potential and its file.

    Raises
    ------
    Conflict
        Predictions use the potential, or it is pretrained.
    """
    row = get(scope, potential_id)
    if row.kind in REGISTERED:
        raise Conflict(Notice("pretrained_potential_kept", {"name": row.name}))
    row = scope.get_own(Potential, potential_id, "potential")
    name = row.name
    scope.session.delete(row)
    try:
        scope.session.flush()
    except IntegrityError as error:
        raise Conflict(Notice("potential_in_use", {"name": name})) from error
    delete_folder(scope.session, scope.settings.potential_dir(potential_id))


def missing_elements(potential: Potential, elements: Iterable[str]) -> list[str]:
    """Return the elements that a potential does not cover, in their order."""
    return catalogue.missing_elements(potential.elements, elements)


def is_installed(settings: Settings, potential: Potential) -> bool:
    """Tell whether this machine has the file of a potential; one without a file is always installed."""
    return potential.size_bytes == 0 or find_file(settings, potential) is not None


def find_file(settings: Settings, potential: Potential) -> Path | None:
    """Return the path of the file of a potential, or None if it is missing. Nothing is downloaded."""
    if potential.kind in REGISTERED:
        entry = catalogue.pretrained().get(potential.sha256)
        return fetch.find(settings, potential, package_file="" if entry is None else entry.package_file)
    path = uploaded_file(settings, potential)
    return path if path.is_file() else None


def uploaded_file(settings: Settings, potential: Potential) -> Path:
    """Return the path of the file of an uploaded or trained potential, which may be missing."""
    return settings.potential_dir(potential.id) / families()[potential.family].file_name


def potential_file(settings: Settings, potential: Potential, progress: Progress | None = None) -> Path:
    """Return the path of the file of a potential, and check its sum. A missing file with a distribution is downloaded.

    Parameters
    ----------
    settings
        Settings of this server or worker.
    potential
        Row of the potential.
    progress
        Called during a download, at least every few seconds.

    Returns
    -------
    `Path()` for a potential without a file.

    Raises
    ------
    PotentialUnavailable
        The file is missing and cannot be downloaded; the notice states what to do.
    """
    if potential.size_bytes == 0:
        return Path()
    path = find_file(settings, potential)
    if potential.kind not in REGISTERED:
        if path is None or fetch.sha256_of(path) != potential.sha256:
            raise PotentialUnavailable(Notice("potential_file_lost", {"name": potential.name}))
        return path
    if path is not None:
        return path
    entry = catalogue.pretrained().get(potential.sha256)
    if entry is None and potential.kind == PRETRAINED:
        raise PotentialUnavailable(
            Notice("potential_not_in_catalogue", {"name": potential.name, "sha256": potential.sha256})
        )
    if entry is None or entry.distribution is None:
        raise PotentialUnavailable(missing_file(settings, potential))
    try:
        return fetch.fetch(settings, entry, progress)
    except (FetchFailed, OSError) as error:
        notice = Notice(
            "potential_not_fetched",
            {
                **missing_file(settings, potential).params,
                "reason": str(error),
                "archive": entry.distribution.file,
                "member": entry.distribution.member,
            },
        )
        raise PotentialUnavailable(notice) from error


def missing_file(settings: Settings, potential: Potential) -> Notice:
    """Return the notice of a file that the operator must add."""
    params = {name: getattr(potential, name) for name in ("name", "size_bytes", "sha256", "source")}
    return Notice("checkpoint_missing", {**params, "folder": str(settings.potentials_dir)})
