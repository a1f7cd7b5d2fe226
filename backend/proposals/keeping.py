"""Proposals as keepers of their items: an item deleted elsewhere may stay for the proposals that use it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from backend.datasets import deletion as datasets
from backend.kit.db.keeping import Keeper, KeeperFinder, finds_keepers_of
from backend.kit.db.owners import Scope
from backend.predictions import service as predictions
from backend.proposals.linked import LINKED, Link
from backend.proposals.schemas import Kind
from backend.proposals.tables import Proposal
from backend.structures import service as structures
from backend.structures.tables import Structure


def _finder(link: Link) -> KeeperFinder:
    def find(scope: Scope, item_id: uuid.UUID) -> list[Keeper]:
        statement = (
            select(Proposal.id, Proposal.name)
            .join(link, col(link.proposal_id) == col(Proposal.id))
            .where(col(link.item_id) == item_id)
        )
        return [Keeper(str(proposal_id), name) for proposal_id, name in scope.session.exec(statement)]

    return find


for _linked in LINKED.values():
    finds_keepers_of(_linked.table)(_finder(_linked.link))


def let_go(scope: Scope, items: Mapping[Kind, Sequence[uuid.UUID]]) -> None:
    """Delete those items, no longer in a proposal, that are hidden and that no other proposal uses."""
    for item_id in items.get("predictions", ()):
        predictions.delete_if_unused(scope, item_id)
    for item_id in items.get("datasets", ()):
        datasets.delete_if_unused(scope, item_id)
    for item_id in items.get("structures", ()):
        # It may have been deleted with its last prediction
        if scope.session.exec(scope.select(Structure).where(Structure.id == item_id)).first() is not None:
            structures.delete_if_unused(scope, item_id)
