"""Label sets and trainings; jobs of either predictions or trainings; potentials that were trained for a structure.

Revision: 0018
After: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.kit.db.columns import NoticeColumn, NoticesColumn, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OF_JOBS = "fk_jobs_training_id_trainings"
OF_POTENTIALS = "fk_models_structure_id_structures"
INDEXED = {
    "label_sets": ("created_at", "owner"),
    "trainings": ("created_at", "owner", "structure_id", "base_id", "label_set_id", "potential_id"),
}


def upgrade() -> None:
    op.create_table(
        "label_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("level_of_theory", sa.String(length=200), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("n_structures", sa.Integer(), nullable=False),
        sa.Column("n_atoms", sa.Integer(), nullable=False),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("has_stress", sa.Boolean(), nullable=False),
        sa.Column("warnings", NoticesColumn(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table("trainings", *_work_columns(), *_training_columns())
    for table, columns in INDEXED.items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("training_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("prediction_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_index(batch_op.f("ix_jobs_training_id"), ["training_id"], unique=False)
        batch_op.create_foreign_key(OF_JOBS, "trainings", ["training_id"], ["id"], ondelete="CASCADE")
    with op.batch_alter_table("models") as batch_op:
        batch_op.add_column(sa.Column("structure_id", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_models_structure_id"), ["structure_id"], unique=False)
        batch_op.create_foreign_key(OF_POTENTIALS, "structures", ["structure_id"], ["id"], ondelete="SET NULL")


def _work_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("estimate_s", sa.Float(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("stage", NoticeColumn(none_as_null=True), nullable=True),
        sa.Column("waiting_for", NoticeColumn(none_as_null=True), nullable=True),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("eta_s", sa.Float(), nullable=True),
        sa.Column("error", NoticeColumn(none_as_null=True), nullable=True),
        sa.Column("warnings", NoticesColumn(), nullable=False),
        sa.Column("provenance", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("started_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", UTCDateTime(timezone=True), nullable=True),
    ]


def _training_columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("base_id", sa.Uuid(), nullable=True),
        sa.Column("base", sa.String(length=200), nullable=False),
        sa.Column("label_set_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.JSON(), nullable=False),
        sa.Column("temperature_k", sa.Float(), nullable=False),
        sa.Column("effort", sa.String(length=16), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("potential_id", sa.Uuid(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["models.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["label_set_id"], ["label_sets.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["potential_id"], ["models.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["structure_id"], ["structures.id"]),
        sa.PrimaryKeyConstraint("id"),
    ]


def downgrade() -> None:
    jobs = sa.table("jobs", sa.column("training_id"))
    op.execute(jobs.delete().where(jobs.c.training_id.is_not(None)))
    with op.batch_alter_table("models") as batch_op:
        batch_op.drop_constraint(OF_POTENTIALS, type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_models_structure_id"))
        batch_op.drop_column("structure_id")
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_constraint(OF_JOBS, type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_jobs_training_id"))
        batch_op.alter_column("prediction_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("training_id")
    op.drop_table("trainings")
    op.drop_table("label_sets")
