"""Personal access tokens.

Revision: 0020
After: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from backend.kit.db.columns import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("owner", TEXT(length=64), nullable=False),
        sa.Column("name", TEXT(length=100), nullable=False),
        sa.Column("secret_sha256", TEXT(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("expires_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", UTCDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("access_tokens") as batch_op:
        for name in ("created_at", "owner"):
            batch_op.create_index(batch_op.f(f"ix_access_tokens_{name}"), [name], unique=False)


def downgrade() -> None:
    op.drop_table("access_tokens")
