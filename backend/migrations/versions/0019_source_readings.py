"""Resumable uploads, and large trajectories that jobs read.

Revision: 0019
After: 0018
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from backend.kit.db.columns import NoticeColumn, NoticesColumn, UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def _owned() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "uploads",
        *_owned(),
        sa.Column("name", TEXT(length=255), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("touched_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "source_readings",
        *_owned(),
        sa.Column("estimate_s", sa.Float(), nullable=True),
        sa.Column("status", TEXT(length=16), nullable=False),
        sa.Column("stage", NoticeColumn(), nullable=True),
        sa.Column("waiting_for", NoticeColumn(), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("eta_s", sa.Float(), nullable=True),
        sa.Column("error", NoticeColumn(), nullable=True),
        sa.Column("warnings", NoticesColumn(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("started_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("name", TEXT(length=200), nullable=True),
        sa.Column("format", TEXT(length=40), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("uploads", sa.JSON(), nullable=False),
        sa.Column("stated", sa.JSON(), nullable=False),
        sa.Column("preview", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in ("uploads", "source_readings"):
        with op.batch_alter_table(table) as batch_op:
            for name in ("created_at", "owner"):
                batch_op.create_index(batch_op.f(f"ix_{table}_{name}"), [name], unique=False)
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("reading_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_jobs_reading_id_source_readings"),
            "source_readings",
            ["reading_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch_op.create_index(batch_op.f("ix_jobs_reading_id"), ["reading_id"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM jobs WHERE reading_id IS NOT NULL")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_reading_id"))
        batch_op.drop_constraint(batch_op.f("fk_jobs_reading_id_source_readings"), type_="foreignkey")
        batch_op.drop_column("reading_id")
    op.drop_table("source_readings")
    op.drop_table("uploads")
