"""The same tables on PostgreSQL, and servers that start together there. `pytest --postgresql` runs the rest on it."""

from __future__ import annotations

import os
import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from backend import all_tables
from backend.kit.db import database
from backend.kit.settings import Settings
from tests.conftest import ROOT
from tests.services import PostgreSQL

assert all_tables


def test_servers_that_migrate_together_wait_for_each_other(postgres_url: str) -> None:
    command = [sys.executable, "-m", "backend", "migrate"]
    environment = {**os.environ, "BEAMCAST_DATABASE_URL": postgres_url}
    processes = [
        subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert said == ["The database is up to date.\n"] * 3
    assert [process.returncode for process in processes] == [0] * 3
    settings = Settings(database_url=postgres_url)
    with database.engine(settings).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    database.engine(settings).dispose()


def test_database_that_is_away_is_said_without_its_password(postgres_server: PostgreSQL, postgres_url: str) -> None:
    postgres_server.stop()
    done = subprocess.run(
        [sys.executable, "-m", "backend", "migrate"],
        env={**os.environ, "BEAMCAST_DATABASE_URL": postgres_url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "Connection refused" in done.stderr
    assert "Traceback" not in done.stderr
    assert postgres_server.password not in done.stderr


def test_a_machine_that_vanishes_does_not_keep_its_locks_for_hours(postgres_url: str) -> None:
    settings = Settings(database_url=postgres_url)
    with database.transaction(settings, reading=True) as session:
        known = {
            name: session.connection().exec_driver_sql(f"SHOW {name}").scalar_one() for name in database.KEEPALIVES
        }
    database.engine(settings).dispose()
    idle, interval, count = (int(known[name]) for name in database.KEEPALIVES)
    assert 0 < idle + interval * count < 60
