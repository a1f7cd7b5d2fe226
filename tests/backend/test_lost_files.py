"""Files under rows that are missing or damaged, and a full disk: the answer says what is lost and what to do."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.datasets import service as datasets
from backend.kit.db import database
from backend.kit.http.errors import is_full_disk
from backend.kit.settings import Settings

from .conftest import SILICON, Client
from .predicting import succeeded
from .proposing import CSV, make, put, report, upload

VIEW = {"instrument": "TOSCA"}


@pytest.fixture
def items(client: Client, settings: Settings, structure: dict[str, Any]) -> dict[str, str]:
    """A structure, its prediction, data and a proposal with all of them and a report, by kind."""
    prediction = succeeded(client, settings, structure)
    found = {"structure": structure["id"], "prediction": prediction, "dataset": upload(client)}
    proposal = make(client)
    for kind in ("structure", "dataset", "prediction"):
        assert put(client, proposal, f"{kind}s", found[kind]).status_code == 200
    return {**found, "proposal": proposal["id"], "report": report(settings, proposal)}


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


HARM: dict[str, Callable[[Path], object]] = {
    "folder deleted": lambda path: shutil.rmtree(path.parent),
    "file deleted": Path.unlink,
    "truncated": truncate,
    "empty": lambda path: path.write_bytes(b""),
    "garbled": garble,
}


@pytest.mark.parametrize("harm", HARM)
def test_lost_partials(client: Client, settings: Settings, items: dict[str, str], harm: str) -> None:
    prediction = items["prediction"]
    HARM[harm](settings.partials_path(prediction))
    address = f"/predictions/{prediction}"
    plan = {"prediction_id": prediction, "features_mev": "auto"}
    fit = {"prediction_id": prediction, "view": VIEW, "dataset_id": items["dataset"], "fit": {}}
    answers = {
        "partials": client.get(f"{address}/partials"),
        "spectrum": client.post(f"{address}/spectrum", json=VIEW),
        "figure": client.post(f"{address}/figure", json={**VIEW, "kind": "spectrum"}),
        "figures": client.post("/figures", json={"views": [{"prediction_id": prediction, **VIEW}]}),
        "plans": client.post("/plans", json=plan),
        "features": client.post("/plans/features", json=plan),
        "comparisons": client.post("/comparisons", json=fit),
        "report": client.get(f"{address}/report.pdf"),
        "bundle": client.get(f"{address}/bundle.zip"),
    }
    stated = {name: (answer.status_code, answer.json().get("code")) for name, answer in answers.items()}
    assert stated == dict.fromkeys(stated, (410, "partials_lost"))
    assert prediction in answers["spectrum"].json()["detail"]
    # The row can still be read and deleted
    assert client.get(address).status_code == 200
    assert client.delete(f"{address}?in_proposals=remove").status_code == 204


@pytest.mark.parametrize("harm", HARM)
def test_a_lost_structure(client: Client, settings: Settings, items: dict[str, str], harm: str) -> None:
    folder = settings.structure_dir(items["structure"])
    for path in list(folder.iterdir()):
        if folder.exists():
            HARM[harm](path)
    address = f"/structures/{items['structure']}"
    assert client.get(address).status_code == 200
    response = client.get(f"{address}/file?format=cif")
    assert (response.status_code, response.json()["code"]) == (410, "structure_file_lost")
    body = {"structure_id": items["structure"], "model": "NEP89", "method": "harmonic", "temperature_k": 20}
    again = client.post("/predictions", json={**body, "sampling": "powder", "quality": "preview"})
    assert (again.status_code, again.json()["code"]) == (410, "structure_file_lost")


@pytest.mark.parametrize("harm", HARM)
def test_lost_measured_data(client: Client, settings: Settings, items: dict[str, str], harm: str) -> None:
    folder = settings.dataset_dir(items["dataset"])
    for path in list(folder.iterdir()):
        if folder.exists():
            HARM[harm](path)
    address = f"/datasets/{items['dataset']}"
    assert client.get(address).status_code == 200
    response = client.get(f"{address}/data")
    assert (response.status_code, response.json()["code"]) == (410, "dataset_file_lost")
    drawn = {**VIEW, "kind": "spectrum", "dataset_ids": [items["dataset"]]}
    figure = client.post(f"/predictions/{items['prediction']}/figure", json=drawn)
    assert (figure.status_code, figure.json()["code"]) == (410, "dataset_file_lost")


@pytest.mark.parametrize("harm", ["folder deleted", "file deleted"])
def test_an_upload_and_a_report_that_are_gone(
    client: Client, settings: Settings, items: dict[str, str], harm: str
) -> None:
    HARM[harm](settings.dataset_dir(items["dataset"]) / datasets.ORIGINAL)
    for response in (
        client.get(f"/datasets/{items['dataset']}/file"),
        client.request("PATCH", f"/datasets/{items['dataset']}", json={"x_unit": "meV"}),
    ):
        assert (response.status_code, response.json()["code"]) == (410, "dataset_file_lost")
    HARM[harm](settings.report_path(items["proposal"], items["report"], "pdf"))
    response = client.get(f"/proposals/{items['proposal']}/reports/{items['report']}")
    assert (response.status_code, response.json()["code"]) == (410, "report_file_lost")


FULL = OSError(errno.ENOSPC, "No space left on device")


def fill_disk(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise FULL

    for name in names:
        monkeypatch.setattr(name, refuse)


@pytest.mark.parametrize(
    ("path", "content"), [("/structures", ("Si.vasp", SILICON)), ("/datasets", ("run.csv", CSV))], ids=["cif", "data"]
)
@pytest.mark.parametrize("where", ["pathlib.Path.write_bytes", "pathlib.Path.mkdir", "os.fsync"])
def test_a_full_disk_at_an_upload(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, path: str, content: Any, where: str
) -> None:
    with monkeypatch.context() as patch:
        fill_disk(patch, where)
        response = client.post(path, files={"file": content})
    assert (response.status_code, response.json()["code"]) == (507, "server_disk_full")
    assert response.headers["content-type"] == "application/problem+json"
    assert client.get(path).json()["total"] == 0
    folders = [settings.data_dir / "structures", settings.data_dir / "datasets", settings.staging_dir]
    assert [one for folder in folders if folder.exists() for one in folder.iterdir()] == []


def test_a_full_disk_under_temporary_files(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form of more than a mebibyte is written to a temporary file while it arrives."""
    fill_disk(monkeypatch, "tempfile.SpooledTemporaryFile.rollover")
    response = client.post("/structures", files={"file": ("large.cif", bytes(2 * 2**20))})
    assert (response.status_code, response.json()["code"]) == (507, "server_disk_full")


def test_a_full_disk_under_an_export(client: Client, items: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    fill_disk(monkeypatch, "zipfile.ZipFile.writestr", "zipfile.ZipFile.write", "zipfile.ZipFile.open")
    response = client.get(f"/proposals/{items['proposal']}/export")
    assert (response.status_code, response.json()["code"]) == (507, "server_disk_full")


def test_a_full_disk_under_sqlite(client: Client, settings: Settings) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("only SQLite's file has a limit")
    engine = database.engine(settings)

    def limit(connection: Any, *_: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    engine.dispose()
    database.event.listen(engine, "connect", limit)
    try:
        answers = [client.post("/proposals", json={"name": "a", "notes": "x" * 4000}) for _ in range(30)]
    finally:
        database.event.remove(engine, "connect", limit)
        engine.dispose()
    assert {(one.status_code, one.json().get("code")) for one in answers if one.status_code != 201} == {
        (507, "server_disk_full")
    }
    with database.transaction(settings, reading=True) as session:
        assert session.execute(text("SELECT count(*) FROM proposals")).scalar() == sum(
            one.status_code == 201 for one in answers
        )


def test_other_errors_are_no_full_disk() -> None:
    assert not is_full_disk(OSError(errno.EACCES, "no"))
    assert not is_full_disk(sqlite3.OperationalError("locked"))
    assert not is_full_disk(None)
    assert is_full_disk(OSError(errno.EDQUOT, "quota"))
