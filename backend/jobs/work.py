"""The common result of several jobs: a row of another module, with the columns that jobs read and write."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import NoticeColumn, NoticesColumn, Owned, UTCDateTime
from backend.kit.settings import Settings
from scattering.core.notices import Notice

PREDICTION: Final = "prediction"
TRAINING: Final = "training"
READING: Final = "reading"
WORK_FOLDER: Final = "work"

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ONGOING: Final[tuple[Status, ...]] = ("queued", "running")
FINISHED: Final[tuple[Status, ...]] = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class WorkId:
    """The row that a job works for: the kind of its table, and its id."""

    kind: str
    id: uuid.UUID


class Work(Owned):
    """Base of the table whose rows are made by jobs, with the summary of the state of these jobs."""

    estimate_s: float | None = Field(default=None, description="duration, estimated at the time of the request")

    status: str = Field(default="queued", max_length=16)
    stage: Notice | None = Field(default=None, sa_type=NoticeColumn, description="stage of the running jobs")
    waiting_for: Notice | None = Field(default=None, sa_type=NoticeColumn, description="reason why no job runs")
    progress: float = 0.0
    eta_s: float | None = None
    error: Notice | None = Field(default=None, sa_type=NoticeColumn)
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    provenance: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

    attempt: int = Field(default=0, description="largest number of attempts of a job")
    cancel_requested: bool = False
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


WorkT = TypeVar("WorkT", bound=type[Work])


@dataclass(frozen=True)
class WorkTable:
    """A table whose rows are made by jobs.

    Attributes
    ----------
    kind
        Name of its rows; `Job.KIND_id` refers to them.
    table
        The table.
    parent
        Folder that holds a folder for each row, named by its id.
    """

    kind: str
    table: type[Work]
    parent: Callable[[Settings], Path]

    def folder(self, settings: Settings, row_id: uuid.UUID) -> Path:
        """Return the folder of the files of a row."""
        return self.parent(settings) / str(row_id)

    def work_folder(self, settings: Settings, row_id: uuid.UUID) -> Path:
        """Return the folder of files that the jobs of a row leave for each other, removed when it has ended."""
        return self.folder(settings, row_id) / WORK_FOLDER


_tables: dict[str, WorkTable] = {}


def register_work_table(kind: str, parent: Callable[[Settings], Path]) -> Callable[[WorkT], WorkT]:
    """Register a table whose rows are made by jobs; see `WorkTable`."""

    def register(table: WorkT) -> WorkT:
        _tables[kind] = WorkTable(kind, table, parent)
        return table

    return register


def work_tables() -> Mapping[str, WorkTable]:
    """Return the tables whose rows are made by jobs, by the kind of their rows."""
    return _tables


def table_of(row: Work) -> WorkTable:
    """Return the table of a row."""
    return next(one for one in _tables.values() if isinstance(row, one.table))
