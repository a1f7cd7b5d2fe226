"""Beamcast's own processes, started, looked at and ended by name."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
STOPS_WITHIN_S = 120
"""An end in order takes a few seconds on a machine that does nothing else."""
DIES_WITHIN_S = 20


class Processes:
    """Processes by name, each with a log and a group of its own.

    Parameters
    ----------
    folder
        Of the logs.
    environment
        Theirs.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def launch(self, name: str, *arguments: str) -> None:
        """Run Python with these arguments, and wait for nothing."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def running(self, name: str) -> bool:
        """Whether a process is there."""
        return name in self.processes and self.processes[name].poll() is None

    def stop(self, name: str, number: int = signal.SIGTERM) -> int:
        """End a process in order, as systemd and Docker do; its exit status."""
        self.processes[name].send_signal(number)
        return self.processes[name].wait(STOPS_WITHIN_S)

    def kill(self, name: str) -> None:
        """End a process with its group, a worker's children: SIGKILL."""
        process = self.processes[name]
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(DIES_WITHIN_S)

    def kill_all(self) -> None:
        """End them all."""
        for name in self.processes:
            self.kill(name)

    def log(self, name: str) -> str:
        """What a process has said, and those of this name before it."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def last_words(self, n_lines: int = 60) -> str:
        """The ends of all logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(
            line for path in logs for line in (f"--- {path.name}", *self.log(path.stem).splitlines()[-n_lines:])
        )
