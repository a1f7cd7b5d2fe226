"""The disordered files of ordered cells.

Revision: 0016
After: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of ordered cells of older versions, the disordered file was not kept
    op.add_column("structures", sa.Column("ordered_from", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("structures", "ordered_from")
