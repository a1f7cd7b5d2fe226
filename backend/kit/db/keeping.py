"""Rows that leave the lists but stay for their keepers: rows of another subject that show them (proposals).

The subject of the keepers registers how to find them; the subjects of the kept rows do not know about it. A hidden row
is deleted when its last keeper lets it go.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from fastapi import Query

from backend.kit.db.columns import Owned
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict
from scattering.core.notices import Notice

InProposals = Literal["keep", "remove"]
InProposalsQuery = Annotated[
    InProposals | None,
    Query(
        description="for an item that proposals use; `keep`: it leaves the lists and stays in these proposals until "
        "the last of them lets it go; `remove`: it is deleted from them too; without this the answer is 409"
    ),
]


@dataclass(frozen=True)
class Keeper:
    """A proposal that uses a row."""

    id: str
    name: str


KeeperFinder = Callable[[Scope, uuid.UUID], list[Keeper]]

_finders: dict[type[Owned], list[KeeperFinder]] = defaultdict(list)


def finds_keepers_of(table: type[Owned]) -> Callable[[KeeperFinder], KeeperFinder]:
    """Register a function that finds the keepers of a row of a table, given the id of the row."""

    def register(find: KeeperFinder) -> KeeperFinder:
        _finders[table].append(find)
        return find

    return register


def find_keepers(scope: Scope, table: type[Owned], row_id: uuid.UUID) -> list[Keeper]:
    """Return the keepers of a row, each once, by name."""
    found = {keeper for find in _finders[table] for keeper in find(scope, row_id)}
    return sorted(found, key=lambda keeper: (keeper.name, keeper.id))


def is_to_stay(scope: Scope, row: Owned, noun: str, in_proposals: InProposals | None) -> bool:
    """Return whether a row that is to be deleted stays, hidden, for its keepers.

    Raises
    ------
    Conflict
        It has keepers, and the request does not say what becomes of it.
    """
    keepers = find_keepers(scope, type(row), row.id)
    if keepers and in_proposals is None:
        raise Conflict(Notice("used_by_proposals", {"kind": noun, "proposals": [asdict(one) for one in keepers]}))
    return bool(keepers) and in_proposals == "keep"
