"""Libraries of a site that crash inside an engine: their job fails in words, and everybody else's goes on."""

from __future__ import annotations

import time

import pytest

from tests.faults.conftest import Figure
from tests.faults.predictions import HARMONIC
from tests.faults.stack import MAX_ATTEMPTS, SLOTS, Stack, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("plugin", "ended_by"), [("aborts", "SIGABRT"), ("faults", "SIGSEGV"), ("leaves", "exit"), ("exits", None)]
)
def test_the_job_fails_in_words_and_the_queue_goes_on(
    stack: Stack, figure: Figure, plugin: str, ended_by: str | None
) -> None:
    began = time.monotonic()
    poison = stack.ask({**HARMONIC, "model": f"{plugin} of this site"})
    other = stack.ask({**HARMONIC, "temperature_k": 100.0})
    row = stack.final(poison)
    figure(f"a library that crashes in each of {MAX_ATTEMPTS} attempts: failed", time.monotonic() - began)
    assert row.status == "failed"
    assert row.error is not None
    if ended_by is None:
        # An exit from Python is an error like any other
        assert (row.error.code, row.attempt) == ("unforeseen", 1)
    else:
        assert (row.error.code, row.attempt) == ("worker_died", MAX_ATTEMPTS)
        assert row.error.params["ended_by"] == ended_by
    assert stack.final(other).status == "succeeded"
    assert stack.prediction(other).attempt == 1
    until(lambda: not stack.folder_of(poison).exists(), "its files go")
    # The worker has all its slots left
    assert sum(beat.slots for beat in stack.beats()) == SLOTS
    stack.check(stack.ask(HARMONIC), HARMONIC)
