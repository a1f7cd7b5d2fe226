"""Two workers that both believe a job to be theirs: the slower one writes nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import Stack, until

pytestmark = pytest.mark.slow


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("body", "stage", "share"),
    [(HARMONIC, "powder_average", 0.0), (DYNAMICS, "produce", 0.6)],
    ids=["harmonic", "dynamics"],
)
def test_a_frozen_worker_wakes_after_its_job_was_done_by_another(
    stack: Stack, figure: Figure, body: dict[str, Any], stage: str, share: float
) -> None:
    if not stack.embedded:
        stack.start_worker("two")
    elif body is HARMONIC:
        pytest.skip("the lease of any job: dynamics shows it")
    with stack.holding(stage, share=share, how="deaf"):
        prediction = stack.ask(body)
        pid = stack.freeze(prediction)
    try:
        since = time.monotonic()
        until(lambda: any(one.attempt == 2 for one in stack.jobs(prediction)), "another takes it")
        figure("worker frozen: resumed by another (lease of 8 s)", time.monotonic() - since)
        stack.check(prediction, body)
        path = stack.settings.partials_path(prediction)
        before, provenance = sum_of(path), stack.prediction(prediction).provenance
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: not Path(f"/proc/{pid}").exists(), "the slower one ends")
    row = stack.prediction(prediction)
    assert (row.status, row.provenance, sum_of(path)) == ("succeeded", provenance, before)
    if not stack.embedded:
        assert stack.stop("two") == 0


def test_a_frozen_worker_wakes_while_another_is_at_its_job(stack: Stack) -> None:
    """They share the job's folder for a while."""
    if not stack.embedded:
        stack.start_worker("two")
    with stack.holding("produce", share=0.4, how="deaf"):
        prediction = stack.ask(DYNAMICS)
        pid = stack.freeze(prediction)
        try:
            until(lambda: stack.jobs(prediction)[1].attempt == 2, "another takes it")
            stack.until_held(prediction)
        finally:
            os.kill(pid, signal.SIGCONT)
    stack.check(prediction, DYNAMICS)
    assert stack.prediction(prediction).attempt == 2
    until(lambda: not Path(f"/proc/{pid}").exists(), "the slower one ends")
    if not stack.embedded:
        assert stack.stop("two") == 0
