"""A disk that is full: jobs wait for room and say so, unless no room would be enough."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scattering.core.notices import Notice
from tests.faults.conftest import Figure
from tests.faults.predictions import DYNAMICS, HARMONIC
from tests.faults.stack import Stack, until

pytestmark = pytest.mark.slow

MIB = 2**20
FULL = Notice("waiting_for_disk_space")


@contextlib.contextmanager
def small_disk(at: Path, mib: int) -> Iterator[Path]:
    """A disk of its own; the file in it that fills it."""
    at.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(at)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"only who may mount a small disk can fill it: {mounted.stderr.strip()}")
    try:
        yield at / "filler"
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(filler: Path, leave: int = 0) -> None:
    """Take all the room but so many bytes."""
    filler.touch()
    with contextlib.suppress(OSError), filler.open("ab") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
    if leave:
        os.truncate(filler, max(0, filler.stat().st_size - leave))


@pytest.fixture
def disk(stack: Stack) -> Iterator[Path]:
    """The predictions' folder is a disk of 12 MiB."""
    stack.settle()
    with small_disk(stack.settings.data_dir / "predictions", 12) as filler:
        yield filler
        filler.unlink(missing_ok=True)


LARGE: dict[str, Any] = {**DYNAMICS, "options": {**DYNAMICS["options"], "production_ps": 200.0}}
"""5.5 MB of displacements."""
TOO_LARGE: dict[str, Any] = {**DYNAMICS, "options": {**DYNAMICS["options"], "production_ps": 2000.0}}


def waits(stack: Stack, prediction: str) -> str:
    """Wait until a job of a prediction waits for room; the kind of that job."""
    found: list[str] = []

    def so() -> bool:
        found.extend(job.kind for job in stack.jobs(prediction) if job.status == "queued" and job.waiting_for == FULL)
        return bool(found)

    until(so, lambda: f"waits for room: {stack.jobs(prediction)!r}")
    return found[0]


@pytest.mark.parametrize("leave", [0, 12 * 1024], ids=["nothing left", "room for half of the partials"])
def test_partials_wait_for_room(stack: Stack, disk: Path, figure: Figure, leave: int) -> None:
    stack.reference(HARMONIC)
    with stack.holding("powder_average"):
        prediction = stack.ask(HARMONIC)
        stack.until_held(prediction)
        fill(disk, leave)
    assert waits(stack, prediction) == "whole"
    assert stack.prediction(prediction).error is None
    disk.unlink()
    since = time.monotonic()
    stack.check(prediction, HARMONIC)
    figure("disk has room again: done (retried every 2 s here, every 60 s in use)", time.monotonic() - since)
    assert stack.prediction(prediction).attempt == 1


def test_displacements_wait_for_room(stack: Stack, disk: Path) -> None:
    fill(disk, 4 * MIB)
    prediction = stack.ask(LARGE)
    assert waits(stack, prediction) == "replica"
    disk.unlink()
    until(lambda: stack.jobs(prediction)[1].status == "running", "it is taken up again")
    stack.cancel(prediction)
    assert stack.final(prediction).status == "cancelled"


def test_displacements_that_no_disk_here_holds_are_refused(stack: Stack, disk: Path) -> None:
    row = stack.final(stack.ask(TOO_LARGE))
    assert row.status == "failed"
    assert row.error is not None
    assert row.error.code == "disk_too_small"


def test_a_run_goes_on_where_checkpoints_find_no_room(stack: Stack, disk: Path) -> None:
    stack.reference(DYNAMICS)
    with stack.holding("equilibrate", share=0.1):
        prediction = stack.ask(DYNAMICS)
        job = stack.until_held(prediction)
        fill(disk)
    # To the end, where the result finds none either
    until(lambda: any(line["stage"] == "correlate" for line in stack.trace(prediction)), "it is run")
    waits(stack, prediction)
    disk.unlink()
    stack.check(prediction, DYNAMICS)
    assert stack.prediction(prediction).attempt == job.attempt == 1


def test_the_disk_of_everything_is_full(tmp_path: Path) -> None:
    """Database, broker and predictions on one disk, as on a laptop."""
    with small_disk(tmp_path / "data", 24) as filler:
        stack = Stack(tmp_path)
        try:
            stack.ready()
            stack.reference(HARMONIC)
            with stack.holding("powder_average"):
                prediction = stack.ask(HARMONIC)
                stack.until_held(prediction)
                fill(filler)
            until(lambda: "No space" in stack.log("server") or "is full" in stack.log("server"), "it is noticed")
            filler.unlink()
            stack.check(prediction, HARMONIC)
            stack.settle()
        finally:
            stack.close()
