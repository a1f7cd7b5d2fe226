"""Measured data.

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import backend.kit.db.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = backend.kit.db.columns.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("name", TEXT(length=200), nullable=False),
        sa.Column("kind", TEXT(length=8), nullable=False),
        sa.Column("format", TEXT(length=32), nullable=False),
        sa.Column("filename", TEXT(length=255), nullable=False),
        sa.Column("sha256", TEXT(length=64), nullable=False),
        sa.Column("spectrum", sa.Integer(), nullable=False),
        sa.Column("title", TEXT(length=400), nullable=False),
        sa.Column("x_unit", TEXT(length=16), nullable=False),
        sa.Column("y_unit", TEXT(length=100), nullable=False),
        sa.Column("n_points", sa.Integer(), nullable=False),
        sa.Column("energy_range_mev", sa.JSON(), nullable=False),
        sa.Column("q_range_inv_angstrom", sa.JSON(), nullable=True),
        sa.Column("has_errors", sa.Boolean(), nullable=False),
        sa.Column("instrument", TEXT(length=64), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("fixed_energy_mev", sa.Float(), nullable=True),
        sa.Column("temperature_k", sa.Float(), nullable=True),
        sa.Column("isotopes", sa.JSON(), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["structure_id"], ["structures.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("datasets") as batch_op:
        for name in ("created_at", "owner", "structure_id"):
            batch_op.create_index(batch_op.f(f"ix_datasets_{name}"), [name], unique=False)


def downgrade() -> None:
    op.drop_table("datasets")
