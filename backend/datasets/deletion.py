"""Deletion of datasets, or their removal from the lists while proposals use them."""

from __future__ import annotations

import uuid

from backend.datasets.service import NOUN
from backend.datasets.tables import Dataset
from backend.kit.db.columns import utc_now
from backend.kit.db.keeping import InProposals, find_keepers, is_to_stay
from backend.kit.db.owners import Scope
from backend.kit.files.storage import delete_folder


def delete(scope: Scope, dataset_id: uuid.UUID, in_proposals: InProposals | None = None) -> None:
    """Delete a dataset and its files.

    Raises
    ------
    Conflict
        Proposals use it, and `in_proposals` does not say what becomes of it there.
    """
    row = scope.get_own(Dataset, dataset_id, NOUN, lock=True)
    if is_to_stay(scope, row, NOUN, in_proposals):
        row.hidden_at = row.hidden_at or utc_now()
        scope.add(row)
    else:
        _delete(scope, row)


def delete_if_unused(scope: Scope, dataset_id: uuid.UUID) -> None:
    """Delete a hidden dataset that no proposal uses."""
    row = scope.get(Dataset, dataset_id, NOUN, lock=True)
    if row.hidden_at is not None and not find_keepers(scope, Dataset, row.id):
        _delete(scope, row)


def _delete(scope: Scope, row: Dataset) -> None:
    scope.session.delete(row)
    scope.session.flush()
    delete_folder(scope.session, scope.settings.dataset_dir(row.id))
