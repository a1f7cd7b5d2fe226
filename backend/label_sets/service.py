"""Actions on label sets: read, add, list, delete, and find the file."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any, Final

from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.lost import reading_stored
from backend.kit.files.storage import Received, delete_folder, new_folder, replace_file
from backend.kit.http.errors import TooLarge, Unprocessable
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.label_sets.tables import LabelSet
from backend.potentials import catalogue, fetch
from scattering.core.notices import Notice

NOUN: Final = "label_set"
PARSER: Final = "backend.label_sets.parse"
FILE_NAME: Final = "labels.xyz"
MIN_S: Final = 60.0
"""Time for reading and comparing the largest sets."""


def read(settings: Settings, received: Received) -> dict[str, Any]:
    """Read and check an untrusted file in a confined process (`parse.parse`).

    It takes seconds. Call it before the first statement of a transaction, which would lock the database.

    Raises
    ------
    TooLarge, Unprocessable
        The file is refused; the notice names the offending frame.
    """
    # NEP89 knows nearly all elements. It is not downloaded for this: the training compares again, with its base
    beside = fetch.find(settings, catalogue.default())
    files = [received.path, *([beside] if beside is not None else [])]
    seconds = max(settings.parse_timeout_s, MIN_S)
    arguments = ["--n-files", str(len(files)), "--cpu-s", str(seconds)]
    try:
        answer = confined.run(PARSER, arguments, files, timeout_s=seconds)
    except confined.Exceeded as error:
        raise Unprocessable.at("file", Notice("reader_gave_up", {"reason": str(error)})) from error
    contents: dict[str, Any] = json.loads(answer)
    if "error" in contents:
        notice = Notice.from_json(contents["error"])
        raise (TooLarge if notice.code == "labels_too_large" else Unprocessable).at("file", notice)
    return contents


def add(
    scope: Scope, contents: dict[str, Any], *, sha256: str, file_name: str, name: str, level_of_theory: str
) -> LabelSet:
    """Store a label set that `read` has read."""
    row = LabelSet(
        name=name,
        level_of_theory=level_of_theory or contents["level"],
        file_name=file_name,
        sha256=sha256,
        n_structures=contents["n_structures"],
        n_atoms=contents["n_atoms"],
        elements=contents["elements"],
        has_stress=contents["has_stress"],
        warnings=parsed_notices.from_json(contents["warnings"]),
    )
    new_folder(scope.session, scope.settings.label_set_dir(row.id))
    with replace_file(labels_file(scope.settings, row.id)) as path:
        path.write_text(contents["text"])
    return scope.add(row)


def labels_file(settings: Settings, label_set_id: object) -> Path:
    """Return the path of the labels."""
    return settings.label_set_dir(label_set_id) / FILE_NAME


def labels_text(settings: Settings, row: LabelSet) -> str:
    """Return the labels as extended XYZ.

    Raises
    ------
    Gone
        The file is missing.
    """
    with reading_stored(Notice("label_set_file_lost", {"id": str(row.id)})):
        return labels_file(settings, row.id).read_text()


def get(scope: Scope, label_set_id: uuid.UUID) -> LabelSet:
    """Return the label set with this id."""
    return scope.get(LabelSet, label_set_id, NOUN)


def page(scope: Scope, paging: Paging) -> tuple[list[LabelSet], int]:
    """Return one page of the label sets, newest first, and their number."""
    return scope.page(scope.select(LabelSet), LabelSet, paging)


def delete(scope: Scope, label_set_id: uuid.UUID) -> None:
    """Delete a label set and its file. Trainings keep their own copy of the labels."""
    row = scope.get_own(LabelSet, label_set_id, NOUN)
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.label_set_dir(label_set_id))
