"""Puts the tests' hand into the processes of server and worker: no line of the product knows of it.

Python imports this in every process whose PYTHONPATH holds this folder. In the folder `BEAMCAST_FAULTS` the tests say
what they want (`hold`, `die-before-ringing`) and see what happened (`trace`, `held-<pid>-<number of the hold>`).
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(os.environ.get("BEAMCAST_FAULTS", "/nonexistent"))
LOOK_EVERY_S = 0.02


def _held(stage: str, share: float) -> dict[str, Any] | None:
    """How the tests want this stage held; None when they don't, any more."""
    try:
        wish: dict[str, Any] = json.loads((FOLDER / "hold").read_text())
    except OSError:
        return None
    return wish if stage == wish["stage"] and share >= wish["share"] else None


def _progress(module: ModuleType) -> None:
    """Let the stages of jobs be seen, and held."""
    update, seen = module.Progress.update, set[tuple[int, str]]()

    def updated(self: Any, share: float) -> None:
        update(self, share)
        stage = self._stage.code
        if (id(self), stage) not in seen:
            seen.add((id(self), stage))
            line = {"pid": os.getpid(), "stage": stage, "share": share, "work": self._lease.work.id}
            with (FOLDER / "trace").open("a") as trace:
                trace.write(json.dumps({**line, "attempt": self._lease.attempt, "kind": self._lease.kind}, default=str))
                trace.write("\n")
        while (wish := _held(stage, share)) is not None:
            (FOLDER / f"held-{os.getpid()}-{wish['number']}").touch()
            if wish["how"] == "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(LOOK_EVERY_S)
            if wish["how"] == "listening":
                update(self, share)

    module.Progress.update = updated  # type: ignore[attr-defined]


def _tasks(module: ModuleType) -> None:
    module.DISK_FULL_WAIT_S = 2.0  # type: ignore[attr-defined]


def _heartbeats(module: ModuleType) -> None:
    """Workers look for children that have died when they show life."""
    module.INTERVAL_S = 1.0  # type: ignore[attr-defined]


def _celery(module: ModuleType) -> None:
    """Let the server die between commit and wake-up message."""
    send_task = module.Celery.send_task

    def sent(self: Any, *arguments: Any, **named: Any) -> Any:
        doomed = FOLDER / "die-before-ringing"
        if doomed.exists() and doomed.read_text() == str(os.getpid()):
            doomed.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return send_task(self, *arguments, **named)

    module.Celery.send_task = sent  # type: ignore[attr-defined]


CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "workers.kit.progress": _progress,
    "workers.tasks": _tasks,
    "backend.health.heartbeats": _heartbeats,
    "celery.app.base": _celery,
}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as ever, and changes some once they are there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in CHANGES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            CHANGES[name](module)

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


def _fsync(_: int) -> None:
    """What a power cut would lose is of no interest here, and checkpoints come by the hundred."""


if FOLDER.is_dir():
    os.fsync = _fsync
    sys.meta_path.insert(0, _Finder())
