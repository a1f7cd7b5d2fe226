"""Large trajectories: read by a job, which may be killed, cancelled or refused, and then a source like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.jobs import leases, sweep
from backend.jobs.tables import Job
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.phonon_files import trajectory_file
from backend.sources import reading, routes, service, streaming
from tests.backend.conftest import Client
from tests.backend.test_uploads import begin, place_of, send
from tests.backend.trajectory_files import motion, write_extxyz, write_lammps

from .test_tasks import living, work

FIELDS = {"species": json.dumps({"1": "Na", "2": "Cl"}), "time_step_fs": "1"}


@pytest.fixture(autouse=True)
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a job read the small trajectories of these tests, and a preview only the head of them."""
    for module in (reading, routes, service):
        monkeypatch.setattr(module, "LARGE_BYTES", 1000)
    monkeypatch.setattr(trajectory_file, "SPOOL_BYTES", 12 * 4 * 10)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return write_lammps(tmp_path / "a.lammpstrj", motion())


def post(client: Client, path: Path, status: int, where: str = "/sources", **fields: Any) -> dict[str, Any]:
    files = [("files", (path.name, path.read_bytes()))]
    response = client.post(where, files=files, data={**FIELDS, **fields})
    assert response.status_code == status, response.text
    return dict(response.json())


def resumably(client: Client, path: Path) -> str:
    place = place_of(begin(client, path.stat().st_size, path.name))
    assert send(client, place, path.read_bytes(), 0).status_code == 204
    return place.rsplit("/", 1)[1]


def test_a_job_reads_what_one_request_reads(
    client: Client, settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = resumably(client, dump)
    response = client.post("/sources", data={**FIELDS, "uploads": upload_id})
    assert response.status_code == 202, response.text
    queued = response.json()
    assert (queued["status"], queued["progress"], queued["structure_id"]) == ("queued", 0, None)
    assert (queued["formula"], queued["trajectory"]["n_frames"]) == ("NaCl", 64)
    refused = client.post("/predictions", json={"source_id": queued["id"], "method": "md", "temperature_k": 300})
    assert (refused.status_code, refused.json()["code"]) == (409, "source_not_read")
    assert work() == 1
    read = client.get(f"/sources/{queued['id']}").json()
    assert (read["status"], read["error"]) == ("ready", None)
    assert client.get(f"/structures/{read['structure_id']}").json()["n_atoms"] == 4
    assert client.get("/uploads").json() == []
    assert not settings.reading_dir(queued["id"]).exists()
    assert list(settings.upload_path("x").parent.iterdir()) == []

    monkeypatch.setattr(service, "LARGE_BYTES", 10**9)
    at_once = post(client, dump, 201)
    assert read["sha256"] == at_once["sha256"]
    one, other = (trajectory_file.load(settings.source_dir(row["id"]) / "trajectory.h5") for row in (read, at_once))
    np.testing.assert_array_equal(one.displacements, other.displacements)
    assert one.displacements.shape == (4, 3, 64)


def test_the_head_of_a_large_file_estimates_its_frames(
    client: Client, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = post(client, dump, 200, "/sources/preview")["trajectory"]
    monkeypatch.setattr(reading, "HEAD_BYTES", dump.stat().st_size * 3 // 4)
    upload_id = resumably(client, dump)
    with monkeypatch.context() as lower:
        lower.setattr(reading, "preview", _preview_of_head(reading.preview))
        response = client.post("/sources/preview", data={**FIELDS, "uploads": upload_id})
        assert response.status_code == 200, response.text
        head = response.json()
        assert head["trajectory"]["is_estimated"]
        assert head["trajectory"]["n_frames"] == pytest.approx(whole["n_frames"], abs=2)
        assert "cut_trajectory" not in [one["code"] for one in head["findings"]]
        chosen = {**FIELDS, "uploads": upload_id, "last_frame": "40", "every": "2"}
        told = client.post("/sources/preview", data=chosen).json()["trajectory"]
        assert (told["n_frames"], told["frame_interval_fs"]) == (20, 2 * whole["frame_interval_fs"])
        assert told["resolves_up_to_mev"] == pytest.approx(whole["resolves_up_to_mev"] / 2)


def _preview_of_head(preview: Any) -> Any:
    def of_head(settings: Settings, question: reading.Question) -> dict[str, Any]:
        return dict(preview(settings.model_copy(update={"max_source_bytes": 1000}), question))

    return of_head


def test_a_killed_worker_loses_nothing(client: Client, settings: Settings, dump: Path) -> None:
    queued = post(client, dump, 202)
    with living() as name:
        lost = leases.claim(name, 4711)
        assert lost is not None
        assert sweep.take_back_from_dead(name, set) == 1
    assert client.get(f"/sources/{queued['id']}").json()["status"] == "queued"
    assert work() == 1
    assert client.get(f"/sources/{queued['id']}").json()["status"] == "ready"
    with pytest.raises(leases.LeaseLost):
        leases.fail(lost, leases.START)


def test_a_deleted_reading_stops(
    client: Client, settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = post(client, dump, 202)
    take = streaming.FrameReceiver.take

    def delete(self: streaming.FrameReceiver, part: bytes) -> None:
        assert client.delete(f"/sources/{queued['id']}").status_code == 204
        monkeypatch.setattr(streaming.FrameReceiver, "take", take)
        take(self, part)

    monkeypatch.setattr(streaming.FrameReceiver, "take", delete)
    assert work() == 1
    assert client.get(f"/sources/{queued['id']}").status_code == 404
    with transaction(settings, reading=True) as session:
        assert session.exec(Job.__table__.select()).all() == []  # type: ignore[attr-defined]
    sweep.remove_orphans()
    assert list(settings.readings_dir.iterdir()) == []
    assert client.get("/sources").json()["total"] == 0


def test_a_full_disk_makes_it_wait(
    client: Client, settings: Settings, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = post(client, dump, 202)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(trajectory_file.FrameSpool, "add", full)
        assert work(most=1) == 1
    row = client.get(f"/sources/{queued['id']}").json()
    assert (row["status"], row["error"]) == ("queued", None)
    with transaction(settings) as session:
        (job,) = session.exec(Job.__table__.select()).all()  # type: ignore[attr-defined]
        assert job.waiting_for.code == "waiting_for_disk_space"
        session.get_one(Job, job.id).not_before = job.created_at
    assert work() == 1
    assert client.get(f"/sources/{queued['id']}").json()["status"] == "ready"


def test_what_only_the_whole_file_shows_fails_with_its_code(client: Client, settings: Settings, tmp_path: Path) -> None:
    path = write_extxyz(tmp_path / "a.extxyz", motion())
    queued = post(client, path, 202, frame_interval_fs="5")
    # The file that the job reads is not the one that was looked at
    place = next(settings.reading_dir(queued["id"]).glob("original-0"))
    head, last = place.read_bytes().split(b"\nNa ", 100)[:100], place.read_bytes().split(b"\nNa ", 100)[100]
    place.unlink()
    place.write_bytes(b"\nNa ".join(head) + b"\nCl " + last)
    assert work() == 1
    failed = client.get(f"/sources/{queued['id']}").json()
    assert (failed["status"], failed["structure_id"]) == ("failed", None)
    assert failed["error"]["code"] == "atoms_change"
    refused = client.post("/predictions", json={"source_id": queued["id"], "method": "md", "temperature_k": 300})
    assert refused.json()["code"] == "source_not_read"
    assert client.delete(f"/sources/{queued['id']}").status_code == 204
    assert client.get(f"/sources/{queued['id']}").status_code == 404


def test_lists_have_what_is_not_read_with_its_state(client: Client, settings: Settings, dump: Path) -> None:
    ready = post(client, dump, 202)
    assert work() == 1
    failed = post(client, dump, 202)
    place = next(settings.reading_dir(failed["id"]).glob("original-0"))
    place.unlink()
    place.write_bytes(dump.read_bytes().replace(b"NUMBER OF ATOMS\n4", b"NUMBER OF ATOMS\n5", 9))
    assert work() == 1
    queued = post(client, dump, 202)

    def listed(**query: Any) -> tuple[list[tuple[str, str]], int]:
        answer = client.get("/sources", params=query).json()
        return [(row["id"], row["status"]) for row in answer["items"]], answer["total"]

    newest_first = [(queued["id"], "queued"), (failed["id"], "failed"), (ready["id"], "ready")]
    assert listed() == (newest_first, 3)
    assert listed(limit=1, offset=1) == (newest_first[1:2], 3)
    assert listed(status=["queued", "running", "failed"]) == (newest_first[:2], 2)
    assert listed(status="ready") == (newest_first[2:], 1)
    structure = client.get(f"/sources/{ready['id']}").json()["structure_id"]
    assert listed(structure_id=structure) == (newest_first[2:], 1)
    assert listed(structure_id=structure, status="failed") == ([], 0)
    assert client.get("/sources", params={"status": "lost"}).status_code == 422
    error = next(row["error"] for row in client.get("/sources").json()["items"] if row["id"] == failed["id"])
    assert error == client.get(f"/sources/{failed['id']}").json()["error"]
    assert error["message"]
    client.delete(f"/sources/{failed['id']}")
    assert listed(status="failed") == ([], 0)


def test_an_unfinished_upload_is_no_source(client: Client, dump: Path) -> None:
    place = place_of(begin(client, dump.stat().st_size, dump.name))
    response = client.post("/sources", data={**FIELDS, "uploads": place.rsplit("/", 1)[1]})
    assert (response.status_code, response.json()["code"]) == (409, "upload_incomplete")
    assert client.post("/sources", data=FIELDS).json()["code"] == "number_of_files"
