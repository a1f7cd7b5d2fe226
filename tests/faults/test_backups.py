"""A backup that is made while clients ask for forecasts and delete them, restored into another installation."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import Stack
from tests.processes import ROOT

pytestmark = [pytest.mark.slow]

SPECTRUM = {"instrument": "TOSCA"}


def run(stack: Stack, *arguments: str) -> None:
    """Run a command of the backend on an installation."""
    command = [sys.executable, "-m", "backend", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def spectrum(stack: Stack, prediction_id: str) -> dict[str, Any]:
    answer = stack.client.post(f"/predictions/{prediction_id}/spectrum", json=SPECTRUM)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_backup_beside_writers_restores_what_there_was(stack: Stack, tmp_path: Path) -> None:
    done = stack.ask(HARMONIC)
    stack.partials(done)
    before = spectrum(stack, done)
    stop, failures, n_deleted = threading.Event(), list[BaseException](), [0]

    def write() -> None:
        try:
            while not stop.is_set():
                asked = stack.ask({**HARMONIC, "temperature_k": 20.0 + n_deleted[0]})
                stack.client.delete(f"/predictions/{asked}").raise_for_status()
                n_deleted[0] += 1
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    with stack.holding("produce", share=0.5):
        running = stack.ask(DYNAMICS)
        stack.until_held(running)
        for writer in writers:
            writer.start()
        try:
            run(stack, "backup", str(tmp_path / "backup"))
        finally:
            stop.set()
            for writer in writers:
                writer.join(60)
    assert failures == []
    assert n_deleted[0] > 0
    restored = Stack(tmp_path / "restored", stack.postgres, stack.redis)
    try:
        run(restored, "restore", str(tmp_path / "backup"))
        restored._known = stack._known
        # The worker of the first one would take messages of the second one from the same Redis
        if not stack.embedded:
            stack.stop("one")
        restored.ready()
        assert spectrum(restored, done) == before
        restored.check(done, HARMONIC)
        restored.check(running, DYNAMICS)
        assert {job.attempt for job in restored.jobs(running)} == {1}
        restored.settle()
    finally:
        restored.close()
