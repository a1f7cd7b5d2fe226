"""Proposals.

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import backend.kit.db.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = backend.kit.db.columns.UTCDateTime(timezone=True)
LINKS = ("structures", "predictions", "datasets")


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("name", TEXT(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("archived_at", TIME, nullable=True),
        sa.Column("share_secret", TEXT(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("proposals", "created_at", "owner")
    for what in LINKS:
        table = f"proposal_{what}"
        op.create_table(
            table,
            sa.Column("proposal_id", sa.Uuid(), nullable=False),
            sa.Column("added_at", TIME, nullable=False),
            sa.Column("item_id", sa.Uuid(), nullable=False),
            sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["item_id"], [f"{what}.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("proposal_id", "item_id"),
        )
        _index(table, "item_id")
    op.create_table(
        "proposal_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("title", TEXT(length=200), nullable=False),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("proposal_reports", "created_at", "owner", "proposal_id")


def _index(table: str, *names: str) -> None:
    with op.batch_alter_table(table) as batch_op:
        for name in names:
            batch_op.create_index(batch_op.f(f"ix_{table}_{name}"), [name], unique=False)


def downgrade() -> None:
    for table in ("proposal_reports", *(f"proposal_{what}" for what in LINKS), "proposals"):
        op.drop_table(table)
