"""Potentials name their family; all that there were are neuroevolution potentials.

Revision: 0007
After: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("models") as batch_op:
        batch_op.add_column(sa.Column("family", TEXT(length=32), nullable=False, server_default="nep"))


def downgrade() -> None:
    # Not in a batch, which in SQLite drops the table: predictions refer to its rows
    op.drop_column("models", "family")
