"""Jobs that are told to end: cancelled, deleted, handed back by a worker that is stopped."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import Stack, until

pytestmark = pytest.mark.slow

WITHIN_S = 10.0
"""Reports come every second, and a call that does not return is left after five."""
STAGES = [
    (HARMONIC, "fetch_potential", 0.0),
    (HARMONIC, "relax", 0.0),
    (HARMONIC, "displace_atoms", 0.0),
    (HARMONIC, "sample_zone", 0.0),
    (HARMONIC, "powder_average", 0.0),
    (DYNAMICS, "relax", 0.0),
    (DYNAMICS, "equilibrate", 0.1),
    (DYNAMICS, "produce", 0.5),
    (DYNAMICS, "correlate", 0.0),
    (DYNAMICS, "average_replicas", 0.0),
]


@pytest.mark.parametrize("how", ["listening", "deaf"])
def test_cancel_in_every_stage(stack: Stack, figure: Figure, how: str) -> None:
    stages = {"listening": STAGES, "deaf": STAGES[4:8:3]}[how]
    # A job that does not listen is the same in all stages; those that do, are so with both databases
    for body, stage, share in stages[1::2] if stack.embedded else stages:
        with stack.holding(stage, share=share, how=how):
            prediction = stack.ask(body)
            stack.until_held(prediction)
            since = time.monotonic()
            stack.cancel(prediction)
            row = stack.final(prediction)
            taken = time.monotonic() - since
        assert row.status == "cancelled"
        figure("cancelled" if how == "listening" else "cancelled during a native call", taken)
        assert taken < WITHIN_S + 10
    assert not stack.running_jobs()


def test_delete_while_it_runs(stack: Stack, figure: Figure) -> None:
    for body, stage, share in STAGES[3:8:4]:
        with stack.holding(stage, share=share):
            prediction = stack.ask(body)
            stack.until_held(prediction)
            since = time.monotonic()
            stack.client.delete(f"/predictions/{prediction}").raise_for_status()
            until(lambda prediction=prediction: not stack.folder_of(prediction).exists(), "its files go")  # type: ignore[misc]
            figure("deleted while running: nothing left", time.monotonic() - since)
    stack.check(stack.ask(HARMONIC), HARMONIC)


@pytest.mark.parametrize(
    ("body", "stages"),
    [
        (HARMONIC, [("displace_atoms", 0.0), ("powder_average", 0.0)]),
        (
            DYNAMICS,
            [
                ("equilibrate", 0.1),
                ("produce", 0.6),
                ("correlate", 0.0),
                ("average_replicas", 0.0),
            ],
        ),
    ],
    ids=["harmonic", "dynamics"],
)
def test_worker_is_stopped_in_every_stage(
    stack: Stack, figure: Figure, body: dict[str, Any], stages: list[tuple[str, float]]
) -> None:
    prediction = ""
    # Who stops the worker is another one where it is embedded; what its jobs do is the same
    for stage, share in stages[1::2] if stack.embedded else stages:
        stack.hold(stage, share=share)
        stack.ready()
        prediction = prediction or stack.ask(body)
        stack.until_held(prediction)
        since = time.monotonic()
        stack.stop_worker()
        figure("worker stopped: jobs handed back", time.monotonic() - since)
        assert not stack.busy(prediction)
        assert not any(job.attempt for job in stack.jobs(prediction) if job.status == "queued")
    stack.let_go()
    stack.ready()
    stack.check(prediction, body)
    assert stack.prediction(prediction).attempt == 1
    went_on = [line["share"] for line in stack.trace(prediction) if line["stage"] == "produce"]
    # Begun, gone on with, and, once it was all run, gone over to what follows
    assert body is HARMONIC or max(went_on) > 0.5


def test_worker_is_stopped_within_a_native_call(stack: Stack, figure: Figure) -> None:
    with stack.holding("produce", share=0.6, how="deaf"):
        prediction = stack.ask(DYNAMICS)
        stack.until_held(prediction)
        since = time.monotonic()
        stack.stop_worker()
        figure("worker stopped during a native call: jobs handed back", time.monotonic() - since)
        assert not stack.busy(prediction)
    stack.ready()
    stack.check(prediction, DYNAMICS)
    assert stack.prediction(prediction).attempt == 1
