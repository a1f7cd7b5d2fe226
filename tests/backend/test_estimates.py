"""Estimates: ranges that learn from finished predictions, and the queue in front of a new one."""

from __future__ import annotations

import math
import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from backend.jobs import leases
from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.predictions import durations
from backend.predictions.durations import DEFAULT_FACTOR, MAX_FACTOR, MIN_FACTOR, MIN_RUNS, find_range
from backend.predictions.tables import Prediction
from workers import stages

from .conftest import Client
from .predicting import ask, claim, living


def estimate(client: Client, structure: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"structure_id": structure["id"], "instruments": ["TOSCA"], **more}
    response = client.post("/predictions/estimate", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def finished(
    client: Client,
    settings: Settings,
    structure: dict[str, Any],
    seconds: float | None,
    *,
    change: dict[str, Any] | None = None,
    **more: Any,
) -> None:
    """A prediction that took some seconds; None: one that was imported."""
    prediction_id = uuid.UUID(ask(client, structure, **more)["id"])
    with transaction(settings) as session:
        row = session.get_one(Prediction, prediction_id)
        row.status, row.attempt, row.finished_at = "succeeded", 1, utc_now()
        row.started_at = None if seconds is None else row.finished_at - timedelta(seconds=seconds)
        for name, value in (change or {}).items():
            setattr(row, name, value)


# The range


@pytest.mark.parametrize("ratios", [[], [2.0], [2.0] * (MIN_RUNS - 1)])
def test_few_runs_give_the_default_range(ratios: list[float]) -> None:
    assert find_range(ratios) == (1.0, DEFAULT_FACTOR)


def test_equal_runs_give_the_narrowest_range() -> None:
    assert find_range([2.0] * MIN_RUNS) == pytest.approx((2.0, MIN_FACTOR))


def test_range_of_five_runs_in_closed_form() -> None:
    # Median 0 and median absolute deviation 0.2 of the logarithms
    ratios = [3 * math.exp(value) for value in (-0.3, -0.2, 0.0, 0.2, 0.3)]
    assert find_range(ratios) == pytest.approx((3, math.exp(1.645 * 1.4826 * 0.2 * math.sqrt(1.2))))


def test_range_of_a_normal_scatter_holds_nine_of_ten() -> None:
    ratios = np.exp(np.random.default_rng(3).normal(0.5, 0.4, 4000))
    centre, factor = find_range(ratios.tolist())
    assert centre == pytest.approx(math.exp(0.5), rel=0.03)
    assert np.mean((ratios > centre / factor) & (ratios < centre * factor)) == pytest.approx(0.9, abs=0.02)


def test_one_interrupted_run_does_not_matter() -> None:
    ratios = [0.9, 1.0, 1.1, 1.0, 1.05, 0.95]
    (centre, factor), (with_it, wider) = find_range(ratios), find_range([*ratios, 1e4])
    assert with_it == pytest.approx(centre, rel=0.05)
    assert wider < 1.5 * factor


def test_the_widest_range_is_bounded() -> None:
    assert find_range([1e-3, 1e-2, 1.0, 1e2, 1e3])[1] == pytest.approx(MAX_FACTOR)


def test_range_learns_from_this_server(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    before = estimate(client, structure)
    seconds = before["estimate_s"]
    assert before["estimate_range_s"] == pytest.approx([seconds / DEFAULT_FACTOR, seconds * DEFAULT_FACTOR])
    assert before["estimate_basis"]["code"] == "duration_not_measured"
    for _ in range(MIN_RUNS - 1):
        finished(client, settings, structure, 2 * seconds)
    assert estimate(client, structure)["estimate_range_s"] == before["estimate_range_s"]
    finished(client, settings, structure, 2 * seconds)
    after = estimate(client, structure)
    assert after["estimate_s"] == seconds
    assert after["estimate_range_s"] == pytest.approx([2 * seconds / MIN_FACTOR, 2 * seconds * MIN_FACTOR])
    assert after["estimate_basis"]["code"] == "duration_measured"
    assert after["estimate_basis"]["params"]["n_runs"] == MIN_RUNS
    # Another method has its own range
    other = estimate(client, structure, method="md", quality="preview")
    assert other["estimate_basis"]["params"] == {"factor": DEFAULT_FACTOR, "n_runs": 0, "min_runs": MIN_RUNS}


@pytest.mark.parametrize(
    ("seconds", "change"),
    [
        (None, {}),
        (0.0, {}),
        (60.0, {"attempt": 2}),
        (60.0, {"status": "failed"}),
        (60.0, {"status": "cancelled"}),
        (60.0, {"method": "md"}),
    ],
)
def test_other_predictions_teach_nothing(
    client: Client, settings: Settings, structure: dict[str, Any], seconds: float | None, change: dict[str, Any]
) -> None:
    made = ask(client, structure, method="md", quality="preview")["options"] if change.get("method") else None
    change = change if made is None else {**change, "options": made}
    for _ in range(MIN_RUNS):
        finished(client, settings, structure, seconds, change=change)
    assert estimate(client, structure)["estimate_basis"]["params"]["n_runs"] == 0


def test_another_engine_and_another_size_teach_nothing(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    body: dict[str, Any] = {"method": "md", "quality": "preview"}
    for _ in range(MIN_RUNS):
        finished(client, settings, structure, 100.0, **body, options={"engine": "gpumd"})
        finished(client, settings, structure, 1e5, **body, options={"production_ps": 5000})
    assert estimate(client, structure, **body)["estimate_basis"]["params"]["n_runs"] == 0
    assert estimate(client, structure, **body, options={"engine": "gpumd"})["estimate_range_s"][1] < 1e3
    long = estimate(client, structure, **body, options={"production_ps": 4000})
    assert long["estimate_basis"]["params"]["n_runs"] == MIN_RUNS


def test_a_measured_speed_is_not_counted_twice(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    body: dict[str, Any] = {"method": "md", "quality": "preview"}
    first = estimate(client, structure, **body)["estimate_s"]
    timings = {"timings": {"production_s": 1000.0, "atom_steps_per_second": 1e3}}
    finished(client, settings, structure, None, change={"provenance": timings}, **body)
    slow = estimate(client, structure, **body)["estimate_s"]
    assert slow > 5 * first
    # The rows were asked for with the old speed, and took as long as the new one expects
    for _ in range(MIN_RUNS):
        finished(client, settings, structure, slow, change={"provenance": timings, "estimate_s": first}, **body)
    learned = estimate(client, structure, **body)
    assert learned["estimate_s"] == pytest.approx(slow)
    assert learned["estimate_range_s"] == pytest.approx([slow / MIN_FACTOR, slow * MIN_FACTOR])


def test_rows_are_read_again_only_after_a_prediction_has_ended(
    client: Client, settings: Settings, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[uuid.UUID]()
    original = durations._run

    def count(row: Prediction, n_atoms_cell: int) -> Any:
        read.append(row.id)
        return original(row, n_atoms_cell)

    monkeypatch.setattr(durations, "_run", count)
    finished(client, settings, structure, 10.0)
    read.clear()
    for _ in range(3):
        estimate(client, structure)
    assert len(read) == 1
    finished(client, settings, structure, 10.0)
    read.clear()
    estimate(client, structure)
    assert len(read) == 2


# The queue


def queue(client: Client, structure: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(estimate(client, structure, **more)["queue"])


def test_without_a_worker_the_wait_is_unknown(client: Client, structure: dict[str, Any]) -> None:
    assert queue(client, structure) == {"jobs_ahead": 0, "wait_s": None}
    ask(client, structure)
    assert queue(client, structure) == {"jobs_ahead": 1, "wait_s": None}
    with living(engines={"gpumd": "1"}, queues=["gpu"]):
        assert queue(client, structure)["wait_s"] is None


def test_an_idle_worker_starts_at_once(client: Client, structure: dict[str, Any]) -> None:
    with living(slots=1):
        assert queue(client, structure) == {"jobs_ahead": 0, "wait_s": 0.0}


def test_one_slot_runs_all_in_turn(client: Client, structure: dict[str, Any]) -> None:
    seconds = ask(client, structure)["estimate_s"]
    dynamics = ask(client, structure, method="md", quality="standard")
    with living(slots=1):
        found = queue(client, structure)
        # A harmonic job, a preparation, and the replicas that follow it
        assert found["jobs_ahead"] == 2 + dynamics["options"]["replicas"]
        assert seconds + 0.9 * dynamics["estimate_s"] < found["wait_s"] < seconds + dynamics["estimate_s"]


def test_several_slots_run_side_by_side(client: Client, structure: dict[str, Any]) -> None:
    seconds = max(ask(client, structure)["estimate_s"] for _ in range(4))
    with living(slots=5):
        assert queue(client, structure) == {"jobs_ahead": 4, "wait_s": 0.0}
    with living(slots=4):
        # Three long slots share the cores
        assert queue(client, structure) == {"jobs_ahead": 4, "wait_s": pytest.approx(3 * seconds)}
    with living("one@here", slots=2), living("two@there", slots=2):
        assert queue(client, structure) == {"jobs_ahead": 4, "wait_s": pytest.approx(seconds)}


def test_a_slot_is_kept_for_short_jobs(client: Client, structure: dict[str, Any]) -> None:
    dynamics = ask(client, structure, method="md", quality="preview")
    replicas = dynamics["options"]["replicas"]
    with living(slots=2):
        short = queue(client, structure)
        # The preparation is short too
        assert short["jobs_ahead"] == 1
        assert short["wait_s"] < 0.1 * dynamics["estimate_s"]
        long = queue(client, structure, method="md", quality="preview")
        assert long["jobs_ahead"] == replicas
        assert long["wait_s"] > 0.9 * dynamics["estimate_s"]


def test_running_jobs_count_by_what_is_left(client: Client, structure: dict[str, Any]) -> None:
    made = ask(client, structure)
    lease = claim(made["id"])
    assert lease is not None
    leases.report(lease, stages.DISPLACE_ATOMS, 0.75)
    with living(slots=1):
        assert queue(client, structure) == {"jobs_ahead": 1, "wait_s": pytest.approx(0.25 * made["estimate_s"])}
        leases.fail(lease, stages.DISPLACE_ATOMS)
        assert queue(client, structure) == {"jobs_ahead": 0, "wait_s": 0.0}


def test_previews_go_first(client: Client, structure: dict[str, Any]) -> None:
    ask(client, structure, quality="production")
    with living(slots=1):
        assert queue(client, structure, quality="preview") == {"jobs_ahead": 0, "wait_s": 0.0}
        assert queue(client, structure, quality="production")["jobs_ahead"] == 1


def test_jobs_of_other_engines_are_not_ahead(client: Client, structure: dict[str, Any]) -> None:
    made = ask(client, structure, method="md", quality="preview", options={"engine": "gpumd"})
    with living(slots=1, queues=["cpu"], engines={"nep-adapters": "1"}):
        # Another engine prepares for GPUMD, which has no forces
        found = queue(client, structure, method="md", quality="preview")
        assert found == {"jobs_ahead": 1, "wait_s": pytest.approx(0.02 * made["estimate_s"])}


def test_a_job_of_unknown_duration_makes_the_wait_unknown(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    made = ask(client, structure)
    with transaction(settings) as session:
        session.get_one(Prediction, uuid.UUID(made["id"])).estimate_s = None
    with living(slots=1):
        assert queue(client, structure) == {"jobs_ahead": 1, "wait_s": None}
