"""The task as a worker runs it: rows, files and words after success, failure, cancellation and shutdown."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest
from ase.calculators.emt import EMT
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import OperationalError

from backend.jobs import leases, sweep
from backend.kit.http.notices import NoticeOut
from backend.kit.settings import Settings
from backend.observing.array_file import Layout
from backend.observing.layouts import POWDER
from backend.potentials.service import PotentialUnavailable
from scattering.core.notices import Notice
from tests.backend.conftest import Client
from tests.backend.predicting import living
from workers import engines, tasks
from workers.engines.ase_dynamics import AseDynamics
from workers.kit.failures import CannotPredict
from workers.kit.shutdown import Flag

COPPER = b"""Copper
3.61
1 0 0
0 1 0
0 0 1
Al
4
Direct
0 0 0
0 0.5 0.5
0.5 0 0.5
0.5 0.5 0
"""
"""Named aluminium, which EMT knows as well as copper does."""

SHORT_MD = {
    "supercell": [2, 2, 2],
    "equilibration_ps": 0.02,
    "production_ps": 1.0,
    "correlation_ps": 0.3,
    "n_q_points": 60,
    "q_max_inv_angstrom": 4.0,
}


@pytest.fixture(autouse=True)
def emt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every potential is EMT, which needs no file."""
    monkeypatch.setattr(tasks, "potential_file", lambda *_: Path())
    monkeypatch.setattr(engines, "calculator", lambda *_: EMT())
    monkeypatch.setattr(
        engines, "dynamics", lambda *_, modify=None, **__: AseDynamics(EMT() if modify is None else modify(EMT()))
    )
    monkeypatch.setattr(tasks.os, "nice", lambda _: 0)


def work(*, stop: bool = False, most: int = 10) -> int:
    """Do all the jobs that there are, as a worker's children do one after the other; how many there were."""
    shutting_down = Flag()
    if stop:
        shutting_down.set()
    with living() as name:
        for number in range(most):
            lease = leases.claim(name, 1)
            if lease is None:
                return number
            tasks.perform(lease, shutting_down)
    return most


@pytest.fixture
def metal(client: Client) -> dict[str, Any]:
    response = client.post("/structures", files={"file": ("POSCAR", COPPER)})
    assert response.status_code == 201, response.text
    return dict(response.json())


def ask(client: Client, structure: dict[str, Any], **body: Any) -> str:
    response = client.post("/predictions", json={"structure_id": structure["id"], "instruments": ["ARCS"], **body})
    assert response.status_code == 202, response.text
    return str(response.json()["id"])


LOST = Notice("potential_file_lost", {"name": "Mine"})


def files(settings: Settings) -> set[str]:
    return {path.name for path in (settings.data_dir / "predictions").rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("method", "options"), [("harmonic", {"supercell": [3, 3, 3], "q_max_inv_angstrom": 4.0}), ("md", SHORT_MD)]
)
def test_a_prediction_succeeds_with_partials_and_provenance(
    client: Client, settings: Settings, metal: dict[str, Any], method: str, options: dict[str, Any]
) -> None:
    prediction = ask(client, metal, method=method, options=options)
    assert work() == (1 if method == "harmonic" else 6)
    row = client.get(f"/predictions/{prediction}").json()
    assert row["status"] == "succeeded", row["error"]
    assert row["progress"] == 1.0
    assert row["provenance"]["versions"]["numba"]
    assert row["provenance"]["timings"]["total_s"] > 0
    partials = POWDER.read(settings.prediction_dir(prediction) / "partials.h5")
    assert partials.species == ("Al",)
    assert partials.temperature == row["temperature_k"]
    spectrum = client.post(f"/predictions/{prediction}/spectrum", json={"instrument": "ARCS"})
    assert spectrum.status_code == 200
    assert max(spectrum.json()["intensity"]) > 0
    assert files(settings) == {"partials.h5"}
    if method == "harmonic":
        special = row["provenance"]["findings"]["special_phonons_mev"]
        assert special["Γ"] == pytest.approx([0, 0, 0], abs=0.1)
        # Aluminium's phonons were measured, but not at the density of copper, whose cell this is
        assert client.get(f"/predictions/{prediction}/trust").json()["energy_bias"] is None


def test_a_message_delivered_twice_does_nothing_the_second_time(
    client: Client, settings: Settings, metal: dict[str, Any]
) -> None:
    prediction = ask(client, metal, method="harmonic", options={"supercell": [3, 3, 3], "q_max_inv_angstrom": 2.0})
    assert work() == 1
    before = (settings.prediction_dir(prediction) / "partials.h5").stat()
    assert work() == 0
    assert (settings.prediction_dir(prediction) / "partials.h5").stat().st_mtime_ns == before.st_mtime_ns
    assert client.get(f"/predictions/{prediction}").json()["attempt"] == 1


@pytest.mark.parametrize(
    ("error", "notice"),
    [
        (CannotPredict(Notice("unstable_cell")), Notice("unstable_cell")),
        (PotentialUnavailable(LOST), LOST),
        (RuntimeError("internal: secret path"), None),
    ],
)
def test_a_failure_says_why_and_leaves_nothing(
    client: Client,
    settings: Settings,
    metal: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    notice: Notice | None,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(tasks, "_do", fail)
    prediction = ask(client, metal, method="harmonic")
    work()
    row = client.get(f"/predictions/{prediction}").json()
    assert row["status"] == "failed"
    wanted = notice or Notice("unforeseen", {"prediction_id": prediction})
    assert row["error_notice"] == NoticeOut.of(wanted).model_dump()
    assert row["error"] == row["error_notice"]["message"]
    assert files(settings) == set()
    refused = client.post(f"/predictions/{prediction}/spectrum", json={"instrument": "ARCS"})
    assert refused.status_code == 409
    assert row["error"] in refused.json()["detail"]


def test_cancel_while_it_runs(
    client: Client, settings: Settings, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction = ask(client, metal, method="md", options={**SHORT_MD, "production_ps": 500.0})
    monkeypatch.setattr("workers.kit.progress.REPORT_INTERVAL_S", 0.05)
    running = threading.Thread(target=work)
    running.start()
    while (client.get(f"/predictions/{prediction}").json()["stage_notice"] or {}).get("code") != "produce":
        assert running.is_alive()
    client.post(f"/predictions/{prediction}/cancel")
    running.join(timeout=20)
    assert not running.is_alive()
    assert client.get(f"/predictions/{prediction}").json()["status"] == "cancelled"
    assert files(settings) == set()


def test_a_worker_that_shuts_down_hands_the_prediction_back(client: Client, metal: dict[str, Any]) -> None:
    prediction = ask(client, metal, method="md", options=SHORT_MD)
    work(stop=True, most=1)
    row = client.get(f"/predictions/{prediction}").json()
    assert (row["status"], row["attempt"]) == ("queued", 0)


def test_a_deleted_prediction_stops_its_worker_and_leaves_nothing(
    client: Client, settings: Settings, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction = ask(client, metal, method="harmonic", options={"supercell": [3, 3, 3], "q_max_inv_angstrom": 2.0})
    original = tasks._do

    def run_then_delete(*arguments: Any) -> Any:
        result = original(*arguments)
        client.delete(f"/predictions/{prediction}")
        return result

    monkeypatch.setattr(tasks, "_do", run_then_delete)
    work()
    sweep.remove_orphans()
    assert files(settings) == set()


@pytest.mark.parametrize("closing_fails", [False, True])
def test_a_full_disk_makes_a_job_wait_and_lose_nothing(
    client: Client, settings: Settings, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch, closing_fails: bool
) -> None:
    prediction = ask(client, metal, method="harmonic", options={"supercell": [3, 3, 3], "q_max_inv_angstrom": 2.0})

    def no_space(*_: Any) -> None:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        finally:
            if closing_fails:
                raise RuntimeError("HDF5 cannot close the file")

    with monkeypatch.context() as patch:
        patch.setattr(Layout, "write", no_space)
        patch.setattr(tasks, "DISK_FULL_WAIT_S", 0.0)
        assert work(most=1) == 1
        row = client.get(f"/predictions/{prediction}").json()
        assert (row["status"], row["attempt"]) == ("queued", 0)
        assert row["waiting_for"]["code"] == "waiting_for_disk_space"
    assert work() == 1
    assert client.get(f"/predictions/{prediction}").json()["status"] == "succeeded"


def test_a_database_that_is_away_for_a_moment_costs_nothing(
    client: Client, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction = ask(client, metal, method="harmonic", options={"supercell": [3, 3, 3], "q_max_inv_angstrom": 2.0})
    original, tries = leases.succeed, list[int]()

    def away_at_first(*arguments: Any, **more: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
        original(*arguments, **more)

    monkeypatch.setattr(leases, "succeed", away_at_first)
    monkeypatch.setattr(tasks, "RETRY_INTERVAL_S", 0.0)
    assert work() == 1
    assert len(tries) == 3
    assert client.get(f"/predictions/{prediction}").json()["status"] == "succeeded"


def test_what_takes_too_long_fails_with_a_word(
    client: Client, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction = ask(client, metal, method="harmonic")

    def too_long(*_: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(tasks, "_do", too_long)
    work()
    assert client.get(f"/predictions/{prediction}").json()["error_notice"]["code"] == "time_limit"


def test_who_lost_the_job_meanwhile_ends_in_silence(
    client: Client, metal: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction = ask(client, metal, method="harmonic")

    def lose_it_and_stop(*_: Any) -> None:
        sweep.take_back_all()
        raise leases.Cancelled

    monkeypatch.setattr(tasks, "_do", lose_it_and_stop)
    assert work(most=1) == 1
    assert client.get(f"/predictions/{prediction}").json()["status"] == "queued"
