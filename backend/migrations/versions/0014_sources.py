"""Sources: phonons that users have calculated.

Revision: 0014
After: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from backend.kit.db.columns import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("name", TEXT(length=200), nullable=False),
        sa.Column("kind", TEXT(length=16), nullable=False),
        sa.Column("format", TEXT(length=32), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("formula", TEXT(length=400), nullable=False),
        sa.Column("n_atoms", sa.Integer(), nullable=False),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("cell", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("stated", sa.JSON(), nullable=False),
        sa.Column("program", sa.JSON(), nullable=False),
        sa.Column("phonons", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["structure_id"], ["structures.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sources") as batch_op:
        for name in ("created_at", "owner", "structure_id"):
            batch_op.create_index(batch_op.f(f"ix_sources_{name}"), [name], unique=False)


def downgrade() -> None:
    op.drop_table("sources")
