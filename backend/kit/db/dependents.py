"""Deletion of rows together with the rows of another subject that depend on them, in one transaction.

The subject of the dependent rows registers how to delete them; the other subject does not know about it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable

from backend.kit.db.columns import Owned
from backend.kit.db.owners import Scope

Deleter = Callable[[Scope, uuid.UUID], None]

_deleters: dict[type[Owned], list[Deleter]] = defaultdict(list)


def deletes_dependents_of(table: type[Owned]) -> Callable[[Deleter], Deleter]:
    """Register a function that deletes the dependents of a row of a table, given the id of the row."""

    def register(delete: Deleter) -> Deleter:
        _deleters[table].append(delete)
        return delete

    return register


def delete_dependents(scope: Scope, row: Owned) -> None:
    """Delete everything that depends on a row."""
    for delete in _deleters[type(row)]:
        delete(scope, row.id)
