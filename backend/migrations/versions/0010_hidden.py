"""Structures, predictions and datasets that left the lists, and stay for the proposals that use them.

Revision: 0010
After: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.kit.db.columns import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("structures", "predictions", "datasets")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("hidden_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # The version before would list the hidden rows again: nothing is lost
    for name in TABLES:
        op.drop_column(name, "hidden_at")
