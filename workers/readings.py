"""The reading of a large trajectory by a job: its files become a source."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast

from sqlmodel import Session

from backend.jobs import leases
from backend.jobs.work import Work
from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.files.storage import delete_folder, link_or_copy, staging
from backend.kit.settings import Settings
from backend.sources import reading
from backend.sources import service as sources
from backend.sources.formats.reading import Statements
from backend.sources.reading import Question
from backend.sources.streaming import FrameReceiver
from backend.sources.tables import SourceReading
from backend.uploads import service as uploads
from scattering.core.notices import Notice
from workers import stages
from workers.kit.failures import CannotPredict
from workers.kit.progress import Progress

CHECKSUM_SHARE = 0.1
READ_SHARE = 0.9
"""Fractions of a reading that are done after a stage."""


@dataclass(frozen=True)
class ReadSource:
    """A source in the folder of its reading, not yet in the database."""

    staged: sources.Staged
    reading: SourceReading
    settings: Settings
    provenance: ClassVar[None] = None
    warnings: ClassVar[None] = None

    def publish(self) -> None:
        """Do nothing: the files have moved with the row."""

    def record(self, session: Session, work: Work) -> None:
        """Store the source, and end the uploads of its files."""
        row = self.reading
        with staging(self.settings) as folder:
            # Links, so that a repetition, after a lost transaction, finds the files
            place = folder / "source"
            place.mkdir()
            for path in self.staged.folder.iterdir():
                link_or_copy(path, place / path.name)
            scope = Scope(session, row.owner)
            staged = replace(self.staged, folder=place)
            sources.add_read(scope, staged, name=row.name, stated=row.stated, source_id=row.id)
        delete_folder(session, self.settings.reading_dir(row.id))
        uploads.discard(session, self.settings, [uuid.UUID(one) for one in row.uploads])


def find_reading(settings: Settings, lease: leases.Lease) -> SourceReading | None:
    """Return the row of a reading; None if it was deleted."""
    with transaction(settings, reading=True) as session:
        return session.get(SourceReading, lease.work.id)


def read_source(row: SourceReading, folder: Path, settings: Settings, progress: Progress) -> ReadSource:
    """Read the files of a source.

    Parameters
    ----------
    folder
        Folder of the job, for this attempt alone.

    Raises
    ------
    CannotPredict
        The files are refused.
    """
    originals = settings.reading_dir(row.id)
    paths = [originals / one["stored"] for one in row.files]
    progress.stage(stages.CHECK_FILES, until=CHECKSUM_SHARE)
    files = _with_sums(row.files, paths, progress)
    progress.stage(stages.READ_FRAMES, until=READ_SHARE)
    question = Question(paths, [one["name"] for one in files], row.format, cast(Statements, row.stated))
    receiver = FrameReceiver(folder, progress.update)
    try:
        contents = reading.read(settings, question, receiver, near=folder)
        if contents["needs"]:
            raise CannotPredict(Notice.from_json(contents["needs"][0]["why"]))
        progress.stage(stages.STORE_FRAMES, until=1.0)
        place = folder / "source"
        place.mkdir()
        receiver.save(place)
    except reading.Refusal as refusal:
        raise CannotPredict(refusal.notice) from refusal
    finally:
        receiver.close()
    for path in paths:
        link_or_copy(path, place / path.name)
    return ReadSource(sources.Staged(place, files, contents), row, settings)


def _with_sums(files: list[dict[str, Any]], paths: list[Path], progress: Progress) -> list[dict[str, Any]]:
    """Return the facts about files with their checksums."""
    total, done, summed = sum(one["n_bytes"] for one in files), 0, []
    for one, path in zip(files, paths, strict=True):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while part := file.read(1 << 22):
                digest.update(part)
                done += len(part)
                progress.update(done / max(total, 1))
        summed.append(one | {"sha256": digest.hexdigest()})
    return summed
