"""The worker's command line, and how its jobs share the cores."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from workers.__main__ import main, parse
from workers.command import arguments, environment
from workers.kit import cores as cores_module
from workers.kit.cores import cores, default_concurrency, threads_per_job


@pytest.fixture
def sixteen_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    monkeypatch.setattr(cores_module.cores, "__defaults__", (tmp_path / "none",))


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ("max 100000\n", 16),
        ("400000 100000\n", 4),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("3200000 100000", 16),
    ],
)
@pytest.mark.usefixtures("sixteen_cores")
def test_container_has_the_cores_of_its_quota(tmp_path: Path, quota: str, expected: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    assert cores(file) == expected


@pytest.mark.usefixtures("sixteen_cores")
def test_jobs_share_the_cores() -> None:
    assert default_concurrency(("cpu",)) == 5  # four long ones of four threads, and a short one
    assert threads_per_job(5) == 4
    assert threads_per_job(2) == threads_per_job(1) == 16  # one long one
    assert threads_per_job(100) == 1
    assert default_concurrency(("gpu",)) == 1


@pytest.mark.usefixtures("sixteen_cores")
def test_threads_are_set_unless_somebody_else_has() -> None:
    made = environment({"OMP_NUM_THREADS": "3", "PYTHONPATH": "/theirs"}, 5)
    assert made["OMP_NUM_THREADS"] == "3"
    assert made["NUMBA_NUM_THREADS"] == "4"
    assert made["OPENBLAS_NUM_THREADS"] == "1"
    assert made["PYTHONPATH"].endswith(":/theirs")


def test_command_line() -> None:
    options = parse(["--queues", "cpu,gpu", "--concurrency", "3", "--name", "left"])
    command = arguments(queues=options.queues, concurrency=options.concurrency, name=options.name)
    given = dict(pairwise(command))
    assert given["--queues"] == "cpu,gpu"
    assert given["--concurrency"] == "3"
    assert given["--hostname"] == "left@%h"
    assert given["--max-tasks-per-child"] == "1"
    assert parse([]).queues == ("cpu",)
    assert parse([]).name == f"cpu-{os.getpid()}"


@pytest.mark.parametrize(
    "line", [["--queues", "tpu"], ["--queues", ""], ["--concurrency", "0"], ["--concurrency", "x"]]
)
def test_nonsense_is_refused(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(line)
    assert "error: argument" in capsys.readouterr().err


def test_worker_does_not_start_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from backend.kit.settings import current

    monkeypatch.setenv("BEAMCAST_BROKER_URL", "redis://redis:6379/0")
    current.cache_clear()
    try:
        assert main([]) == 2
    finally:
        current.cache_clear()
    assert (
        "BEAMCAST_BROKER_URL: the broker is on another machine (redis) and has no password" in capsys.readouterr().err
    )
