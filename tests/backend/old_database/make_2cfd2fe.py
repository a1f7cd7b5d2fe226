"""Print, as SQL, a database with predictions in every state that version 2cfd2fe stored as a sentence.

Runs with the code of that version only, in a checkout of it:

    git worktree add /tmp/old 2cfd2fe && cd /tmp/old
    PYTHONPATH=. python …/tests/backend/old_database/make_2cfd2fe.py > …/tests/backend/old_database/2cfd2fe.sql
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import uuid
from datetime import timedelta
from typing import Any

os.environ["BEAMCAST_DATA_DIR"] = tempfile.mkdtemp()

from backend.owners import LOCAL_USER, Scope
from backend.settings import SQLITE_FILE, current

from backend import database
from backend.health import beats
from backend.health.tables import WorkerBeat
from backend.jobs import leases, sweep
from backend.jobs.dispatch import say_what_is_missing
from backend.jobs.leases import Lease
from backend.jobs.tables import Job
from backend.predictions import service
from backend.predictions.schemas import PredictionIn
from backend.startup import prepare
from backend.structures import parse
from backend.structures import service as structures
from tests.backend.conftest import SILICON

WORKER = "played@here"
MD: dict[str, Any] = {"supercell": [2, 2, 2], "production_ps": 2.2, "replicas": 3}
SETTINGS = current()


def ask(structure_id: uuid.UUID, **more: Any) -> uuid.UUID:
    body = PredictionIn(structure_id=structure_id, instruments=["TOSCA"], **more)
    with database.transaction(SETTINGS) as session:
        return service.create(Scope(session, LOCAL_USER), body).id


def take(prediction_id: uuid.UUID) -> Lease:
    others = []
    while (lease := leases.claim(WORKER, 1)) is not None and lease.prediction_id != prediction_id:
        others.append(lease)
    for other in others:
        leases.release(other)
    assert lease is not None
    return lease


def let_die(lease: Lease) -> None:
    with database.transaction(SETTINGS) as session:
        job = session.get_one(Job, lease.job_id)
        job.lease_expires_at -= timedelta(days=1)
        session.add(job)
    sweep.take_back_expired()


def make(structure_id: uuid.UUID) -> dict[str, uuid.UUID]:
    made = {"queued": ask(structure_id)}
    made["equilibrating"] = ask(structure_id, method="md", options=MD)
    leases.succeed(take(made["equilibrating"]), lambda: None)
    first, second = take(made["equilibrating"]), take(made["equilibrating"])
    leases.report(first, "thermalising", 0.2)
    leases.succeed(first, lambda: None)
    leases.report(second, "thermalising", 0.1)
    made["died"] = ask(structure_id)
    for _ in range(SETTINGS.max_attempts):
        lease = take(made["died"])
        leases.report(lease, "displacing atoms", 0.3)
        let_die(lease)
    for name in ("late", "flew_apart", "unforeseen"):
        made[name] = ask(structure_id)
    errors = {
        "late": "This job took longer than the 0.5 hours that this server allows: choose a shorter run.",
        "flew_apart": "The atoms flew apart: take a shorter time step, or a potential that knows this material.",
        "unforeseen": "Something unforeseen went wrong in this prediction. The server's log has the details under "
        f"{made['unforeseen']}.",
    }
    for name, error in errors.items():
        leases.fail(take(made[name]), error)
    made["succeeded"] = ask(structure_id)
    warnings = [
        "An atom moved by 0.42 Å in the relaxation: the potential prefers another structure.",
        "It was imported with a proposal: that it was simulated so is what the archive says, and was not checked.",
    ]
    leases.succeed(take(made["succeeded"]), lambda: None, provenance={"seed": 1}, warnings=warnings)
    made["cancelled"] = ask(structure_id)
    with database.transaction(SETTINGS) as session:
        service.cancel(Scope(session, LOCAL_USER), made["cancelled"])
    made["disk_full"] = ask(structure_id)
    why = "waiting for room on the server's disk, which is full"
    leases.release(take(made["disk_full"]), wait_s=60.0, why=why)
    made["no_engine"] = ask(structure_id, method="md", options={**MD, "engine": "gpumd"})
    leases.succeed(take(made["no_engine"]), lambda: None)
    with database.transaction(SETTINGS) as session:
        say_what_is_missing(session, database.clock(session))
    made["prepared"] = ask(structure_id, method="md", options=MD)
    leases.succeed(take(made["prepared"]), lambda: None)
    return made


def main() -> None:
    prepare(SETTINGS)
    found = parse.parse(SILICON, "poscar", 100)
    with database.transaction(SETTINGS) as session:
        scope = Scope(session, LOCAL_USER)
        row = structures.add(scope, found, content=SILICON, fmt="poscar", file_name="Si.vasp", name=None)
        structure_id = row.id
    engines = dict.fromkeys(("nep-adapters", "calorine"), "1")
    beats.beat(WorkerBeat(name=WORKER, slots=100, long_slots=99, queues=["cpu"], engines=engines))
    made = make(structure_id)
    beats.stop(WORKER)
    database.engine(SETTINGS).dispose()
    print("-- Made by make_2cfd2fe.py. Predictions:")
    for name, prediction_id in made.items():
        print(f"-- {name} = {prediction_id.hex}")
    for line in sqlite3.connect(SETTINGS.data_dir / SQLITE_FILE).iterdump():
        print(line)


if __name__ == "__main__":
    main()
