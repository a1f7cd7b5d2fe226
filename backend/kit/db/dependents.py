"""Rows that rest on rows of another subject, deleted with them in one transaction.

The subject whose rows rest on another's says how they are deleted; the other one knows nothing of it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable

from backend.kit.db.columns import Owned
from backend.kit.db.owners import Scope

Deleter = Callable[[Scope, uuid.UUID], None]

_deleters: dict[type[Owned], list[Deleter]] = defaultdict(list)


def deleted_with(table: type[Owned]) -> Callable[[Deleter], Deleter]:
    """Register a function that deletes what rests on a row of a table, given the row's id."""

    def register(delete: Deleter) -> Deleter:
        _deleters[table].append(delete)
        return delete

    return register


def delete_dependents(scope: Scope, row: Owned) -> None:
    """Delete everything that rests on a row."""
    for delete in _deleters[type(row)]:
        delete(scope, row.id)
