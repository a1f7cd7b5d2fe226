"""Calibrations by the counts of a standard.

Revision: 0012
After: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from backend.kit.db.columns import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("instrument", TEXT(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("standard", TEXT(length=16), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=True),
        sa.Column("temperature_k", sa.Float(), nullable=False),
        sa.Column("mass_g", sa.Float(), nullable=False),
        sa.Column("bands", sa.JSON(), nullable=False),
        sa.Column("relative_uncertainty", sa.Float(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("entered_by", TEXT(length=200), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("calibrations") as batch_op:
        for name in ("created_at", "owner", "instrument", "prediction_id"):
            batch_op.create_index(batch_op.f(f"ix_calibrations_{name}"), [name], unique=False)


def downgrade() -> None:
    op.drop_table("calibrations")
