"""Isotopes of structures and of predictions.

Revision: 0013
After: 0012
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("structures", "predictions")
WARNINGS = sa.table("structures", sa.column("id", sa.Uuid()), sa.column("warnings", sa.JSON()))
OLD_CODE = "isotope_as_hydrogen"
"""Notice of the versions that read D and T as natural hydrogen."""
SENTENCE = (
    "The file has {symbol} ({isotope}), which an older version read as natural hydrogen. Upload the file again to have "
    "the mass of {isotope} in density and forecasts."
)


def upgrade() -> None:
    for name in TABLES:
        # All atoms of older rows are as in nature
        op.add_column(name, sa.Column("isotopes", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    connection = op.get_bind()
    concerned = sa.cast(WARNINGS.c.warnings, sa.Text()).contains(OLD_CODE)
    for row in connection.execute(sa.select(WARNINGS).where(concerned)).all():
        warnings = [_as_text(notice) for notice in row.warnings]
        connection.execute(WARNINGS.update().where(WARNINGS.c.id == row.id).values(warnings=warnings))


def _as_text(notice: dict[str, Any]) -> dict[str, Any]:
    """Return a notice; as text if its code is the old one."""
    if notice.get("code") != OLD_CODE:
        return notice
    return {"code": "text", "params": {"text": SENTENCE.format(**notice["params"])}}


def downgrade() -> None:
    for name in TABLES:
        op.drop_column(name, "isotopes")
