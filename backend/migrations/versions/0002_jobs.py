"""Predictions are made of jobs, which hold what belonged to the worker; workers say what they can do.

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

import backend.kit.db.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = backend.kit.db.columns.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("queue", TEXT(length=16), nullable=False),
        sa.Column("engine", TEXT(length=32), nullable=False),
        sa.Column("lane", TEXT(length=8), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("status", TEXT(length=16), nullable=False),
        sa.Column("stage", TEXT(length=200), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("error", TEXT(), nullable=True),
        sa.Column("worker", TEXT(length=200), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_expires_at", TIME, nullable=True),
        sa.Column("heartbeat_at", TIME, nullable=True),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("rung_at", TIME, nullable=True),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("jobs") as batch_op:
        for name in ("created_at", "owner", "prediction_id", "status"):
            batch_op.create_index(batch_op.f(f"ix_jobs_{name}"), [name], unique=False)

    # Only living workers have rows, and none lives during an upgrade
    op.drop_table("worker_beats")
    op.create_table(
        "worker_beats",
        sa.Column("name", TEXT(length=200), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("long_slots", sa.Integer(), nullable=False),
        sa.Column("queues", sa.JSON(), nullable=False),
        sa.Column("engines", sa.JSON(), nullable=False),
        sa.Column("host", TEXT(length=200), nullable=False),
        sa.Column("cores", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    with op.batch_alter_table("worker_beats") as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_beats_seen_at"), ["seen_at"], unique=False)

    # What was under way has no jobs to go on with, and its options lack what is new
    op.execute(
        "UPDATE predictions SET status = 'failed', stage = '', error = 'Beamcast was upgraded while this prediction "
        "waited or ran: please ask for it again.' WHERE status IN ('queued', 'running')"
    )
    with op.batch_alter_table("predictions") as batch_op:
        for name in ("queue", "worker", "enqueued_at", "heartbeat_at"):
            batch_op.drop_column(name)


def downgrade() -> None:
    with op.batch_alter_table("predictions") as batch_op:
        batch_op.add_column(sa.Column("queue", TEXT(length=16), nullable=False, server_default="cpu"))
        batch_op.add_column(sa.Column("worker", TEXT(length=200), nullable=True))
        batch_op.add_column(sa.Column("enqueued_at", TIME, nullable=False, server_default=sa.func.now()))
        batch_op.add_column(sa.Column("heartbeat_at", TIME, nullable=True))
    with op.batch_alter_table("worker_beats") as batch_op:
        for name in ("long_slots", "queues", "engines", "host", "cores", "started_at"):
            batch_op.drop_column(name)
    op.drop_table("jobs")
