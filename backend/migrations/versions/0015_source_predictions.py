"""Predictions from sources: without a potential.

Revision: 0015
After: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_predictions_source_id_sources"


def upgrade() -> None:
    with op.batch_alter_table("predictions") as batch_op:
        batch_op.alter_column("model_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.alter_column("model", existing_type=sa.String(length=200), nullable=True)
        batch_op.add_column(sa.Column("source_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(FOREIGN_KEY, "sources", ["source_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_predictions_source_id"), ["source_id"], unique=False)


def downgrade() -> None:
    predictions = sa.table("predictions", sa.column("model_id"))
    op.execute(predictions.delete().where(predictions.c.model_id.is_(None)))
    with op.batch_alter_table("predictions") as batch_op:
        batch_op.drop_index(batch_op.f("ix_predictions_source_id"))
        batch_op.drop_constraint(FOREIGN_KEY, type_="foreignkey")
        batch_op.drop_column("source_id")
        batch_op.alter_column("model", existing_type=sa.String(length=200), nullable=False)
        batch_op.alter_column("model_id", existing_type=sa.Uuid(), nullable=False)
