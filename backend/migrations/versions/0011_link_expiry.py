"""Links to proposals expire; those that exist do not.

Revision: 0011
After: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from backend.kit.db.columns import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("share_expires_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # The version before would open expired links again
    op.execute(sa.text("UPDATE proposals SET share_secret = NULL WHERE share_expires_at IS NOT NULL"))
    op.drop_column("proposals", "share_expires_at")
