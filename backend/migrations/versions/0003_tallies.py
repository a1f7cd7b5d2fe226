"""Jobs and predictions are counted from indexes alone: a look at the metrics reads no rows.

Revision: 0003
After: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TALLIES = {"jobs": ["status", "queue", "lane", "kind", "attempt"], "predictions": ["status", "method"]}


def upgrade() -> None:
    for table, columns in TALLIES.items():
        op.drop_index(f"ix_{table}_status", table_name=table)
        op.create_index(f"ix_{table}_tally", table, columns, unique=False)


def downgrade() -> None:
    for table in TALLIES:
        op.drop_index(f"ix_{table}_tally", table_name=table)
        op.create_index(f"ix_{table}_status", table, ["status"], unique=False)
