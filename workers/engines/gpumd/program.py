"""Run GPUMD as a child process that ends with this process, or with the block of its context."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from backend.engines import catalogue
from workers.engines import machine
from workers.engines.gpumd import output_files
from workers.kit.lifeline import die_with_parent

STDOUT, STDERR = "stdout.txt", "stderr.txt"
GRACE_PERIOD_S: Final = 1.0
"""Time between SIGTERM and SIGKILL."""


def find_binary() -> Path | None:
    """Find the executable: by its environment variable, or on the search path."""
    return machine.find_program(catalogue.program("gpumd"))


@contextmanager
def start(binary: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start GPUMD in a folder. After the block, the process has ended and is reaped."""
    with (folder / STDOUT).open("wb") as stdout, (folder / STDERR).open("wb") as stderr:
        process = subprocess.Popen(
            [binary.resolve()],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            preexec_fn=die_with_parent,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GRACE_PERIOD_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


def failure(folder: Path, status: int) -> Exception:
    """Return the error that ended GPUMD, from the output in its folder."""
    stdout, stderr = ((folder / name).read_text(errors="replace") for name in (STDOUT, STDERR))
    return output_files.failure(stdout, stderr, status)


@cache
def version(binary: Path) -> str | None:
    """Return the version of an executable, which it prints before it needs a GPU or inputs."""
    with tempfile.TemporaryDirectory() as empty:
        finished = subprocess.run([binary.resolve()], cwd=empty, capture_output=True, timeout=60, check=False)
    return output_files.version(finished.stdout.decode(errors="replace"))
