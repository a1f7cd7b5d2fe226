"""Reading, storing, listing and deleting of sources."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import false, func, select, union_all
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from backend.jobs import graph
from backend.jobs.dispatch import queue_jobs
from backend.kit.db.dependents import Dependents, delete_dependents, has_listed_dependents, register_dependents
from backend.kit.db.keeping import InProposals
from backend.kit.db.owners import Scope
from backend.kit.files import parsed_notices
from backend.kit.files.lost import reading_stored
from backend.kit.files.storage import delete_folder, link_or_copy, move_folder, write_through
from backend.kit.http.errors import Conflict, NotFound
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from backend.phonon_files import harmonic_crystal_file, modes_file, stored, trajectory_file
from backend.phonon_files.stored import Phonons
from backend.sources import kept_readings, reading
from backend.sources.encoding import decode
from backend.sources.reading import LARGE_BYTES, Question
from backend.sources.schemas import SourceForm
from backend.sources.streaming import FrameReceiver
from backend.sources.tables import Source, SourceReading
from backend.structures import service as structures
from backend.structures import writing
from backend.structures.geometry import StructureData
from backend.structures.tables import Structure
from backend.uploads import service as uploads
from scattering.core.notices import Notice

NOUN: Final = "source"
READY: Final = "ready"
"""State of a source that is read."""
BYTES_PER_S: Final = 30e6
"""Speed at which a job reads text, for the estimate of its duration."""
READING_START_S: Final = 3.0
GENERIC_NAME: Final = re.compile(
    r"(xdatcar.*|movie|dump|phonopy.*|poscar.*|contcar.*|force_(sets|constants).*|born.*|vasprun|vaspout|upload|)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Files:
    """The files of a request: parts of a form, and finished resumable uploads.

    Attributes
    ----------
    paths, names, sums
        Places, names and checksums of the files; the sum of a resumable upload is not known yet.
    uploads
        Ids of the resumable uploads.
    """

    paths: Sequence[Path]
    names: Sequence[str]
    sums: Sequence[str | None]
    uploads: Sequence[uuid.UUID] = ()

    def question(self, form: SourceForm) -> Question:
        """Return the question about their contents."""
        return Question(self.paths, self.names, form.format, form.statements)

    def key(self, form: SourceForm) -> str:
        """Return the key under which their reading is kept."""
        return kept_readings.key_of(self.names, self.sums, form.format, form.statements)

    @property
    def are_large(self) -> bool:
        """Whether a job has to read them, if they are a trajectory."""
        return sum(path.stat().st_size for path in self.paths) > LARGE_BYTES


def distinct(names: Sequence[str]) -> list[str]:
    """Return names with a number where one occurs before."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return distinct


@dataclass(frozen=True)
class Staged:
    """A folder with the files of a new source, and their contents (`parse.parse`)."""

    folder: Path
    files: list[dict[str, Any]]
    contents: dict[str, Any]


def stage(folder: Path, files: Files, form: SourceForm, settings: Settings) -> Staged:
    """Read small files, and write those of a new source to a new folder, before the transaction that stores its row.

    Raises
    ------
    Problem
        The files are refused, or the user must state something first.
    """
    folder.mkdir()
    if (kept := kept_readings.load(settings, files.key(form))) is not None:
        stored.save(folder, decode(kept["phonons"]))
        return Staged(folder, _keep_files(folder, files, kept), kept)
    receiver = FrameReceiver(folder)
    try:
        contents = reading.read(settings, files.question(form), receiver)
        if (problem := reading.needed_fields(contents)) is not None:
            raise problem
        receiver.save(folder)
    except reading.Refusal as refusal:
        raise refusal.problem from refusal
    finally:
        receiver.close()
    return Staged(folder, _keep_files(folder, files, contents), contents)


def _keep_files(folder: Path, files: Files, contents: dict[str, Any]) -> list[dict[str, Any]]:
    """Copy or link uploaded files to a folder, and return the facts that their source keeps about them."""
    roles = {one["file"]: one["role"] for one in contents["recognised"]}
    kept = []
    for number, (path, name, digest) in enumerate(zip(files.paths, files.names, files.sums, strict=True)):
        place = folder / f"original-{number}"
        link_or_copy(path, place)
        write_through(place)
        size = place.stat().st_size
        kept.append({"name": name, "role": roles[name], "sha256": digest, "n_bytes": size, "stored": place.name})
    return kept


def add(scope: Scope, staged: Staged, form: SourceForm) -> Source:
    """Store a source whose files are written, and the structure that its files describe."""
    return add_read(scope, staged, name=form.name, stated=form.statements)


def add_small(scope: Scope, staged: Staged, files: Files, form: SourceForm) -> Source:
    """Store a source like `add`, and end the uploads of its files."""
    row = add(scope, staged, form)
    uploads.discard(scope.session, scope.settings, files.uploads)
    return row


def add_read(
    scope: Scope, staged: Staged, *, name: str | None, stated: Mapping[str, Any], source_id: uuid.UUID | None = None
) -> Source:
    """Store a source with this id, or a new one."""
    contents = staged.contents
    structure = _add_structure(scope, contents["structure"], _name(name, staged))
    row = Source(
        id=source_id or uuid.uuid4(),
        name=structure.name,
        kind=contents["kind"],
        format=contents["format"],
        structure_id=structure.id,
        formula=structure.formula,
        n_atoms=structure.n_atoms,
        elements=structure.elements,
        cell=contents["structure"]["cell"],
        files=staged.files,
        stated=dict(stated),
        program=contents["program"],
        phonons=contents["facts"],
        trajectory=contents["trajectory"],
        findings=parsed_notices.from_json(contents["notices"]),
    )
    move_folder(scope.session, staged.folder, scope.settings.source_dir(row.id))
    return scope.add(row)


def preview(settings: Settings, files: Files, form: SourceForm) -> dict[str, Any]:
    """Return the contents of files (`parse.parse`), of large trajectories from their head.

    Raises
    ------
    Problem
        The files are refused.
    """
    if (kept := kept_readings.load(settings, files.key(form))) is not None:
        return kept
    try:
        contents = reading.preview(settings, files.question(form))
    except reading.Refusal as refusal:
        raise refusal.problem from refusal
    if contents["phonons"] is not None and contents["kind"] == "phonons" and None not in files.sums:
        kept_readings.save(settings, files.key(form), contents)
    return contents


def stage_reading(folder: Path, files: Files, contents: dict[str, Any]) -> Staged:
    """Write the files of a large trajectory, whose head was read, to a new folder.

    Raises
    ------
    Unprocessable
        The user must state something first.
    """
    if (problem := reading.needed_fields(contents)) is not None:
        raise problem
    folder.mkdir()
    return Staged(folder, _keep_files(folder, files, contents), contents)


def add_reading(scope: Scope, staged: Staged, files: Files, form: SourceForm) -> SourceReading:
    """Store a large trajectory, and the job that reads it."""
    row = SourceReading(
        name=form.name,
        format=form.format,
        files=staged.files,
        uploads=[str(one) for one in files.uploads],
        stated=dict(form.statements),
        preview={name: value for name, value in staged.contents.items() if name not in ("phonons", "first")},
        estimate_s=READING_START_S + sum(one["n_bytes"] for one in staged.files) / BYTES_PER_S,
        waiting_for=graph.WAITING_FOR_WORKER,
    )
    move_folder(scope.session, staged.folder, scope.settings.reading_dir(row.id))
    row = scope.add(row)
    queue_jobs(scope.session, [graph.job_of_reading(row)])
    return row


def _add_structure(scope: Scope, contents: dict[str, Any], name: str) -> Structure:
    text = writing.extxyz(StructureData.from_dict(contents["structure"]), name)
    return structures.add(scope, contents, content=text.encode(), fmt="extxyz", file_name=f"{name}.extxyz", name=name)


def _name(stated: str | None, staged: Staged) -> str:
    """Return the name from the user, otherwise a file name that says something, otherwise the formula."""
    stems = [one["name"].rsplit(".", 1)[0] for one in staged.files]
    telling = [stem for stem in stems if not GENERIC_NAME.fullmatch(stem)]
    formula: str = staged.contents["structure"]["description"]["formula"]
    return (stated or next(iter(telling), formula))[:200]


def get(scope: Scope, source_id: uuid.UUID) -> Source:
    """Return the source with this id."""
    return scope.get(Source, source_id, NOUN)


def get_any(scope: Scope, source_id: uuid.UUID) -> Source | SourceReading:
    """Return the source with this id, also while a job is reading it."""
    try:
        return get(scope, source_id)
    except NotFound:
        return scope.get(SourceReading, source_id, NOUN)


def page(
    scope: Scope, paging: Paging, structure_id: uuid.UUID | None = None, statuses: Collection[str] = ()
) -> tuple[list[Source | SourceReading], int]:
    """Return one page of the sources, with those that are not read, newest first, and their number.

    Parameters
    ----------
    structure_id
        Only sources of this structure, which are read; None for all.
    statuses
        Only sources with one of these states; empty for all.
    """
    facts = (col(Source.id), col(Source.created_at))
    read = scope.select(Source).with_only_columns(*facts)
    if structure_id is not None:
        read = read.where(col(Source.structure_id) == structure_id)
    if statuses and READY not in statuses:
        read = read.where(false())
    unread = scope.select(SourceReading).with_only_columns(col(SourceReading.id), col(SourceReading.created_at))
    # The row of a succeeded reading stays beside its source
    unread = unread.where(col(SourceReading.status) != "succeeded")
    if structure_id is not None:
        unread = unread.where(false())
    if statuses:
        unread = unread.where(col(SourceReading.status).in_(statuses))
    both = union_all(read, unread).subquery()
    total = scope.session.execute(select(func.count()).select_from(both)).scalar_one()
    newest_first = select(both.c.id).order_by(both.c.created_at.desc(), both.c.id)
    ids = scope.session.execute(newest_first.limit(paging.limit).offset(paging.offset)).scalars().all()
    rows: dict[uuid.UUID, Source | SourceReading] = {}
    wanted = scope.select(SourceReading).where(col(SourceReading.id).in_(ids))
    rows |= {reading_row.id: reading_row for reading_row in scope.session.exec(wanted)}
    rows |= {row.id: row for row in scope.session.exec(scope.select(Source).where(col(Source.id).in_(ids)))}
    return [rows[one] for one in ids if one in rows], total


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


def copy_trajectory(settings: Settings, row: Source, to: Path) -> None:
    """Give the trajectory of a source to a folder.

    Raises
    ------
    Gone
        Its file is missing.
    """
    with reading_stored(Notice("source_file_lost", {"id": str(row.id)})):
        stored.copy_trajectory(settings.source_dir(row.id), to)


def delete(
    scope: Scope, source_id: uuid.UUID, *, with_predictions: bool, in_proposals: InProposals | None = None
) -> None:
    """Delete a source and its files, with its predictions or only if it has none in the lists. Its structure stays.

    Raises
    ------
    Conflict
        It has predictions in the lists, and `with_predictions` is false.
    """
    try:
        row = scope.get_own(Source, source_id, NOUN, lock=True)
    except NotFound:
        _delete_reading(scope, scope.get_own(SourceReading, source_id, NOUN, lock=True))
        return
    if not with_predictions and has_listed_dependents(scope, row):
        raise Conflict(Notice("source_has_predictions", {"name": row.name}))
    _delete(scope, row, in_proposals)


def _delete_reading(scope: Scope, row: SourceReading) -> None:
    """Delete a source that is being read, with its job, whose worker then stops."""
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.reading_dir(row.id))


def _delete(scope: Scope, row: Source, in_proposals: InProposals | None) -> None:
    delete_dependents(scope, row, in_proposals)
    if (reading_row := scope.session.get(SourceReading, row.id)) is not None:
        scope.session.delete(reading_row)
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
