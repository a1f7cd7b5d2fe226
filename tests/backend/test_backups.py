"""Backups that are made while others write, and their restoration, on both kinds of database."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import Connection, insert, text
from sqlmodel import select

from backend.__main__ import FAILED, main
from backend.app import create_app
from backend.backups import moment, rows, service
from backend.backups.manifest import DATABASE, FILES, MANIFEST, BackupRefused
from backend.jobs import leases
from backend.jobs.tables import Job
from backend.kit import settings as settings_module
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.potentials import fetch
from backend.startup import prepare
from backend.structures import service as structures
from backend.structures.tables import Structure
from tests.services import PostgreSQL

from .conftest import SILICON, Client
from .predicting import ask, claim, living, succeeded

SPECTRUM = {"instrument": "TOSCA"}


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of an empty installation of the same kind."""
    with _installation(request, tmp_path_factory.mktemp("elsewhere"), settings.database_url) as made:
        yield made


class _installation:  # noqa: N801
    """An empty installation; commands of this process use it meanwhile."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, like: str) -> None:
        self._server: PostgreSQL | None = None
        url = ""
        if not like.startswith("sqlite"):
            self._server = request.getfixturevalue("postgres_server")
            assert self._server is not None
            url = self._server.create_database()
        self.settings = Settings(data_dir=folder, database_url=url)

    def __enter__(self) -> Settings:
        return self.settings

    def __exit__(self, *_: object) -> None:
        database.engine(self.settings).dispose()
        if self._server is not None:
            self._server.drop_database(self.settings.database_url)


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Make these the settings of this process, as in another process."""
    monkeypatch.setenv("BEAMCAST_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("BEAMCAST_DATABASE_URL", settings.database_url)
    settings_module.current.cache_clear()
    return settings_module.current()


def restore(settings: Settings, backup: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Restore a backup, as the command does, and start."""
    there = use(settings, monkeypatch)
    service.restore(there, backup)
    prepare(there)
    return there


def add_structure(settings: Settings, silicon: dict[str, Any]) -> uuid.UUID:
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        return structures.add(scope, silicon, content=SILICON, fmt="poscar", file_name="Si.vasp", name=None).id


def delete_structure(settings: Settings, structure_id: uuid.UUID) -> None:
    with database.transaction(settings) as session:
        structures.delete(Scope(session, LOCAL_USER), structure_id, with_predictions=False)


def ids_in(backup: Path) -> set[uuid.UUID]:
    """Ids of the structures in a backup."""
    copy = Settings(data_dir=backup, database_url=f"sqlite:///{backup / DATABASE}")
    with database.transaction(copy, reading=True) as session:
        found = set(session.exec(select(Structure.id)))
    database.engine(copy).dispose()
    return found


def tables_of(connection: Connection) -> dict[str, list[Any]]:
    """All rows as they are read, by table; without heartbeats."""
    return {
        table.name: sorted(map(repr, connection.execute(table.select()).all()))
        for table in rows.SQLModel.metadata.sorted_tables
        if table is not rows.HEARTBEATS
    }


def answers(client: Client, prediction_id: str, structure_id: str) -> list[Any]:
    """What a server answers of a forecast."""
    spectrum = client.post(f"/predictions/{prediction_id}/spectrum", json=SPECTRUM)
    figure = client.post(f"/predictions/{prediction_id}/figure", json=SPECTRUM)
    assert [spectrum.status_code, figure.status_code] == [200, 200]
    return [
        client.get(f"/predictions/{prediction_id}").json(),
        client.get(f"/structures/{structure_id}").json(),
        spectrum.json(),
        figure.json(),
        client.get(f"/predictions/{prediction_id}/partials").content,
    ]


def test_restored_server_answers_the_same(
    client: Client,
    settings: Settings,
    elsewhere: Settings,
    structure: dict[str, Any],
    portal: BlockingPortal,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prediction_id = succeeded(client, settings, structure)
    before = answers(client, prediction_id, structure["id"])
    backup = tmp_path_factory.mktemp("kept") / "monday"
    service.create(settings, backup)
    there = restore(elsewhere, backup, monkeypatch)
    assert answers(Client(portal, create_app(there)), prediction_id, structure["id"]) == before
    with database.engine(settings).connect() as one, database.engine(there).connect() as other:
        assert tables_of(one) == tables_of(other)


@pytest.mark.parametrize("back", [False, True])
def test_a_backup_is_restored_into_the_other_database(
    client: Client,
    settings: Settings,
    structure: dict[str, Any],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    back: bool,
) -> None:
    succeeded(client, settings, structure)
    ask(client, structure, temperature_k=10.0)
    other = "sqlite" if not settings.database_url.startswith("sqlite") else "postgresql"
    with database.engine(settings).connect() as connection:
        before = tables_of(connection)
    here, kept = settings, tmp_path_factory.mktemp("kept")
    with (
        _installation(request, tmp_path_factory.mktemp("other"), other) as first,
        _installation(request, tmp_path_factory.mktemp("back"), settings.database_url) as second,
    ):
        for number, target in enumerate((first, second) if back else (first,)):
            service.create(here, kept / str(number))
            here = restore(target, kept / str(number), monkeypatch)
        with database.engine(here).connect() as connection:
            assert tables_of(connection) == before


def test_json_is_copied_as_it_is_stored(
    settings: Settings, elsewhere: Settings, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = rows.SQLModel.metadata.tables["uploads"]
    common = {"created_at": moment_of(), "owner": LOCAL_USER, "n_bytes": 1, "extra": {}, "touched_at": moment_of()}
    with database.transaction(settings) as session:
        session.execute(insert(columns).values(id=uuid.uuid4(), name="json", **{**common, "extra": None}))
        session.execute(insert(columns).values(id=uuid.uuid4(), name="object", **{**common, "extra": {"ü": [1, None]}}))
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup)
    there = restore(elsewhere, backup, monkeypatch)
    query = text("SELECT name, extra IS NULL, CAST(extra AS TEXT) FROM uploads ORDER BY name")
    found = []
    for one in (settings, there):
        with database.engine(one).connect() as connection:
            found.append(
                [(name, bool(missing), json.loads(extra)) for name, missing, extra in connection.execute(query)]
            )
    assert found[0] == found[1] == [("json", False, None), ("object", False, {"ü": [1, None]})]


def moment_of() -> Any:
    """A time of a row."""
    return database.utc_now()


def test_rows_deleted_after_the_moment_are_whole_in_the_backup(
    settings: Settings,
    silicon: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = [add_structure(settings, silicon) for _ in range(3)]
    copy_files = service._copy_files

    def delete_then_copy(*arguments: Any) -> Any:
        delete_structure(settings, ids[0])
        assert not settings.structure_dir(ids[0]).exists()
        later.append(add_structure(settings, silicon))
        return copy_files(*arguments)

    later: list[uuid.UUID] = []
    monkeypatch.setattr(service, "_copy_files", delete_then_copy)
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup)
    assert ids_in(backup) == set(ids)
    for structure_id in ids:
        assert list((backup / FILES / "structures" / str(structure_id)).iterdir())
    assert not (backup / FILES / "structures" / str(later[0])).exists()


def test_nobody_commits_while_files_are_linked(
    settings: Settings,
    silicon: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    victim = add_structure(settings, silicon)
    link_files, done = moment._link_files, threading.Event()

    def delete() -> None:
        delete_structure(settings, victim)
        done.set()

    thread = threading.Thread(target=delete)

    def link_late(*arguments: Any, **more: Any) -> None:
        thread.start()
        # It can only end if the deletion does not wait
        done.wait(1.0)
        link_files(*arguments, **more)

    monkeypatch.setattr(moment, "_link_files", link_late)
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup)
    thread.join(60)
    assert done.is_set()
    assert ids_in(backup) == {victim}
    assert list((backup / FILES / "structures" / str(victim)).iterdir())


def test_backups_beside_writers_have_every_file_of_every_row(
    settings: Settings, silicon: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    stop, failures, n_made = threading.Event(), list[BaseException](), [0]

    def write() -> None:
        try:
            while not stop.is_set():
                mine = [add_structure(settings, silicon) for _ in range(2)]
                n_made[0] += 2
                delete_structure(settings, mine[0])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    kept = tmp_path_factory.mktemp("kept")
    try:
        for number in range(4):
            service.create(settings, kept / str(number))
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    assert failures == []
    assert n_made[0] > 8
    for number in range(4):
        for structure_id in ids_in(kept / str(number)):
            assert list((kept / str(number) / FILES / "structures" / str(structure_id)).iterdir())
    assert not list(settings.staging_dir.iterdir())


@pytest.mark.parametrize("checkpoints", [False, True])
def test_jobs_that_ran_start_again_without_an_attempt(
    client: Client,
    settings: Settings,
    elsewhere: Settings,
    structure: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    checkpoints: bool,
) -> None:
    prediction_id = ask(client, structure, method="md", options={"replicas": 2})["id"]
    prepared = claim(prediction_id)
    assert prepared is not None
    leases.succeed(prepared, lambda: None)
    running = claim(prediction_id)
    assert running is not None
    assert (running.kind, running.attempt) == ("replica", 1)
    work = settings.work_dir(prediction_id)
    (work / "replica-0").mkdir(parents=True)
    (work / "labelled").mkdir()
    for name in ("prepared.npz", "replica-0/checkpoint", "labelled/labels"):
        (work / name).write_bytes(b"some")
    (settings.data_dir / fetch.FOLDER_NAME).mkdir(exist_ok=True)
    (settings.data_dir / fetch.FOLDER_NAME / "nep.txt").write_bytes(b"nep")
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup, checkpoints=checkpoints)
    there = restore(elsewhere, backup, monkeypatch)
    assert (there.work_dir(prediction_id) / "prepared.npz").read_bytes() == b"some"
    assert (there.work_dir(prediction_id) / "labelled" / "labels").exists()
    assert (there.work_dir(prediction_id) / "replica-0" / "checkpoint").exists() is checkpoints
    assert not (there.data_dir / fetch.FOLDER_NAME).exists()
    with database.transaction(there, reading=True) as session:
        job = session.get_one(Job, running.job_id)
        assert (job.status, job.attempt, job.worker) == ("queued", 0, None)
    with living() as name:
        again = leases.claim(name, 1)
    assert again is not None
    assert (again.job_id, again.attempt) == (running.job_id, 1)


def damage_byte(backup: Path) -> None:
    path = next((backup / FILES / "structures").rglob("*.*"))
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


def damage_rows(backup: Path) -> None:
    with (backup / DATABASE).open("r+b") as file:
        file.seek(5000)
        file.write(b"x")


def damage_missing(backup: Path) -> None:
    next((backup / FILES / "structures").rglob("*.*")).unlink()


def damage_more(backup: Path) -> None:
    (backup / FILES / "more").write_bytes(b"more")


def damage_manifest(backup: Path) -> None:
    os.truncate(backup / MANIFEST, 100)


def remove_manifest(backup: Path) -> None:
    (backup / MANIFEST).unlink()


def make_newer(backup: Path) -> None:
    manifest = json.loads((backup / MANIFEST).read_text())
    (backup / MANIFEST).write_text(json.dumps({**manifest, "revision": "9999", "version": "99.0"}))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (damage_byte, "backup_damaged"),
        (damage_rows, "backup_damaged"),
        (damage_missing, "backup_damaged"),
        (damage_more, "backup_damaged"),
        (damage_manifest, "backup_damaged"),
        (remove_manifest, "backup_without_manifest"),
        (make_newer, "backup_of_newer_version"),
    ],
)
def test_unsuitable_backups_are_refused_and_nothing_is_restored(
    settings: Settings,
    structure: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    damage: Any,
    code: str,
) -> None:
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup)
    damage(backup)
    empty = Settings(data_dir=tmp_path_factory.mktemp("there") / "data")
    with pytest.raises(BackupRefused) as refused:
        service.restore(empty, backup)
    assert refused.value.notice.code == code
    assert not empty.data_dir.exists()


def test_only_an_empty_installation_is_restored_into(
    settings: Settings,
    elsewhere: Settings,
    structure: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup = tmp_path_factory.mktemp("kept") / "b"
    service.create(settings, backup)
    for code, used in (("installation_not_empty", settings), ("data_folder_in_use", elsewhere)):
        with service.data_folder.hold(elsewhere), pytest.raises(BackupRefused) as refused:
            service.restore(used, backup)
        assert refused.value.notice.code == code
    # A server that was started once has tables and registered potentials
    prepare(elsewhere)
    stray = elsewhere.data_dir / "datasets" / "stray"
    stray.mkdir(parents=True)
    (stray / "file").touch()
    with pytest.raises(BackupRefused) as refused:
        service.restore(elsewhere, backup)
    assert refused.value.notice.code == "installation_not_empty"
    (stray / "file").unlink()
    there = restore(elsewhere, backup, monkeypatch)
    with database.transaction(there, reading=True) as session:
        assert [str(one) for one in session.exec(select(Structure.id))] == [structure["id"]]
    with pytest.raises(BackupRefused) as refused:
        service.restore(there, backup)
    assert refused.value.notice.code == "installation_not_empty"


@pytest.mark.parametrize("ends_by", [KeyboardInterrupt, OSError])
def test_an_interrupted_backup_leaves_nothing(
    settings: Settings,
    structure: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    ends_by: type[BaseException],
) -> None:
    def fail(*_: Any) -> None:
        raise ends_by

    monkeypatch.setattr(service, "copy_with_sum", fail)
    kept = tmp_path_factory.mktemp("kept")
    with pytest.raises(ends_by):
        service.create(settings, kept / "b")
    assert list(kept.iterdir()) == []
    assert list(settings.staging_dir.iterdir()) == []


def test_where_a_backup_may_not_be(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    for folder, code in (
        (tmp_path_factory.mktemp("there"), "backup_exists"),
        (settings.data_dir / "backup", "backup_in_data_folder"),
    ):
        with pytest.raises(BackupRefused) as refused:
            service.create(settings, folder)
        assert refused.value.notice.code == code


def test_the_commands(
    settings: Settings,
    structure: dict[str, Any],
    elsewhere: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    backup = str(tmp_path_factory.mktemp("kept") / "b")
    assert main(["backup", backup]) == 0
    assert main(["backup", backup]) == FAILED
    assert main(["restore", backup]) == FAILED
    use(elsewhere, monkeypatch)
    assert main(["restore", backup]) == 0
    assert sum(bool(line) for line in capsys.readouterr().err.splitlines()) == 2
