"""Trajectories as sources.

Revision: 0017
After: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("trajectory", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("sources", "trajectory")
