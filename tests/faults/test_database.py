"""A database that goes away and comes back: everything waits for it, and nothing is done twice."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time

import pytest

from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import Stack, until
from tests.services import PostgreSQL

pytestmark = pytest.mark.slow

LONGER_THAN_SQLITE_WAITS_S = 17.0
RETRYING = "the database does not answer; retrying"
WAITS = "this worker waits for it"


def test_postgresql_restarted_under_a_run(deployed: Stack, postgres_server: PostgreSQL, figure: Figure) -> None:
    with deployed.holding("produce", share=0.3):
        prediction = deployed.ask(DYNAMICS)
        deployed.until_held(prediction)
        postgres_server.restart()
        since, seen = time.monotonic(), deployed.reported(prediction)
        until(lambda: deployed.reported(prediction) > seen, "the child reports again")
        figure("PostgreSQL restarted: the job reports again", time.monotonic() - since)
    deployed.check(prediction, DYNAMICS)
    assert {one.attempt for one in deployed.jobs(prediction)} == {1}


def test_postgresql_killed_and_away_for_a_while_when_a_job_ends(
    deployed: Stack, postgres_server: PostgreSQL, figure: Figure
) -> None:
    with deployed.holding("powder_average"):
        prediction = deployed.ask(HARMONIC)
        deployed.until_held(prediction)
        before = deployed.log("one").count(RETRYING)
        postgres_server.kill()
    # The job has nothing left to do but to say so
    until(lambda: deployed.log("one").count(RETRYING) > before, "the child waits")
    postgres_server.start()
    since = time.monotonic()
    deployed.check(prediction, HARMONIC)
    figure("PostgreSQL unreachable when a job ends: done after it is back", time.monotonic() - since)


def test_postgresql_restarted_while_nothing_is_done(
    deployed: Stack, postgres_server: PostgreSQL, figure: Figure
) -> None:
    postgres_server.restart()
    since = time.monotonic()
    deployed.check(deployed.ask(HARMONIC), HARMONIC)
    figure("PostgreSQL restarted while idle: next prediction done", time.monotonic() - since)


def test_child_dies_while_postgresql_is_away(deployed: Stack, postgres_server: PostgreSQL) -> None:
    """Nobody can take the job back at once; nobody forgets it either."""
    with deployed.holding("produce", share=0.3):
        prediction = deployed.ask(DYNAMICS)
        job = deployed.until_held(prediction)
        postgres_server.kill()
        deployed.send(job, signal.SIGKILL)
        postgres_server.start()
        until(lambda: deployed.jobs(prediction)[1].attempt == 2, "taken again")
    deployed.check(prediction, DYNAMICS)


def test_sqlite_locked_for_longer_than_anybody_waits(stack: Stack) -> None:
    if not stack.embedded:
        pytest.skip("of SQLite")
    with stack.holding("produce", share=0.3):
        prediction = stack.ask(DYNAMICS)
        job = stack.until_held(prediction)
        with contextlib.closing(sqlite3.connect(stack.settings.data_dir / "beamcast.db")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            locked = time.monotonic()
            until(lambda: time.monotonic() - locked > LONGER_THAN_SQLITE_WAITS_S, "it is locked for long")
            connection.rollback()
        # The lease may have run out meanwhile: then another child goes on
        assert job.attempt == 1
    stack.check(prediction, DYNAMICS)
    assert stack.prediction(prediction).attempt <= 2


def test_worker_is_started_while_postgresql_is_away(deployed: Stack, postgres_server: PostgreSQL) -> None:
    deployed.stop_worker()
    before = deployed.log("one").count(WAITS)
    postgres_server.kill()
    deployed.launch_worker("one")
    until(lambda: deployed.log("one").count(WAITS) > before, "it notices")
    postgres_server.start()
    deployed.check(deployed.ask(HARMONIC), HARMONIC)
