"""How long data were measured, and of how much: rates become absolute with it.

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = ("exposure_uah", "exposure_h", "mass_g")


def upgrade() -> None:
    with op.batch_alter_table("datasets") as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("datasets") as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
