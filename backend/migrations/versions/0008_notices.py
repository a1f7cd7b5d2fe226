"""Stages, errors and warnings of jobs and predictions as notices, codes with parameters; why they wait in a column.

Sentences of earlier versions become codes where they are of the server itself, and else notices of the code `text`.

Revision: 0008
After: 0007
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
JSON = sa.JSON(none_as_null=True)

STAGES = {
    "starting": "start",
    "fetching the potential": "fetch_potential",
    "relaxing the atoms": "relax",
    "displacing atoms": "displace_atoms",
    "phonons over the Brillouin zone": "sample_zone",
    "phonons along the path": "sample_path",
    "averaging over a powder": "powder_average",
    "letting the cell settle": "equilibrate_cell",
    "averaging the cell": "average_cell",
    "thermalising": "equilibrate",
    "running molecular dynamics": "produce",
    "going on from a checkpoint": "resume",
    "correlating positions": "correlate",
    "averaging replicas": "average_replicas",
    "done": "done",
}
REPLICAS = re.compile(r"(.*) \((\d+) of (\d+) replicas done\)")
WAITING = {
    "waiting for a free worker": "waiting_for_worker",
    "waiting for room on the server's disk, which is full": "waiting_for_disk_space",
}
BEFORE = {code: sentence for sentence, code in (STAGES | WAITING).items()}
NO_WORKER = re.compile(r"waiting for a worker with (the queue )?(.*); none is there now")
WORKER_DIED = re.compile(
    r"The worker died (\d+) times (?:over|during) this prediction, last while '(.*)'\. .*", re.DOTALL
)
TIME_LIMIT = re.compile(r"This job took longer than the (\d[\d.e+]*) hours .*")
UNFORESEEN = re.compile(r"Something unforeseen went wrong .* under ([0-9a-f-]{36})\.")
IMPORTED = "It was imported with a proposal: that it was simulated so is what the archive says, and was not checked."

Stored = dict[str, Any]


def _notice(code: str, **params: Any) -> Stored:
    return {"code": code, "params": params}


def _stage(sentence: str) -> Stored | None:
    """What was done; None where nothing was, or the job waited."""
    if not sentence or _waiting_for(sentence):
        return None
    if counted := REPLICAS.fullmatch(sentence):
        words, done, replicas = counted.groups()
        if code := STAGES.get(words):
            return _notice(code, replicas=int(replicas), replicas_done=int(done), replicas_running=1)
    code = STAGES.get(sentence)
    return _notice(code) if code else _notice("text", text=sentence)


def _waiting_for(sentence: str) -> Stored | None:
    """Why it waited; None where it did not."""
    if missing := NO_WORKER.fullmatch(sentence):
        is_queue, name = missing.groups()
        return _notice("waiting_for_queue", queue=name) if is_queue else _notice("waiting_for_engine", engine=name)
    code = WAITING.get(sentence)
    return _notice(code) if code else None


def _error(sentence: str | None) -> Stored | None:
    if sentence is None:
        return None
    if died := WORKER_DIED.fullmatch(sentence):
        return _notice("worker_died", attempts=int(died.group(1)), stage=_stage(died.group(2)))
    if late := TIME_LIMIT.fullmatch(sentence):
        return _notice("time_limit", limit_h=float(late.group(1)))
    if unforeseen := UNFORESEEN.fullmatch(sentence):
        return _notice("unforeseen", prediction_id=unforeseen.group(1))
    return _notice("text", text=sentence)


def _warning(sentence: str) -> Stored:
    return _notice("imported_prediction") if sentence == IMPORTED else _notice("text", text=sentence)


def _change(table: str, new: dict[str, sa.Column[Any]], values: Callable[[Any], dict[str, Any]]) -> None:
    """Put new columns in the place of old ones of the same names, and fill them row by row.

    Not in a batch, which in SQLite copies the table and drops the old one: foreign keys are enforced, so that the rows
    that belong to predictions would be deleted with it.

    Parameters
    ----------
    table
        Its name.
    new
        Name → column, under the name that it has until the old one is gone.
    values
        Old row → what becomes of it, by the columns' names.
    """
    connection = op.get_bind()
    before = _reflected(connection, table)
    for column in new.values():
        op.add_column(table, column)
    after = _reflected(connection, table)
    for row in connection.execute(sa.select(before)).all():
        filled = {new[name].name if name in new else name: value for name, value in values(row).items()}
        connection.execute(sa.update(after).where(after.c.id == row.id).values(filled))
    for name, column in new.items():
        if name in before.c:
            op.drop_column(table, name)
        if column.name != name:
            op.alter_column(table, column.name, new_column_name=name)


def _reflected(connection: sa.Connection, table: str) -> sa.Table:
    found = sa.Table(table, sa.MetaData(), autoload_with=connection, resolve_fks=False)
    for column in found.c:
        if isinstance(column.type, sa.JSON):
            column.type = JSON
    return found


def upgrade() -> None:
    def of_job(row: Any) -> dict[str, Any]:
        return {"stage": _stage(row.stage), "waiting_for": _waiting_for(row.stage), "error": _error(row.error)}

    def of_prediction(row: Any) -> dict[str, Any]:
        changed = of_job(row)
        if row.status == "queued" and changed["waiting_for"] is None:
            changed["waiting_for"] = _notice("waiting_for_worker")
        return changed | {"warnings": [_warning(one) for one in row.warnings]}

    for table, values in (("predictions", of_prediction), ("jobs", of_job)):
        columns = {name: sa.Column(f"new_{name}", JSON, nullable=True) for name in ("stage", "error")}
        _change(table, columns | {"waiting_for": sa.Column("waiting_for", JSON, nullable=True)}, values)


def downgrade() -> None:
    def of_job(row: Any) -> dict[str, Any]:
        return {
            "stage": _sentence(row.waiting_for or row.stage)[:200],
            "error": None if row.error is None else _sentence(row.error),
        }

    def of_prediction(row: Any) -> dict[str, Any]:
        return of_job(row) | {"warnings": [_sentence(one) for one in row.warnings]}

    for table, values in (("predictions", of_prediction), ("jobs", of_job)):
        columns: dict[str, sa.Column[Any]] = {
            "stage": sa.Column("new_stage", TEXT(length=200), nullable=False, server_default=""),
            "error": sa.Column("new_error", TEXT(), nullable=True),
        }
        _change(table, columns, values)
        op.drop_column(table, "waiting_for")


def _sentence(notice: Stored | None) -> str:
    """The sentence as the version before had it, where it had one."""
    if notice is None:
        return ""
    from backend import wording
    from scattering.core.notices import Notice

    params = notice["params"]
    match notice["code"]:
        case code if code in BEFORE and "replicas" in params:
            return f"{BEFORE[code]} ({params['replicas_done']} of {params['replicas']} replicas done)"
        case code if code in BEFORE:
            return BEFORE[code]
        case "waiting_for_engine":
            return f"waiting for a worker with {params['engine']}; none is there now"
        case "waiting_for_queue":
            return f"waiting for a worker with the queue {params['queue']}; none is there now"
        case "worker_died":
            return (
                f"The worker died {params['attempts']} times over this prediction, last while "
                f"'{_sentence(params['stage'])}'. It may need more memory than there is."
            )
        case "time_limit":
            return f"This job took longer than the {params['limit_h']:g} hours that this server allows."
        case "unforeseen":
            return (
                "Something unforeseen went wrong in this prediction. The server's log has the details under "
                f"{params['prediction_id']}."
            )
    return wording.message(Notice.from_json(notice))
