"""Cancel what jobs make."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TypeVar

from backend.jobs import graph
from backend.jobs.work import Work
from backend.kit.db.database import clock
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict
from scattering.core.notices import Notice

WorkT = TypeVar("WorkT", bound=Work)


def cancel(
    scope: Scope, table: type[WorkT], work_id: uuid.UUID, noun: str, *, refusal: Callable[[str], Notice]
) -> WorkT:
    """Cancel the work of jobs: queued jobs at once, running ones when their workers next report.

    Parameters
    ----------
    table
        Table of the row that the jobs make.
    refusal
        Returns the reason of the refusal if the work has ended, from its state.

    Raises
    ------
    NotFound
        There is no such row.
    Conflict
        The work has already ended.
    """
    row = scope.get_own(table, work_id, noun, lock=True)
    if row.status in ("succeeded", "failed"):
        raise Conflict(refusal(row.status))
    row.cancel_requested = True
    graph.advance(scope.session, row, clock(scope.session))
    return row
