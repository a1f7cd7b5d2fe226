"""Workers and servers that are killed: whoever takes the job up goes on, and the result is the same."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

import pytest

from scattering.core.notices import Notice
from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import MAX_ATTEMPTS, SLOTS, Stack, until

pytestmark = pytest.mark.slow

HARMONIC_STAGES = (
    "fetch_potential",
    "relax",
    "displace_atoms",
    "sample_zone",
    "powder_average",
)
DYNAMICS_STAGES = (
    ("prepare", "fetch_potential", 0.0),
    ("prepare", "relax", 0.0),
    ("replica", "equilibrate", 0.1),
    ("replica", "produce", 0.6),
    ("replica", "correlate", 0.0),
    ("combine", "average_replicas", 0.0),
)


def taken_again(stack: Stack, prediction: str, attempt: int) -> float:
    """Seconds until a job is running in a later attempt, or what follows it is."""
    began = time.monotonic()

    def again() -> bool:
        job = stack.busy(prediction)
        return job is not None and job.attempt > attempt

    until(again, lambda: f"taken again: {stack.jobs(prediction)!r}")
    return time.monotonic() - began


def test_child_killed_in_every_stage_of_harmonic_phonons(deployed: Stack, figure: Figure) -> None:
    stack, prediction = deployed, ""
    for attempt, stage in enumerate(HARMONIC_STAGES, start=1):
        stack.hold(stage)
        prediction = prediction or stack.ask(HARMONIC)
        job = stack.until_held(prediction)
        assert job.attempt == attempt
        stack.send(job, signal.SIGKILL)
        figure("child process killed: job resumed", taken_again(stack, prediction, attempt))
    stack.let_go()
    stack.check(prediction, HARMONIC)
    assert stack.prediction(prediction).attempt == len(HARMONIC_STAGES) + 1


def test_child_killed_in_every_stage_of_dynamics_goes_on_from_its_checkpoint(stack: Stack, figure: Figure) -> None:
    prediction, attempts = "", {"prepare": 1, "replica": 1, "combine": 1}
    for kind, stage, share in DYNAMICS_STAGES:
        stack.hold(stage, share=share)
        prediction = prediction or stack.ask(DYNAMICS)
        job = stack.until_held(prediction)
        assert (job.kind, job.attempt) == (kind, attempts[kind])
        stack.send(job, signal.SIGKILL)
        figure("child process killed: job resumed", taken_again(stack, prediction, job.attempt))
        attempts[kind] += 1
    stack.let_go()
    stack.check(prediction, DYNAMICS)
    # Each attempt at the replica began where its predecessor had been at most CHECKPOINT_S before it was killed
    began = {line["attempt"]: line for line in reversed(stack.trace(prediction)) if line["kind"] == "replica"}
    shares = [
        max(line["share"] for line in stack.trace(prediction) if (line["attempt"], line["stage"]) == (attempt, stage))
        for attempt, stage in ((2, "equilibrate"), (3, "produce"))
    ]
    assert sorted(began) == [1, 2, 3, 4]
    assert shares[0] > 0.01
    assert shares[1] > 0.3


@pytest.mark.parametrize("all_of_them", [False, True], ids=["one", "all"])
def test_idle_children_killed_and_work_goes_on(stack: Stack, figure: Figure, all_of_them: bool) -> None:
    stack.check(stack.ask(HARMONIC), HARMONIC)
    stack.settle()
    for _ in range(3):
        until(lambda: len(stack.pool()) >= SLOTS and stack.client.get("/health").is_success, "idle children are there")
        for child in sorted(stack.pool())[: None if all_of_them else 1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        began = time.monotonic()
        prediction = stack.ask(HARMONIC)
        stack.check(prediction, HARMONIC)
        figure("idle children killed: next prediction done", time.monotonic() - began)
        assert stack.prediction(prediction).attempt == 1
        assert stack.client.get("/health").is_success


def test_a_pool_that_takes_nothing_is_told_by_health(stack: Stack, figure: Figure) -> None:
    """Frozen children take no jobs, and their worker still shows life."""
    until(lambda: len(stack.pool()) >= SLOTS, "idle children are there")
    frozen, asked = set[int](), list[tuple[str, dict[str, Any]]]()

    def told() -> list[str]:
        # A message that was left over lets a child take a turn, and the worker replaces it
        for child in set(stack.pool()) - frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGSTOP)
            frozen.add(child)
        if not asked or stack.prediction(asked[-1][0]).status == "succeeded":
            body = {**HARMONIC, "options": {**HARMONIC["options"], "energy_max_mev": 150.0 + len(asked)}}
            asked.append((stack.ask(body), body))
        answer = stack.client.get("/health")
        return [] if answer.is_success else [error["code"] for error in answer.json()["errors"]]

    began = time.monotonic()
    until(lambda: told() == ["queues_stalled"], lambda: f"health tells: {told()}")
    figure("no child takes jobs: told by health", time.monotonic() - began)
    for child in frozen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)
    stack.check(*asked[-1])
    until(lambda: stack.client.get("/health").is_success, "health is well again")


def test_whole_worker_killed_and_another_goes_on(stack: Stack, figure: Figure) -> None:
    with stack.holding("produce", share=0.6):
        prediction = stack.ask(DYNAMICS)
        job = stack.until_held(prediction)
        if stack.embedded:
            # The server starts another one
            assert job.pid is not None
            os.killpg(os.getpgid(job.pid), signal.SIGKILL)
        else:
            stack.kill("one")
            stack.start_worker("two")
        figure("whole worker killed: job resumed", taken_again(stack, prediction, 1))
    stack.check(prediction, DYNAMICS)
    assert stack.trace(prediction)[-1]["kind"] == "combine"
    if not stack.embedded:
        stack.stop("two")


def test_a_job_that_kills_its_worker_every_time_stops_at_the_cap(stack: Stack, figure: Figure) -> None:
    began = time.monotonic()
    with stack.holding("displace_atoms", how="crash"):
        prediction = stack.ask(HARMONIC)
        row = stack.final(prediction)
    figure(f"a job that kills its worker {MAX_ATTEMPTS} times: failed", time.monotonic() - began)
    assert row.status == "failed"
    assert row.attempt == MAX_ATTEMPTS
    assert row.error is not None
    assert (row.error.code, row.error.params["attempts"]) == ("worker_died", MAX_ATTEMPTS)
    # The worker has all its slots left
    assert sum(beat.slots for beat in stack.beats()) == SLOTS
    stack.check(stack.ask(HARMONIC), HARMONIC)


def test_server_killed_while_jobs_run(stack: Stack, figure: Figure) -> None:
    with stack.holding("produce", share=0.3):
        prediction = stack.ask(DYNAMICS)
        stack.until_held(prediction)
        stack.kill("server")
        if stack.embedded:
            until(lambda: not stack.members(), "the worker goes with its server")
            began = time.monotonic()
            stack.start_server()
            taken_again(stack, prediction, 1)
            figure("server killed: restarted, job resumed", time.monotonic() - began)
    if not stack.embedded:
        # The worker needs no server to finish
        assert stack.final(prediction).status == "succeeded"
        stack.start_server()
        assert all(job.attempt == 1 for job in stack.jobs(prediction))
    stack.check(prediction, DYNAMICS)


def test_one_lost_replica_is_rerun_alone(deployed: Stack) -> None:
    body = {**DYNAMICS, "options": {**DYNAMICS["options"], "replicas": 2}}  # type: ignore[dict-item]
    deployed.start_worker("two")
    deployed.reference(body)
    with deployed.holding("equilibrate", share=0.1):
        prediction = deployed.ask(body)
        until(
            lambda: (
                sum(job.stage == Notice("equilibrate") for job in deployed.jobs(prediction) if job.status == "running")
                == 2
            ),
            "both replicas run",
        )
        _, lost, other, _ = deployed.jobs(prediction)
        assert lost.worker != other.worker
        deployed.send(lost, signal.SIGKILL)
        until(lambda: deployed.jobs(prediction)[1].attempt == 2, "taken again")
        assert deployed.jobs(prediction)[2].pid == other.pid
    deployed.check(prediction, body)
    assert [job.attempt for job in deployed.jobs(prediction)] == [1, 2, 1, 1]
    assert deployed.stop("two") == 0
