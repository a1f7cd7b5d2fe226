"""GPUMD as a child process that ends when this one does, and with the block that it was started for."""

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

SAID, COMPLAINED = "stdout.txt", "stderr.txt"
GRACE_S: Final = 1.0
"""For a child to end by itself; GPUMD has no use for it."""


def find_binary() -> Path | None:
    """Find GPUMD: where its environment variable says, else on the path."""
    return machine.find_program(catalogue.program("gpumd"))


@contextmanager
def running(binary: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run GPUMD in a folder; when the block ends, however it does, the process has ended and is reaped."""
    with (folder / SAID).open("wb") as said, (folder / COMPLAINED).open("wb") as complained:
        process = subprocess.Popen(
            [binary.resolve()],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=complained,
            preexec_fn=die_with_parent,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()


def failure(folder: Path, status: int) -> Exception:
    """Say why it ended, from what it left in its folder."""
    said, complained = ((folder / name).read_text(errors="replace") for name in (SAID, COMPLAINED))
    return output_files.failure(said, complained, status)


@cache
def version(binary: Path) -> str | None:
    """Ask a binary for its version: it prints it before it looks for a GPU or for its inputs."""
    with tempfile.TemporaryDirectory() as nowhere:
        ended = subprocess.run([binary.resolve()], cwd=nowhere, capture_output=True, timeout=60, check=False)
    return output_files.version(ended.stdout.decode(errors="replace"))
