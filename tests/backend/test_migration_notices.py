"""Databases in which stages, errors and warnings are sentences, as version 2cfd2fe wrote them."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import select

from backend.datasets.schemas import DatasetOut
from backend.datasets.tables import Dataset
from backend.jobs import graph, sweep
from backend.kit import settings as settings_module
from backend.kit.db import database
from backend.kit.settings import SQLITE_FILE, Settings
from backend.operations import tallies
from backend.predictions.schemas import PredictionOut
from backend.predictions.tables import Prediction
from backend.structures.schemas import StructureOut
from backend.structures.tables import Structure
from scattering.core.notices import Notice

OLD = Path(__file__).parent / "old_database" / "2cfd2fe.sql"
SCRIPT = OLD.read_text("utf-8")
IDS = {
    name: uuid.UUID(key)
    for name, key in (line[3:].split(" = ") for line in SCRIPT.splitlines() if line[:3] == "-- " and " = " in line)
}
AN_ATOM_MOVED = "An atom moved by 0.42 Å in the relaxation: the potential prefers another structure."
FLEW_APART = "The atoms flew apart: take a shorter time step, or a potential that knows this material."


def revise(settings: Settings, revision: str) -> None:
    """Bring a database to a revision, up or down."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with database.engine(settings).connect() as connection, database.migration(connection):
        config.attributes["connection"] = connection
        now = MigrationContext.configure(connection).get_current_revision()
        (command.downgrade if now is not None and now > revision else command.upgrade)(config, revision)


def in_sqlite(folder: Path) -> None:
    """The database as it was written."""
    with sqlite3.connect(folder / SQLITE_FILE) as connection:
        connection.executescript(SCRIPT)


def in_postgresql(folder: Path, settings: Settings) -> None:
    """The same rows in PostgreSQL."""
    in_sqlite(folder)
    revise(settings, "0006")
    sqlite = sa.create_engine(f"sqlite:///{folder / SQLITE_FILE}")
    with database.engine(settings).connect() as new, new.begin(), sqlite.connect() as old:
        for name in ("structures", "models", "predictions", "jobs"):
            source = sa.Table(name, sa.MetaData(), autoload_with=old)
            target = sa.Table(name, sa.MetaData(), autoload_with=new)
            new.execute(
                sa.insert(target), [_converted(row, target) for row in old.execute(sa.select(source)).mappings()]
            )
    sqlite.dispose()


def _converted(row: Any, target: sa.Table) -> dict[str, Any]:
    converted = dict(row)
    for name, value in row.items():
        if value is not None and isinstance(target.c[name].type, sa.Uuid):
            converted[name] = uuid.UUID(value)
        elif value is not None and isinstance(target.c[name].type, sa.DateTime):
            converted[name] = value.replace(tzinfo=UTC)
    return converted


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A database of version 2cfd2fe, which is that of `backend.kit.settings.current()` too."""
    monkeypatch.setenv("BEAMCAST_DATA_DIR", str(tmp_path))
    if request.param == "postgresql":
        monkeypatch.setenv("BEAMCAST_DATABASE_URL", request.getfixturevalue("postgres_url"))
    settings_module.current.cache_clear()
    settings = settings_module.current()
    if request.param == "postgresql":
        in_postgresql(tmp_path, settings)
    else:
        in_sqlite(tmp_path)
    yield settings
    database.engine(settings).dispose()
    settings_module.current.cache_clear()


def stored(settings: Settings) -> list[Any]:
    """Predictions as they stand in the table, whichever its columns are."""
    with database.engine(settings).connect() as connection:
        table = sa.Table("predictions", sa.MetaData(), autoload_with=connection)
        return list(connection.execute(sa.select(table).order_by(table.c.id)))


def test_sentences_become_notices(old: Settings) -> None:
    revise(old, "head")
    with database.transaction(old, reading=True) as session:
        rows = {name: session.get_one(Prediction, key) for name, key in IDS.items()}
        stages = {name: row.stage for name, row in rows.items()}
        waiting = {name: row.waiting_for for name, row in rows.items() if row.waiting_for is not None}
        errors = {name: row.error for name, row in rows.items() if row.error is not None}
        of_jobs = {
            name: [(job.kind, job.stage, job.waiting_for, job.error) for job in graph.jobs(session, rows[name])]
            for name in ("equilibrating", "no_engine", "died")
        }
        failures = tallies.count_failures(session)
    start, displace, done = Notice("start"), Notice("displace_atoms"), Notice("done")
    running = Notice("equilibrate", {"replicas": 3, "replicas_done": 1, "replicas_running": 1})
    no_engine, died = Notice("waiting_for_engine", {"engine": "gpumd"}), errors["died"]
    assert stages == {
        **dict.fromkeys(("queued", "cancelled", "disk_full", "no_engine", "prepared")),
        **dict.fromkeys(("late", "flew_apart", "unforeseen"), start),
        "equilibrating": running,
        "died": displace,
        "succeeded": done,
    }
    assert waiting == {
        "queued": Notice("waiting_for_worker"),
        "prepared": Notice("waiting_for_worker"),
        "disk_full": Notice("waiting_for_disk_space"),
        "no_engine": no_engine,
    }
    assert errors == {
        "died": Notice("worker_died", {"attempts": 3, "stage": displace.to_json()}),
        "late": Notice("time_limit", {"limit_h": 0.5}),
        "flew_apart": Notice("text", {"text": FLEW_APART}),
        "unforeseen": Notice("unforeseen", {"prediction_id": str(IDS["unforeseen"])}),
    }
    assert rows["succeeded"].warnings == [Notice("text", {"text": AN_ATOM_MOVED}), Notice("imported_prediction")]
    assert [stage for _, stage, *_ in of_jobs["equilibrating"]] == [start, *[Notice("equilibrate")] * 2, None, None]
    assert [why for _, _, why, _ in of_jobs["no_engine"]] == [None, *[no_engine] * 3, None]
    assert of_jobs["died"] == [("whole", displace, None, died)]
    assert failures == {"worker_died": 1, "time_limit": 1, "unforeseen": 1, "cannot_predict": 1}


def test_what_was_queued_goes_on(old: Settings) -> None:
    revise(old, "head")
    sweep.take_back_all()
    with database.transaction(old, reading=True) as session:
        row = session.get_one(Prediction, IDS["equilibrating"])
        assert (row.status, row.stage, row.waiting_for) == ("running", None, Notice("waiting_for_worker"))
        bodies = {name: PredictionOut.of(session.get_one(Prediction, key)) for name, key in IDS.items()}
    assert bodies["flew_apart"].error == FLEW_APART
    assert bodies["succeeded"].warnings[0] == AN_ATOM_MOVED


def test_the_version_before_finds_its_sentences_again(old: Settings) -> None:
    before = stored(old)
    revise(old, "0008")
    revise(old, "0006")
    after = stored(old)
    waits = "waiting for a free worker"
    assert [row.stage for row in after] == [row.stage or (waits if row.status == "queued" else "") for row in before]
    starts = [[row.error and row.error[:25] for row in rows] for rows in (before, after)]
    assert starts[0] == starts[1]
    assert [row.warnings[:1] for row in after] == [row.warnings[:1] for row in before]


def test_warnings_about_files_become_notices_and_sentences_again(old: Settings) -> None:
    sentences = ["The file holds 2 frames; the last one is used.", "A cell of {braces}."]
    texts = [Notice("text", {"text": sentence}) for sentence in sentences]
    revise(old, "0008")
    dataset_id = _add_file_warnings(old, sentences)
    revise(old, "head")
    with database.transaction(old) as session:
        structure, dataset = session.exec(select(Structure)).one(), session.get_one(Dataset, dataset_id)
        assert (structure.warnings, dataset.warnings) == (texts, texts)
        assert StructureOut.of(structure).warnings == DatasetOut.of(dataset).warnings == sentences
        dataset.warnings = [*texts, Notice("decimal_comma")]
    revise(old, "0008")
    with database.engine(old).connect() as connection:
        warnings = {
            name: connection.execute(sa.select(sa.Table(name, sa.MetaData(), autoload_with=connection).c.warnings))
            for name in ("structures", "datasets")
        }
        assert warnings["structures"].scalar_one() == sentences
        assert warnings["datasets"].scalar_one() == [*sentences, "The comma is read as the decimal mark."]


def _add_file_warnings(settings: Settings, sentences: list[str]) -> uuid.UUID:
    """Give the structure warnings, and add a dataset with the same; return its id."""
    dataset_id = uuid.uuid4()
    with database.engine(settings).connect() as connection, connection.begin():
        structures, datasets = (
            sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
            for name in ("structures", "datasets")
        )
        connection.execute(sa.update(structures).values(warnings=sentences))
        row = {
            "id": dataset_id if isinstance(datasets.c.id.type, sa.Uuid) else dataset_id.hex,
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
            "owner": "local",
            "name": "a run",
            "kind": "1d",
            "format": "columns",
            "filename": "run.csv",
            "sha256": "0" * 64,
            "spectrum": 0,
            "title": "",
            "x_unit": "meV",
            "y_unit": "",
            "n_points": 3,
            "energy_range_mev": [1.0, 3.0],
            "has_errors": False,
            "settings": {},
            "isotopes": {},
            "warnings": sentences,
            "revision": 0,
        }
        connection.execute(sa.insert(datasets).values(row))
    return dataset_id


def test_what_was_stored_is_in_the_lists_before_and_after(old: Settings) -> None:
    revise(old, "head")
    for table in (Structure, Prediction, Dataset):
        with database.transaction(old, reading=True) as session:
            assert {row.hidden_at for row in session.exec(select(table))} <= {None}
    before = len(stored(old))
    with database.transaction(old) as session:
        session.exec(select(Prediction)).first().hidden_at = datetime(2026, 1, 1, tzinfo=UTC)  # type: ignore[union-attr]
    revise(old, "0009")
    assert len(stored(old)) == before
    assert "hidden_at" not in stored(old)[0]._mapping
    revise(old, "head")
    assert {row.hidden_at for row in stored(old)} == {None}


def test_atoms_of_older_rows_are_as_in_nature(old: Settings) -> None:
    revise(old, "0012")
    notice = {"code": "isotope_as_hydrogen", "params": {"symbol": "D", "isotope": "2H", "n_sites": 3}}
    structures = sa.table("structures", sa.column("warnings", sa.JSON()))
    with database.engine(old).connect() as connection, connection.begin():
        connection.execute(structures.update().values(warnings=[notice]))
    revise(old, "head")
    with database.transaction(old, reading=True) as session:
        for row in session.exec(select(Structure)):
            body = StructureOut.of(row)
            assert body.isotopes == {}
            assert [one.code for one in body.notices] == ["text"]
            assert body.warnings[0].startswith("The file has D (2H), which an older version read as natural hydrogen.")
        assert {str(PredictionOut.of(row).isotopes) for row in session.exec(select(Prediction))} == {"{}"}
    revise(old, "0012")
    assert "isotopes" not in stored(old)[0]._mapping
