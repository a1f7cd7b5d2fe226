"""Tell the prediction's row how far the work is, from a thread, so that a long native call does not look like death."""

from __future__ import annotations

import threading
import time
import uuid
from types import TracebackType
from typing import Self

from backend.predictions import runs

REPORT_EVERY_S = 1.0


class ShuttingDown(Exception):
    """The worker was asked to stop: hand the prediction back."""


class Progress:
    """The state of one prediction's work; a context within which the row's lease is kept alive.

    Parameters
    ----------
    prediction_id, worker
        Whose row it is and who works on it.
    shutting_down
        Set when the worker is asked to stop.
    """

    def __init__(self, prediction_id: uuid.UUID, worker: str, shutting_down: threading.Event) -> None:
        self._id, self._worker, self._shutting_down = prediction_id, worker, shutting_down
        self._stage, self._done, self._from, self._to = "starting", 0.0, 0.0, 0.0
        self._started = time.monotonic()
        self._stopped = threading.Event()
        self._interruption: Exception | None = None
        self._thread = threading.Thread(target=self._keep_reporting, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def stage(self, name: str, *, until: float) -> None:
        """Begin a stage that ends where `until` of all the work is done."""
        self._stage, self._from, self._to = name, self._to, until
        self.update(0.0)

    def update(self, share: float) -> None:
        """Say which share of the stage is done.

        Raises
        ------
        Cancelled, LeaseLost, ShuttingDown
            Stop now.
        """
        self._done = self._from + (self._to - self._from) * min(max(share, 0.0), 1.0)
        if self._interruption is not None:
            raise self._interruption
        if self._shutting_down.is_set():
            raise ShuttingDown

    def _keep_reporting(self) -> None:
        while True:
            elapsed, done = time.monotonic() - self._started, self._done
            eta = elapsed * (1 - done) / done if done > 0.02 else None
            try:
                runs.report(self._id, self._worker, self._stage, done, eta)
            except (runs.Cancelled, runs.LeaseLost) as interruption:
                self._interruption = interruption
                return
            if self._stopped.wait(REPORT_EVERY_S):
                return
