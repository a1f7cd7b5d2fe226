"""Warnings about structures and datasets as notices, codes with parameters.

Sentences of earlier versions become notices of the code `text`.

Revision: 0009
After: 0008
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("structures", "datasets")


def _change(of_warning: Callable[[Any], Any]) -> None:
    connection = op.get_bind()
    for name in TABLES:
        table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
        for row in connection.execute(sa.select(table.c.id, table.c.warnings)).all():
            if row.warnings:
                changed = [of_warning(one) for one in row.warnings]
                connection.execute(sa.update(table).where(table.c.id == row.id).values(warnings=changed))


def _sentence(notice: dict[str, Any]) -> str:
    from backend import wording
    from scattering.core.notices import Notice

    return wording.message(Notice.from_json(notice))


def upgrade() -> None:
    _change(lambda sentence: {"code": "text", "params": {"text": sentence}})


def downgrade() -> None:
    _change(_sentence)
