"""Reading, storing, listing and deleting of sources."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from backend.kit.db.dependents import Dependents, delete_dependents, has_listed_dependents, register_dependents
from backend.kit.db.keeping import InProposals
from backend.kit.db.owners import Scope
from backend.kit.files import confined, parsed_notices
from backend.kit.files.lost import reading_stored
from backend.kit.files.storage import Received, base_name, delete_folder, move_folder, write_through
from backend.kit.http.errors import Conflict, Problem, TooLarge, Unprocessable, UnsupportedMediaType
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.phonon_files import harmonic_crystal_file, modes_file, stored, trajectory_file
from backend.phonon_files.stored import Phonons
from backend.sources import parse
from backend.sources.encoding import decode
from backend.sources.schemas import SourceForm
from backend.sources.tables import Source
from backend.structures import service as structures
from backend.structures import writing
from backend.structures.geometry import StructureData
from backend.structures.tables import Structure
from scattering.core.notices import Notice

NOUN: Final = "source"
PARSER: Final = "backend.sources.parse"
GENERIC_NAME: Final = re.compile(
    r"(xdatcar.*|movie|dump|phonopy.*|poscar.*|contcar.*|force_(sets|constants).*|born.*|vasprun|vaspout|upload|)",
    re.IGNORECASE,
)
PROBLEMS: Final[dict[str, type[Problem]]] = {
    "too_large": TooLarge,
    "too_many_atoms": TooLarge,
    "unknown_format": UnsupportedMediaType,
}
"""Code of a refusal → its problem; others are unprocessable."""


@dataclass(frozen=True)
class UploadedSource:
    """The files of a request, and what a confined process has read in them (`parse.parse`)."""

    files: Sequence[Received]
    file_names: Sequence[str]
    contents: dict[str, Any]


def read(settings: Settings, files: Sequence[Received], form: SourceForm, *, keep: bool) -> UploadedSource:
    """Read untrusted files in a confined process.

    It takes a second or more. Call it before the first statement of a transaction, which would lock the database.

    Parameters
    ----------
    keep
        Whether the phonons are returned too, to be stored.

    Raises
    ------
    TooLarge, UnsupportedMediaType, Unprocessable
        The files are refused.
    """
    names = _distinct([base_name(file.filename or "", "file") for file in form.files])
    request = parse.Request(
        file_names=names,
        format=form.format,
        statements=form.statements,
        keep=keep,
        max_trajectory_bytes=settings.max_trajectory_bytes,
    )
    arguments = ["--request", json.dumps(request), "--cpu-s", str(settings.parse_timeout_s)]
    paths = [file.path for file in files]
    try:
        answer = confined.run(PARSER, arguments, paths, timeout_s=settings.parse_timeout_s)
    except confined.Exceeded as error:
        raise Unprocessable.at("files", Notice("reader_gave_up", {"reason": str(error)})) from error
    contents: dict[str, Any] = json.loads(answer)
    if "error" in contents:
        notice = Notice.from_json(contents["error"])
        raise PROBLEMS.get(notice.code, Unprocessable).at(contents["loc"], notice)
    return UploadedSource(files, names, contents)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names with a number where one occurs before."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


@dataclass(frozen=True)
class Staged:
    """A folder with the files of a new source."""

    folder: Path
    files: list[dict[str, Any]]
    upload: UploadedSource


def stage(folder: Path, upload: UploadedSource) -> Staged:
    """Write the files of a new source to a new folder, before the transaction that stores its row.

    Raises
    ------
    Unprocessable
        The user must state something first.
    """
    contents = upload.contents
    if contents["needs"]:
        needed = [{"loc": one["field"], **_need_code(one["why"])} for one in contents["needs"]]
        raise Unprocessable(Notice.from_json(contents["needs"][0]["why"]), needed)
    folder.mkdir()
    roles = {one["file"]: one["role"] for one in contents["recognised"]}
    files = []
    for number, (received, name) in enumerate(zip(upload.files, upload.file_names, strict=True)):
        kept = f"original-{number}"
        shutil.copyfile(received.path, folder / kept)
        write_through(folder / kept)
        size = (folder / kept).stat().st_size
        files.append({"name": name, "role": roles[name], "sha256": received.sha256, "n_bytes": size, "stored": kept})
    stored.save(folder, decode(contents["phonons"]))
    return Staged(folder, files, upload)


def _need_code(why: dict[str, Any]) -> dict[str, Any]:
    return {"code": why["code"], "params": why["params"]}


def add(scope: Scope, staged: Staged, form: SourceForm) -> Source:
    """Store a source whose files are written, and the structure that its files describe."""
    contents = staged.upload.contents
    structure = _add_structure(scope, contents["structure"], _name(form, staged.upload))
    row = Source(
        name=structure.name,
        kind=contents["kind"],
        format=contents["format"],
        structure_id=structure.id,
        formula=structure.formula,
        n_atoms=structure.n_atoms,
        elements=structure.elements,
        cell=contents["structure"]["cell"],
        files=staged.files,
        stated=dict(form.statements),
        program=contents["program"],
        phonons=contents["facts"],
        trajectory=contents["trajectory"],
        findings=parsed_notices.from_json(contents["notices"]),
    )
    move_folder(scope.session, staged.folder, scope.settings.source_dir(row.id))
    return scope.add(row)


def _add_structure(scope: Scope, contents: dict[str, Any], name: str) -> Structure:
    text = writing.extxyz(StructureData.from_dict(contents["structure"]), name)
    return structures.add(scope, contents, content=text.encode(), fmt="extxyz", file_name=f"{name}.extxyz", name=name)


def _name(form: SourceForm, upload: UploadedSource) -> str:
    """Return the name from the user, otherwise a file name that says something, otherwise the formula."""
    stems = [name.rsplit(".", 1)[0] for name in upload.file_names]
    telling = [stem for stem in stems if not GENERIC_NAME.fullmatch(stem)]
    formula: str = upload.contents["structure"]["description"]["formula"]
    return (form.name or next(iter(telling), formula))[:200]


def get(scope: Scope, source_id: uuid.UUID) -> Source:
    """Return the source with this id."""
    return scope.get(Source, source_id, NOUN)


def page(scope: Scope, paging: Paging, structure_id: uuid.UUID | None = None) -> tuple[list[Source], int]:
    """Return one page of the sources, newest first, and their number; of one structure, if it is given."""
    statement = scope.select(Source)
    if structure_id is not None:
        statement = statement.where(Source.structure_id == structure_id)
    return scope.page(statement, Source, paging)


def load_phonons(settings: Settings, row: Source) -> Phonons:
    """Return the phonons or the trajectory of a source.

    Raises
    ------
    Gone
        Their file is missing or damaged.
    """
    folder = settings.source_dir(row.id)
    with reading_stored(Notice("source_file_lost", {"id": str(row.id)})):
        if row.phonons is None:
            return trajectory_file.load(folder / stored.TRAJECTORY_FILE)
        if row.phonons["has_force_constants"]:
            return harmonic_crystal_file.load(folder / stored.FORCE_CONSTANTS_FILE)
        return modes_file.load(folder / stored.MODES_FILE)


def delete(
    scope: Scope, source_id: uuid.UUID, *, with_predictions: bool, in_proposals: InProposals | None = None
) -> None:
    """Delete a source and its files, with its predictions or only if it has none in the lists. Its structure stays.

    Raises
    ------
    Conflict
        It has predictions in the lists, and `with_predictions` is false.
    """
    row = scope.get_own(Source, source_id, NOUN, lock=True)
    if not with_predictions and has_listed_dependents(scope, row):
        raise Conflict(Notice("source_has_predictions", {"name": row.name}))
    _delete(scope, row, in_proposals)


def _delete(scope: Scope, row: Source, in_proposals: InProposals | None) -> None:
    delete_dependents(scope, row, in_proposals)
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.source_dir(row.id))


def _of_structure(scope: Scope, structure_id: uuid.UUID) -> SelectOfScalar[Source]:
    return scope.select(Source).where(col(Source.structure_id) == structure_id, col(Source.owner) == scope.owner)


def _exist(scope: Scope, structure_id: uuid.UUID) -> bool:
    return scope.session.exec(_of_structure(scope, structure_id).limit(1)).first() is not None


def _delete_of_structure(scope: Scope, structure_id: uuid.UUID, in_proposals: InProposals | None) -> None:
    for row in scope.session.exec(_of_structure(scope, structure_id).with_for_update()).all():
        _delete(scope, row, in_proposals)


register_dependents(Structure, Dependents(are_listed=_exist, exist=_exist, delete=_delete_of_structure))
