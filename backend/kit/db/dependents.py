"""Deletion of rows together with the rows of another subject that depend on them, in one transaction.

The subject of the dependent rows registers how to find and delete them; the other subject does not know about it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from backend.kit.db.columns import Owned
from backend.kit.db.keeping import InProposals
from backend.kit.db.owners import Scope


@dataclass(frozen=True)
class Dependents:
    """The rows of one subject that depend on a row of another, given the id of that row.

    Attributes
    ----------
    are_listed
        Return whether there is one in the lists.
    exist
        Return whether there is one, in the lists or hidden.
    delete
        Delete them all, except those that stay for their keepers.
    """

    are_listed: Callable[[Scope, uuid.UUID], bool]
    exist: Callable[[Scope, uuid.UUID], bool]
    delete: Callable[[Scope, uuid.UUID, InProposals | None], None]


_dependents: dict[type[Owned], list[Dependents]] = defaultdict(list)


def register_dependents(table: type[Owned], dependents: Dependents) -> None:
    """Register the dependents of the rows of a table."""
    _dependents[table].append(dependents)


def has_listed_dependents(scope: Scope, row: Owned) -> bool:
    """Return whether something in the lists depends on a row."""
    return any(one.are_listed(scope, row.id) for one in _dependents[type(row)])


def has_dependents(scope: Scope, row: Owned) -> bool:
    """Return whether anything depends on a row."""
    return any(one.exist(scope, row.id) for one in _dependents[type(row)])


def delete_dependents(scope: Scope, row: Owned, in_proposals: InProposals | None) -> None:
    """Delete everything that depends on a row, except what stays for its keepers."""
    for one in _dependents[type(row)]:
        one.delete(scope, row.id, in_proposals)
